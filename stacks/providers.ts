// Starts the providers before the program itself is loaded. The engine starts a provider when it is first asked for, one after the
// other, and every resource waits meanwhile: 0.2 s of a preview. Measured, see docs/decisions/program.md.
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import { RunError } from "@pulumi/pulumi/errors.js";
// Not from the SDK's index, which loads what only the program itself needs.
import { invoke } from "@pulumi/pulumi/runtime/invoke.js";

/** Turns of the event loop that the SDK takes from a call to its bytes on the wire; more do no harm, fewer start the providers later. */
const TURNS = 12;

/** The providers, starting. */
export interface Starting {
  /** @throws RunError when nobody is signed in: told once, in place of a failure for each name that depends on the subscription */
  readonly signedIn: () => Promise<void>;
}

/** Every stack uses both providers. */
export async function startProviders(): Promise<Starting> {
  const { version } = createRequire(import.meta.url)("@pulumi/azure-native/package.json") as { version: string };
  const caller = invoke("azure-native:authorization:getClientConfig", {}, { version }).then(() => undefined, failure);
  // What goes wrong here is told when the first of its resources comes.
  invoke("mlops:index:ready", {}).catch(() => undefined);
  for (let turn = 0; turn < TURNS; turn++) await setImmediate();
  return {
    signedIn: async () => {
      const why = await caller;
      if (why) throw new RunError(`nobody is signed in to Azure\n${why}\nFix: az login; for the sandbox eval "$(npx mlops sandbox env)"`);
    },
  };
}

const failure = (error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/^.*returned an error: /s, "");
};
