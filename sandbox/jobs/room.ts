// The rooms of jobs and runs for the sandbox's process: routes, the runner's start after a restart, and its end.
import type { Room, SandboxContext } from "../core.ts";
import { mountBatch } from "./batch/invoke.ts";
import { alertByMail } from "./monitor/alerts.ts";
import { mountRuns } from "../runs/routes.ts";
import { runnerOf, type JobRunner } from "./runner.ts";
import { ScheduleClock } from "./schedules/clock.ts";

let runner: JobRunner | undefined;
let clock: ScheduleClock | undefined;
let stopAlerts: (() => void) | undefined;

export const room: Room = {
  name: "jobs",
  mount(app, sandbox: SandboxContext) {
    mountBatch(app, sandbox);
    mountRuns(app, sandbox, { cancel: (run) => runnerOf(sandbox).cancel(run) });
  },
  async start(sandbox: SandboxContext) {
    runner = runnerOf(sandbox);
    stopAlerts = alertByMail(sandbox);
    await runner.resume();
    clock = new ScheduleClock(sandbox);
    clock.start();
  },
  async stop() {
    clock?.stop();
    stopAlerts?.();
    await runner?.stop();
  },
};
