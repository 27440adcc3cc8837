// What a deployment collects of its requests and answers, read from `dataCollector` of its resource (OnlineDeployment, 2023-04-01-preview on).
import type { ArmError } from "../../core.ts";

/** One collection of the deployment's `dataCollector`, switched on. */
export interface CollectionSpec {
  /** `model_inputs` */
  readonly name: string;
  /** Share of the calls that are kept, 0 to 1. */
  readonly samplingRate: number;
  /** The data asset whose folder it goes to; undefined for the usual place in the default datastore. */
  readonly dataId: string | undefined;
}

/** What the collections of one deployment have in common. */
export interface CollectorSpec {
  readonly collections: readonly CollectionSpec[];
  /** How much one file holds: a new one each minute, hour or day. Paths name the hour all the same. */
  readonly rollingRate: "Minute" | "Hour" | "Day";
}

type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const word = (value: unknown, usual = ""): string => (typeof value === "string" ? value.toLowerCase() : usual);

/** Undefined when nothing is collected. */
export function collectorOf(properties: Json): CollectorSpec | undefined {
  const collector = object(properties["dataCollector"]);
  const collections = Object.entries(object(collector["collections"])).flatMap(([name, raw]): CollectionSpec[] => {
    const collection = object(raw);
    if (word(collection["dataCollectionMode"]) !== "enabled") return [];
    const { samplingRate, dataId } = collection;
    return [
      {
        name: name.toLowerCase(),
        samplingRate: typeof samplingRate === "number" ? samplingRate : 1,
        dataId: typeof dataId === "string" && dataId !== "" ? dataId : undefined,
      },
    ];
  });
  if (collections.length === 0) return undefined;
  const rolling = word(collector["rollingRate"], "hour");
  return { collections, rollingRate: rolling === "minute" ? "Minute" : rolling === "day" ? "Day" : "Hour" };
}

/** Collections that Azure's proxy fills from raw bytes, whatever the scoring script does ("payload logging"). */
const payloads = new Set(["request", "response"]);

/** What of a `dataCollector` cannot be done, or is wrong; in the order found. */
export function collectorProblems(properties: Json, problem: (status: 400 | 501, message: string, target: string) => ArmError): ArmError[] {
  const found: ArmError[] = [];
  for (const [name, raw] of Object.entries(object(object(properties["dataCollector"])["collections"]))) {
    const target = `properties.dataCollector.collections.${name}`;
    const { samplingRate, dataCollectionMode } = object(raw);
    if (typeof samplingRate === "number" && !(samplingRate >= 0 && samplingRate <= 1))
      found.push(problem(400, `samplingRate is ${samplingRate}; it is a share, from 0 to 1.`, `${target}.samplingRate`));
    if (payloads.has(name.toLowerCase()) && word(dataCollectionMode) === "enabled")
      found.push(
        problem(
          501,
          `Collection '${name}' logs payloads as they are; the sandbox collects what a scoring script (or an MLflow model's own) hands to azureml-ai-monitoring: model_inputs, model_outputs and names of your own.`,
          target,
        ),
      );
  }
  return found;
}
