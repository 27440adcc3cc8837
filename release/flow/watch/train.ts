// One model on its way: the steps of the release train as the very commands that people and pipelines run, each a process of its own.
import { spawn } from "node:child_process";
import { type Call, CommandError } from "../../command.ts";
import { nextStep, type TrainStep, type WatchedModel } from "../../core/watched.ts";
import type { Workspace } from "../workspace.ts";
import { jobOf } from "./job.ts";
import type { WatchState } from "./state.ts";

/** Goes on with a model where it stands. Returns what came of it; rejects only when the call is interrupted. */
export async function ride(call: Call, state: WatchState, workspace: Workspace, model: WatchedModel): Promise<WatchedModel> {
  const label = `${model.name}:${model.version}`;
  const job = await jobOf(workspace, model.name, model.version);
  if (job === undefined) return end(state, model, "skipped", "no training job of the workspace made it, so nothing tells how good it is");
  const manifest = state.manifest(model);
  const words: Readonly<Record<TrainStep, readonly string[]>> = {
    gate: ["train", "--job", job, "--out", manifest],
    share: ["share", "--release", manifest],
    auto: ["deploy", "--stage", "auto", "--release", manifest],
    qa: ["deploy", "--stage", "qa", "--release", manifest],
  };
  let now = model;
  for (let step = nextStep(now); step !== undefined; step = nextStep(now)) {
    call.out.progress(`watch  ${label} ${step}: mlops ${words[step].join(" ")}`);
    const { code, reason } = await run(call, [...words[step], "--target", "sandbox"]);
    if (call.signal.aborted) throw new CommandError("interrupted", "`mlops watch` goes on where it was.");
    if (code !== 0) return end(state, now, "failed", `${step}: ${reason}`);
    now = { ...now, done: [...now.done, step], at: new Date().toISOString() };
    state.save(now);
  }
  return end(state, now, "waits", undefined);
}

function end(state: WatchState, model: WatchedModel, what: WatchedModel["state"], note: string | undefined): WatchedModel {
  const ended = { ...model, state: what, ...(note ? { note } : {}), at: new Date().toISOString() };
  state.save(ended);
  return ended;
}

/** Runs `mlops …words`, passing on what it says; an interrupt is passed on too, and waited for. */
async function run(call: Call, words: readonly string[]): Promise<{ code: number; reason: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], {
      cwd: call.repo,
      stdio: ["ignore", "ignore", "pipe"],
      // A group of its own: Ctrl-C in a terminal reaches this process alone, which passes it on once.
      detached: true,
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      for (const line of chunk.toString("utf8").split("\n")) if (line.trim() !== "") call.out.progress(`  ${line}`);
    });
    const interrupt = (): void => void child.kill("SIGINT");
    call.signal.addEventListener("abort", interrupt, { once: true });
    child.on("error", reject);
    child.on("close", (code) => {
      call.signal.removeEventListener("abort", interrupt);
      const last = said.split("\n").findLast((line) => line.startsWith("mlops: "));
      resolve({ code: code ?? 1, reason: last?.replace("mlops: ", "") ?? `ended with ${code}` });
    });
  });
}
