// For tests of the sandbox's inside: its context in this process, while no other process runs on the directory.
import { stopSandbox } from "./control.ts";
import type { SandboxContext } from "./core.ts";
import { download, upload } from "./blob/transfer.ts";
import { profileOf } from "./server/latency.ts";
import { runSandbox } from "./server/sandbox.ts";
import type { TestSandbox } from "./testing.ts";

export interface Inside {
  readonly context: SandboxContext;
  readonly download: typeof download;
  readonly upload: typeof upload;
}

/** Stops the process of `sandbox`, runs the same state in here for `work`, and starts it again. */
export async function runInSandbox(sandbox: TestSandbox, work: (inside: Inside) => Promise<void>): Promise<void> {
  await stopSandbox(sandbox.dir);
  const running = await runSandbox(sandbox.dir, profileOf(), () => undefined);
  try {
    await work({ context: running.context, download, upload });
  } finally {
    await running.stop();
    await sandbox.restart();
  }
}
