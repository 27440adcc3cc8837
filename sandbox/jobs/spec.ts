// What one step needs to run, worked out from a job's REST body: everything bound, nothing left to look up but assets.
import type { EnvironmentSpec } from "../environments/recipe.ts";
import type { Search } from "./search/search.ts";

export interface LiteralInput {
  readonly kind: "literal";
  readonly value: string;
}

/** A file, folder or model by its address. */
export interface UriInput {
  readonly kind: "uri";
  readonly type: string;
  readonly uri: string;
  /** `ro_mount`, `rw_mount`, `download`, `direct`, `eval_mount`, `eval_download` */
  readonly mode: string;
  /** Run that writes it, when it is another step's output: it may then be empty. */
  readonly from?: string;
}

export type StepInput = LiteralInput | UriInput;

export interface StepOutput {
  readonly type: string;
  /** `rw_mount`, `upload`, `direct` */
  readonly mode: string;
  /** `azureml://datastores/…` */
  readonly uri: string;
  /** Registered under this name when the step ends well. */
  readonly asset?: { readonly name: string; readonly version?: string };
}

/** One process to run. Kept as JSON, so that an interrupted step can be run again. */
export interface StepSpec {
  readonly command: string;
  readonly codeId?: string;
  readonly environmentId: string;
  /** The environment itself, where it is no asset; `environmentId` is then only its description. */
  readonly environment?: EnvironmentSpec;
  /** Resource id or name of the cluster; undefined or `serverless` for serverless compute. */
  readonly computeId?: string;
  readonly inputs: Readonly<Record<string, StepInput>>;
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Nodes that it takes. */
  readonly instances: number;
  /** Who the step is: the cluster's identity, the submitter, or nobody in particular (then data is read under the cluster's identity). */
  readonly identity: "managed" | "user" | "default";
  /** The step is run once for each of the search's candidates, and its outputs are the best one's. */
  readonly search?: Search;
  /** A program of the sandbox that the command starts as `$SANDBOX_TOOL`: a path below `sandbox/`. */
  readonly tool?: string;
}

export interface PlannedStep {
  readonly runId: string;
  /** Run that it is a child of; undefined for a job of one command. */
  readonly parent?: string;
  /** `train`, or `outer/train` below a pipeline component. */
  readonly path: string;
  readonly displayName: string;
  /** Runs that have to be completed before. */
  readonly after: readonly string[];
  readonly spec: StepSpec;
}

/** A pipeline component's own run, which only has children. */
export interface PlannedGroup {
  readonly runId: string;
  readonly parent: string;
  readonly path: string;
  readonly displayName: string;
}

export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly groups: readonly PlannedGroup[];
  /** The job's own outputs. */
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly continueOnFailure: boolean;
}
