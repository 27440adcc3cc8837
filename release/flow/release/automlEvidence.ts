// What a finished automated ML job says of its model: the best trial's metrics and parameters, the data's version, who ran it.
import { type Search, searchOf } from "../automl.ts";
import type { Workspace } from "../workspace.ts";
import { dataVersion, type JobEvidence, peopleOf, runsOfJob } from "./evidence.ts";

/** There is no step that reports on the data: rules about it cannot be judged. */
export async function automlEvidence(workspace: Workspace, jobName: string, signal: AbortSignal): Promise<JobEvidence> {
  const [search, runs] = await Promise.all([searchOf(workspace, jobName), runsOfJob(workspace, jobName, signal)]);
  const { trainingData, validationData } = search.details;
  return {
    metrics: { ...search.metrics },
    report: undefined,
    parameters: parametersOf(search),
    data: [trainingData, validationData].flatMap((data) => dataVersion(data?.uri)),
    trainedBy: peopleOf(runs),
  };
}

/** What was searched for, and what was found; in Azure's own words. */
function parametersOf({ details, trials, best, settings }: Search): Record<string, string> {
  const found: Readonly<Record<string, string | number | undefined>> = {
    task: details.taskType,
    target: details.targetColumnName,
    primary_metric: details.primaryMetric,
    n_cross_validations: details.nCrossValidations?.value,
    trials: trials.length,
    best_trial: best.runId,
    model: best.model,
    // One that Azure writes can be long; the run keeps all of it.
    model_settings: settings?.slice(0, 1000),
  };
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}
