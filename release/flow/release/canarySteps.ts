// Watches the split of an endpoint's traffic while `pulumi up` moves it, and tells each step.
import type { Call } from "../../command.ts";
import type { Workspace } from "../workspace.ts";
import { readEndpoint } from "../endpoint.ts";
import { pause } from "../follow.ts";

const lookEveryMs = 2000;

/** Runs `work` and calls `step` for each split in which two slots share the traffic. Reading fails silently: it is for news only. */
export async function tellingSteps<T>(
  call: Pick<Call, "signal">,
  workspace: () => Promise<Workspace>,
  step: (split: string) => Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const watching = watch(workspace, step, AbortSignal.any([ended.signal, call.signal]));
  try {
    return await work();
  } finally {
    ended.abort();
    await watching;
  }
}

async function watch(workspace: () => Promise<Workspace>, step: (split: string) => Promise<void>, signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    const split = await workspace()
      .then(readEndpoint)
      .then(({ traffic }) => Object.entries(traffic).filter(([, percent]) => percent > 0))
      .catch(() => []);
    const said = split.map(([slot, percent]) => `${slot} ${percent} %`).join(", ");
    if (split.length > 1 && said !== last) {
      last = said;
      await step(said);
    }
    await pause(lookEveryMs, signal).catch(() => undefined);
  }
}
