// Protects what holds data: Pulumi then refuses to delete or replace it, whoever asks and however.
import { runtime } from "@pulumi/pulumi";
import { stateful } from "../settings/stateful.ts";

const types: ReadonlySet<string> = new Set(stateful);

/** For every resource of the stack that is declared from here on, but those named. */
export function protectState(unprotected: readonly string[]): void {
  runtime.registerStackTransformation(({ type, name, props, opts }) =>
    types.has(type) && !unprotected.includes(name) ? { props, opts: { ...opts, protect: true } } : undefined,
  );
}
