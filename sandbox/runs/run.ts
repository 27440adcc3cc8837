// What a run is, and the words Azure and MLflow have for its state.

/** Status of a run as Azure's run history says it. */
export type RunStatus =
  | "NotStarted"
  | "Queued"
  | "Preparing"
  | "Running"
  | "Finalizing"
  | "CancelRequested"
  | "Completed"
  | "Failed"
  | "Canceled";

/**
 * `command`, `step` and `trial` run a process; `pipeline` has children; `sweep` and `automl` are jobs with trials; `mlflow` is whatever an
 * MLflow client started by itself.
 */
export type RunKind = "command" | "pipeline" | "step" | "sweep" | "automl" | "trial" | "mlflow";

/** An input or output of a run: where it lies and which asset it is. */
export interface AssetReference {
  /** `uri_file`, `uri_folder`, `mltable`, `mlflow_model`, `custom_model`, `triton_model` */
  readonly type: string;
  /** `azureml://datastores/…` or any other URI. */
  readonly uri: string;
  /** `azureml://locations/…/data/name/versions/1`, once there is one. */
  readonly assetId?: string;
  readonly mode?: string;
}

/** An error in run history's form (`error` of RunDetails). */
export interface RunError {
  readonly code: string;
  readonly message: string;
}

export interface Run {
  /** The workspace's ARM id in lower case. */
  readonly workspace: string;
  readonly id: string;
  /** Id of the experiment. */
  readonly experiment: string;
  readonly parent: string | undefined;
  readonly root: string;
  readonly kind: RunKind;
  /** Name of the pipeline node. */
  readonly node: string | undefined;
  readonly status: RunStatus;
  readonly displayName: string;
  readonly description: string | undefined;
  /** Milliseconds since 1970, as all times here. */
  readonly created: number;
  readonly started: number | undefined;
  readonly ended: number | undefined;
  readonly hidden: boolean;
  readonly deleted: boolean;
  /** Object id of who submitted it. */
  readonly principal: string;
  readonly compute: string | undefined;
  readonly error: RunError | undefined;
  readonly properties: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, AssetReference>>;
  readonly outputs: Readonly<Record<string, AssetReference>>;
  /** What the job runner needs to run it, again if need be. */
  readonly spec: unknown;
  /** MLflow's dataset inputs, as logged. */
  readonly datasets: readonly unknown[];
  /** MLflow 3's model outputs: `{model_id, step}`. */
  readonly models: readonly unknown[];
  readonly number: number;
  readonly revision: number;
}

export interface Experiment {
  readonly id: string;
  readonly workspace: string;
  readonly name: string;
  readonly created: number;
  readonly updated: number;
  readonly deleted: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

const ended = new Set<RunStatus>(["Completed", "Failed", "Canceled"]);

/** True when nothing more will happen to the run. */
export const isEnded = (status: RunStatus): boolean => ended.has(status);

const toMlflow: Readonly<Record<RunStatus, string>> = {
  NotStarted: "SCHEDULED",
  Queued: "SCHEDULED",
  Preparing: "SCHEDULED",
  Running: "RUNNING",
  Finalizing: "RUNNING",
  CancelRequested: "RUNNING",
  Completed: "FINISHED",
  Failed: "FAILED",
  Canceled: "KILLED",
};

export const mlflowStatus = (status: RunStatus): string => toMlflow[status];

const fromMlflow: Readonly<Record<string, RunStatus>> = {
  RUNNING: "Running",
  SCHEDULED: "NotStarted",
  FINISHED: "Completed",
  FAILED: "Failed",
  KILLED: "Canceled",
};

export const azureStatus = (status: string): RunStatus | undefined => fromMlflow[status];
