// What jobs may ask that the sandbox does not run, refused by name; and the one form of a user's mistakes.
import { ArmError } from "../core.ts";
import { textOf } from "../runs/text.ts";

/** 501: known in Azure, not here. */
export const notModeled = (what: string, why: string): ArmError =>
  new ArmError(501, "NotModeledInSandbox", `${what} is not modelled in the sandbox: ${why}.`);

/** 400 `UserError`, as the job service answers. */
export const userError = (message: string, target?: string): ArmError => new ArmError(400, "UserError", message, target ? { target } : {});

const kinds: Readonly<Record<string, string>> = {
  spark: "it has no Spark; use a command step",
  parallel: "it does not split input over mini-batches; use a command step that reads the whole folder",
  data_transfer: "it has no data factory; copy inside a command step, and upload what is outside to a datastore",
  import: "it has no data import; upload the data to a datastore",
  finetuning: "it has no fine-tuning service",
  labeling: "it has no labelling projects",
  if_else: "conditions between steps are a preview feature it does not have; decide inside a step",
  do_while: "loops over steps are a preview feature it does not have; loop inside a step",
  parallel_for: "loops over steps are a preview feature it does not have; write the steps out",
};

/** Throws 501 for a kind of job or pipeline node that is known but not run, 400 for one that no one knows. */
export function refuseKind(kind: string, where: string): never {
  const why = kinds[kind.toLowerCase()];
  if (why) throw notModeled(`${where} of type "${kind}"`, why);
  throw userError(`${where}: "${kind}" is not a type of job; types are Command, Pipeline, Sweep and AutoML.`, "jobType");
}

/** Several processes a job need nodes that see each other; one process is what the sandbox starts. */
export function refuseDistribution(distribution: unknown, instances: number, where: string): void {
  if (typeof distribution !== "object" || distribution === null) return;
  const { distributionType, type, processCountPerInstance, process_count_per_instance, workerCount, worker_count } = distribution as Record<
    string,
    unknown
  >;
  const kind = textOf(distributionType ?? type, "?");
  const processes = Number(processCountPerInstance ?? process_count_per_instance ?? workerCount ?? worker_count ?? 1) * instances;
  if (processes > 1)
    throw notModeled(
      `${where}: distribution ${kind} with ${processes} processes`,
      "it starts one process a step; set one instance and one process per instance",
    );
}
