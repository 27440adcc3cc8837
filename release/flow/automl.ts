// What a finished automated ML job found: its trials, and the best of them with all that it says of itself.
import { apiVersions } from "../../azure/ids.ts";
import { CommandError } from "../command.ts";
import { table } from "../table.ts";
import type { Workspace } from "./workspace.ts";

/** The job as Resource Manager has it, as far as this project reads it (`AutoMLJob` of api-version 2024-10-01). */
interface AutomlJob {
  readonly properties: { readonly jobType?: string; readonly taskDetails?: TaskDetails | null };
}
export interface TaskDetails {
  readonly taskType?: string;
  readonly primaryMetric?: string;
  readonly targetColumnName?: string;
  readonly nCrossValidations?: { readonly value?: number } | null;
  readonly trainingData?: { readonly uri?: string } | null;
  readonly validationData?: { readonly uri?: string } | null;
}

interface MlflowRun {
  readonly run: {
    readonly data: {
      readonly metrics?: readonly { readonly key: string; readonly value: number }[];
      readonly tags?: readonly { readonly key: string; readonly value: string }[];
    };
  };
}
interface HistoryRun {
  readonly runId: string;
  readonly status?: string;
  readonly properties?: Readonly<Record<string, string>> | null;
  readonly tags?: Readonly<Record<string, string>> | null;
}

export interface Trial {
  readonly runId: string;
  /** `StandardScalerWrapper, ElasticNet` */
  readonly model: string;
  readonly status: string;
  /** The primary metric; undefined when the trial logged none. */
  readonly score: number | undefined;
}

export interface Search {
  readonly details: TaskDetails;
  readonly trials: readonly Trial[];
  readonly best: Trial;
  /** All that the best trial logged. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Hyperparameters of the best trial, where it says them: `hyperparameters` (JSON), or Azure's `pipeline_spec`. */
  readonly settings: string | undefined;
}

/**
 * Reads a completed job. The best trial is the one that Azure names in the tag `automl_best_child_run_id`:
 * https://learn.microsoft.com/azure/machine-learning/how-to-configure-auto-train#register-and-deploy-models
 * @throws CommandError when there is none
 */
export async function searchOf(workspace: Workspace, jobName: string): Promise<Search> {
  const { azure } = workspace;
  const scope = { scope: azure.cloud.resourceManagerScope };
  const [mlflow, history] = await Promise.all([workspace.mlflow(), workspace.history()]);
  const logged = async (runId: string): Promise<MlflowRun["run"]["data"]> =>
    (await azure.get<MlflowRun>(`${mlflow}/runs/get?run_id=${encodeURIComponent(runId)}`, scope)).run.data;
  const job = await azure.get<AutomlJob>(`${workspace.id}/jobs/${jobName}`, { apiVersion: apiVersions.machineLearning });
  const bestId = (await logged(jobName)).tags?.find(({ key }) => key === "automl_best_child_run_id")?.value;
  const runs: HistoryRun[] = [];
  for await (const run of azure.list<HistoryRun>(`${history}/runs/${encodeURIComponent(jobName)}/children`, scope))
    if (run.properties?.["runTemplate"] === "automl_child") runs.push(run);
  const trials = runs.map(trialOf);
  const best = trials.find(({ runId }) => runId === bestId);
  if (!best)
    throw new CommandError(
      `automated ML job ${jobName} names no best trial (tag automl_best_child_run_id: ${bestId ?? "none"})`,
      "Its log says why no trial completed: npx mlops train --job shows it.",
    );
  const { properties, tags } = runs.find(({ runId }) => runId === bestId)!;
  return {
    details: job.properties.taskDetails ?? {},
    trials: trials.toSorted((a, b) => Number(/\d+$/.exec(a.runId)?.[0]) - Number(/\d+$/.exec(b.runId)?.[0])),
    best,
    metrics: Object.fromEntries(((await logged(best.runId)).metrics ?? []).map(({ key, value }) => [key, value])),
    settings: tags?.["hyperparameters"] ?? properties?.["pipeline_spec"],
  };
}

function trialOf({ runId, status, properties }: HistoryRun): Trial {
  const model = [properties?.["run_preprocessor"], properties?.["run_algorithm"]].filter(Boolean).join(", ");
  const score = Number(properties?.["score"]);
  return { runId, model, status: status ?? "", score: Number.isFinite(score) ? score : undefined };
}

/** Where the best trial's model lies, as a model version's `modelUri` may say it. */
export const bestModelUri = ({ best }: Search): string => `azureml://jobs/${best.runId}/outputs/artifacts/paths/outputs/mlflow-model/`;

/** For a terminal: a row each trial, the best one marked; then what the best one logged. */
export function searchTable({ details, trials, best, metrics }: Search): string {
  const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(5));
  const rows = trials.map(({ runId, model, status, score }) => [
    runId === best.runId ? "best" : "",
    runId,
    model,
    score === undefined ? status : number(score),
  ]);
  const scores = Object.entries(metrics).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    table(["", "trial", "model", details.primaryMetric ?? "score"], rows, ["left", "left", "left", "right"]),
    "",
    table(
      ["metric of the best", "value"],
      scores.map(([name, value]) => [name, number(value)]),
      ["left", "right"],
    ),
  ].join("\n");
}
