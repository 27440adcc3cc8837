// What a resource provider has to do, in plain values; rpc/server.ts puts it on the wire.
import type { Failure } from "../check.ts";
import type { InputDiff } from "../diff.ts";
import type { AutonamingOptions } from "../naming.ts";
import type { Properties } from "./values.ts";

export interface CheckArgs {
  /** `azure-native:module:Type` */
  readonly token: string;
  /** Logical name in the program. */
  readonly name: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly seed: Uint8Array;
  readonly autonaming: AutonamingOptions | undefined;
}

export interface ChangeArgs {
  readonly token: string;
  readonly id: string;
  readonly oldInputs: Properties;
  readonly oldState: Properties;
  readonly news: Properties;
  readonly preview: boolean;
  readonly signal: AbortSignal;
}

export interface Read {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;
}

export interface Provider {
  readonly version: string;
  configure(variables: Readonly<Record<string, string>>): void;
  check(args: CheckArgs): Promise<{ inputs: Properties; failures: readonly Failure[] }>;
  diff(args: ChangeArgs): InputDiff;
  create(args: ChangeArgs): Promise<{ id: string; outputs: Properties }>;
  update(args: ChangeArgs): Promise<Properties>;
  /** Undefined when the resource is gone. `oldInputs` is empty for an import. */
  read(args: ChangeArgs): Promise<Read | undefined>;
  delete(args: ChangeArgs): Promise<void>;
  /** Failures instead of a result when the arguments are wrong. */
  invoke(token: string, args: Properties, signal: AbortSignal): Promise<Properties | readonly Failure[]>;
}

/** The resource exists, but did not come to be what it should: Pulumi keeps it in the state and mends it at the next `up`. */
export class InitFailed extends Error {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;

  constructor(message: string, id: string, outputs: Properties, inputs: Properties) {
    super(message);
    this.id = id;
    this.outputs = outputs;
    this.inputs = inputs;
  }
}
