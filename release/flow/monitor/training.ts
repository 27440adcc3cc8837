// Trainings as retraining sees them: which ran, what started each, and what their gate said; kept as tags of the jobs.
import { apiVersions } from "../../../azure/ids.ts";
import type { Attempt } from "../../core/retraining.ts";
import type { Workspace } from "../workspace.ts";

/** What started a training: `drift:<monitor's job>`, `data:<version>`, `days:<date>`. */
export const causeTag = "mlops.cause";
/** `passed` or `failed`. */
export const gateTag = "mlops.gate";

const options = { apiVersion: apiVersions.machineLearning } as const;
type Job = {
  readonly name: string;
  readonly systemData?: { readonly createdAt?: string };
  readonly properties: {
    readonly status: string;
    readonly jobType: string;
    readonly experimentName?: string;
    readonly scheduleName?: string;
    readonly tags?: Readonly<Record<string, string>> | null;
    readonly inputs?: Readonly<Record<string, { readonly uri?: string } | null>> | null;
  };
};

export interface Training extends Attempt {
  /** Data assets that it was given, `diabetes:1`. */
  readonly data: readonly string[];
}

/** The newest trainings of an experiment, the newest first. Monitors and other jobs of the workspace are left out. */
export async function trainings(workspace: Workspace, experiment: string, most = 50): Promise<Training[]> {
  const found: Training[] = [];
  for await (const { name, systemData, properties } of workspace.azure.list<Job>(`${workspace.id}/jobs`, options)) {
    if (properties.jobType !== "Pipeline" || properties.experimentName !== experiment || properties.scheduleName) continue;
    const tags = properties.tags ?? {};
    const gate = tags[gateTag];
    found.push({
      ...{ job: name, at: systemData?.createdAt ?? "", status: properties.status, cause: tags[causeTag] },
      gate: gate === "passed" || gate === "failed" ? gate : undefined,
      data: Object.values(properties.inputs ?? {}).flatMap((input) => {
        const [, asset, version] =
          /\/data\/([^/]+)\/versions\/([^/]+)$/.exec(input?.uri ?? "") ?? /^azureml:([^:]+):(.+)$/.exec(input?.uri ?? "") ?? [];
        return asset ? [`${asset}:${version}`] : [];
      }),
    });
    if (found.length >= most) break;
  }
  return found.toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

/** Writes down what the gate said of a training. */
export async function markGate(workspace: Workspace, job: string, passed: boolean): Promise<void> {
  const id = `${workspace.id}/jobs/${job}`;
  const { properties } = await workspace.azure.get<{ properties: Job["properties"] & Record<string, unknown> }>(id, options);
  await workspace.azure.put(
    id,
    { properties: { ...properties, tags: { ...properties.tags, [gateTag]: passed ? "passed" : "failed" } } },
    options,
  );
}

/** Newest version of a data asset of the workspace; undefined when it has none. */
export async function newestData(workspace: Workspace, name: string): Promise<string | undefined> {
  const query = { $orderBy: "createdtime desc", $top: "1" };
  const page = await workspace.azure.find<{ value: { name: string }[] }>(`${workspace.id}/data/${name}/versions`, { ...options, query });
  return page?.value[0]?.name;
}
