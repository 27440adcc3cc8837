// The trials of a search as kept runs: made one by one, cut-off ones made ready to run again, and what they have reported.
import { clearArtifacts } from "../outputs.ts";
import { outputOf } from "../fields.ts";
import { endMarked } from "../process.ts";
import type { StepContext } from "../step.ts";
import type { StepInput, StepSpec } from "../spec.ts";
import type { ArmResource } from "../../core.ts";
import { createdBy } from "../../runs/models.ts";
import { metricHistory, setTags } from "../../runs/logged.ts";
import { runFolder } from "../../runs/logs.ts";
import { isEnded, type Run } from "../../runs/run.ts";
import { runsOf } from "../../runs/store.ts";
import type { Candidate, Metric } from "./search.ts";

export interface Trial {
  readonly index: number;
  readonly candidate: Candidate;
  readonly run: Run;
  /** The metric's latest value. */
  readonly score: number | undefined;
}

/** `{search}_{index}`, as Azure names them. */
export const trialId = (search: Pick<Run, "id">, index: number): string => `${search.id}_${index}`;

/** The run of a candidate; the same one when it is there already. */
export function keepTrial({ sandbox, workspace }: StepContext, search: Run, spec: StepSpec, index: number, candidate: Candidate): Run {
  const store = runsOf(sandbox);
  const id = trialId(search, index);
  const before = store.get(search.workspace, id);
  if (before) return before;
  const run = store.create({
    workspace: search.workspace,
    id,
    experiment: search.experiment,
    parent: search.id,
    root: search.root,
    kind: "trial",
    status: "NotStarted",
    displayName: `${search.displayName}_${index}`,
    principal: search.principal,
    properties: { ...candidate.properties, iteration: String(index) },
    ...(search.compute ? { compute: search.compute } : {}),
  });
  setTags(sandbox, run, candidate.tags);
  sandbox.resources.put(trialJob(sandbox, workspace, run, spec));
  return run;
}

/** The trial as the command job that it is: `jobs.get` and `azureml://jobs/{trial}/outputs/…` find it. */
function trialJob(sandbox: StepContext["sandbox"], workspace: ArmResource, run: Run, spec: StepSpec): ArmResource {
  return {
    id: `${workspace.id}/jobs/${run.id}`,
    name: run.id,
    type: "Microsoft.MachineLearningServices/workspaces/jobs",
    systemData: createdBy(run.principal),
    properties: {
      jobType: "Command",
      command: spec.command,
      environmentId: spec.environmentId,
      computeId: spec.computeId ?? null,
      codeId: spec.codeId ?? null,
      experimentName: runsOf(sandbox).experimentById(run.workspace, run.experiment)?.name ?? "Default",
      inputs: {},
      outputs: {},
    },
  };
}

/** The trial's step: the search's own with the candidate's values, and outputs in places of their own. */
export function trialSpec(spec: StepSpec, run: Run, candidate: Candidate): StepSpec {
  const { search: _search, ...step } = spec;
  const values = Object.entries(candidate.inputs).map(([name, value]) => [name, { kind: "literal", value } satisfies StepInput]);
  const outputs = Object.entries(spec.outputs).map(([output, { type }]) => [
    output,
    outputOf(undefined, { run: run.id, output, datastore: "workspaceblobstore" }, type),
  ]);
  return {
    ...step,
    inputs: { ...spec.inputs, ...(Object.fromEntries(values) as Record<string, StepInput>) },
    outputs: Object.fromEntries(outputs) as StepSpec["outputs"],
  };
}

/** What a killed sandbox cut off is taken back to its beginning. */
export async function resetTrials({ sandbox, workspace }: StepContext, search: Run): Promise<void> {
  for (const trial of runsOf(sandbox).children(search.workspace, search.id)) {
    if (isEnded(trial.status) || trial.status === "NotStarted") continue;
    endMarked(runFolder(sandbox, trial));
    await clearArtifacts(sandbox, trial, workspace);
    for (const table of ["run_params", "run_metrics"])
      sandbox.db.prepare(`DELETE FROM ${table} WHERE workspace = ? AND run = ?`).run(trial.workspace, trial.id);
    runsOf(sandbox).update(trial.workspace, trial.id, { status: "NotStarted" });
  }
}

/** What a trial has reported of the metric, in its order. */
export const reports = ({ sandbox }: StepContext, run: Run, metric: Metric): number[] =>
  metricHistory(sandbox, run, metric.name).map((point) => point.value);
