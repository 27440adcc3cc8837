// Changes of a run's status, with the times and the Event Grid events that belong to them.
import type { SandboxContext } from "../core.ts";
import { transaction } from "../state/database.ts";
import { tagsOf } from "./logged.ts";
import { isEnded, type Run, type RunError, type RunStatus } from "./run.ts";
import { runsOf } from "./store.ts";

type Sandbox = Pick<SandboxContext, "db" | "publish" | "resources">;

/**
 * Keeps the new status and publishes `RunStatusChanged`, and `RunCompleted` at a good end
 * (schema: Azure Event Grid, "Azure Machine Learning as an Event Grid source"). A run that has ended stays as it is.
 */
export function changeStatus(sandbox: Sandbox, run: Pick<Run, "workspace" | "id">, status: RunStatus, error?: RunError): Run {
  const store = runsOf(sandbox);
  const before = store.get(run.workspace, run.id);
  if (!before) throw new Error(`run ${run.id} is not there`);
  if (isEnded(before.status) || before.status === status) return before;
  const now = Date.now();
  return transaction(sandbox.db, () => {
    const after = store.update(run.workspace, run.id, {
      status,
      ...(status === "Running" && before.started === undefined ? { started: now } : {}),
      ...(isEnded(status) ? { ended: now } : {}),
      ...(error ? { error } : {}),
    });
    announce(sandbox, after);
    return after;
  });
}

function announce(sandbox: Sandbox, run: Run): void {
  const workspace = sandbox.resources.get(run.workspace);
  if (!workspace) return;
  const experiment = runsOf(sandbox).experimentById(run.workspace, run.experiment);
  const data = {
    experimentId: run.experiment,
    experimentName: experiment?.name ?? "",
    runId: run.id,
    runType: eventType(run),
    runTags: tagsOf(sandbox, run),
    runProperties: run.properties,
  };
  const subject = `experiments/${run.experiment}/runs/${run.id}`;
  sandbox.publish(workspace.id, "Microsoft.MachineLearningServices.RunStatusChanged", subject, { ...data, runStatus: run.status });
  if (run.status === "Completed") sandbox.publish(workspace.id, "Microsoft.MachineLearningServices.RunCompleted", subject, data);
}

/** `runType` as run history has it. */
export const eventType = (run: Pick<Run, "kind">): string =>
  ({
    command: "azureml.scriptrun",
    pipeline: "azureml.PipelineRun",
    step: "azureml.StepRun",
    sweep: "hyperdrive",
    automl: "automl",
    trial: "azureml.scriptrun",
    mlflow: "azureml.mlflow",
  })[run.kind];
