// Runs one step from its environment to its kept outputs, with the statuses that Azure shows on the way.
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ArmResource, SandboxContext } from "../core.ts";
import { download } from "../blob/transfer.ts";
import { ensureEnvironment } from "../environments/ensure.ts";
import { locateBlob } from "../ml/locate.ts";
import { logFolder, runFolder } from "../runs/logs.ts";
import type { Run } from "../runs/run.ts";
import { changeStatus } from "../runs/status.ts";
import { runsOf } from "../runs/store.ts";
import { fillCommand } from "./bindings.ts";
import { StepFailure, Stopped } from "./failure.ts";
import { bringInputs, removeFolder } from "./inputs.ts";
import { targetOf, type Nodes } from "./nodes.ts";
import { keepArtifacts, keepOutputs, prepareOutputs } from "./outputs.ts";
import { startGroup } from "./process.ts";
import type { StepSpec } from "./spec.ts";
import { stepVariables, tracking } from "./variables.ts";

const standardLog = "user_logs/std_log.txt";
const buildLog = "azureml-logs/20_image_build_log.txt";
/** Time that a cancelled process has to end by itself. */
const graceMs = 5000;
/** Azure's usual time for a node to come up; waited for in latency profiles only. */
const nodeStartSeconds = 120;

export interface StepContext {
  readonly sandbox: SandboxContext;
  readonly workspace: ArmResource;
  readonly nodes: Nodes;
}

/**
 * Runs the step to `Completed`. Throws StepFailure (or ArmError) when it failed, Stopped when it was ended; the status after either is the
 * caller's to set.
 */
export async function runStep({ sandbox, workspace, nodes }: StepContext, run: Run, spec: StepSpec, signal: AbortSignal): Promise<void> {
  const folder = runFolder(sandbox, run);
  const logs = logFolder(sandbox, run);
  const note = (name: string) => (line: string) => {
    const file = join(logs, name);
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${line}\n`);
  };
  await clean(folder);
  changeStatus(sandbox, run, "Preparing");
  const environment = await ensureEnvironment(sandbox, spec.environment ?? spec.environmentId, note(buildLog), signal, {
    workspaceId: workspace.id,
  });
  const warning = tracking(environment).note;
  if (warning) note(buildLog)(`note: ${warning}`);

  changeStatus(sandbox, run, "Queued");
  const target = targetOf(sandbox, spec.computeId, workspace.id);
  if (!target) throw new StepFailure("UserError", `Compute target "${spec.computeId}" was not found in the workspace.`);
  const idle = nodes.inUse(target.key) === 0;
  const release = await nodes.take(target, spec.instances, signal);
  try {
    if (idle) await sandbox.latency(nodeStartSeconds, signal);
    const work = join(folder, "wd");
    const places = { work, home: join(folder, "home"), temporary: join(folder, "tmp") };
    for (const place of Object.values(places)) await mkdir(place, { recursive: true });
    if (spec.codeId) await download(sandbox, locateBlob(sandbox, spec.codeId, workspace.id), work, signal);
    // Without an identity of the job's own, Azure ML opens storage that takes no keys under the cluster's.
    const reader = spec.identity === "user" ? run.principal : clusterIdentity(sandbox, target.key, run.principal);
    const inputs = await bringInputs(sandbox, spec, workspace, join(folder, "inputs"), signal, reader);
    const outputs = await prepareOutputs(spec, workspace, join(folder, "outputs"));
    const experiment = runsOf(sandbox).experimentById(run.workspace, run.experiment)?.name ?? "Default";
    const principalId = spec.identity === "managed" ? clusterIdentity(sandbox, target.key, run.principal) : run.principal;
    const env = await stepVariables(sandbox, { run, spec, workspace, experiment, environment, places, principalId, inputs, outputs });
    if (spec.tool) env["SANDBOX_TOOL"] = fileURLToPath(new URL(`../${spec.tool}`, import.meta.url));
    signal.throwIfAborted();
    changeStatus(sandbox, run, "Running");
    const command = fillCommand(spec.command, inputs, outputs);
    let failure: Error | undefined;
    try {
      await execute(command, spec, { cwd: work, env, log: join(logs, standardLog), mark: folder }, signal);
    } catch (error) {
      failure = error as Error;
      if (failure instanceof Stopped && failure.why === "sandbox") throw failure;
    }
    changeStatus(sandbox, run, "Finalizing");
    const kept = await keepOutputs(sandbox, { ...run, writer: reader }, spec, workspace, join(folder, "outputs"), failure === undefined);
    runsOf(sandbox).update(run.workspace, run.id, { outputs: kept });
    await keepArtifacts(sandbox, run, workspace, work, logs);
    if (failure) throw failure;
    changeStatus(sandbox, run, "Completed");
  } finally {
    release();
    if (!(signal.aborted && (signal.reason as Stopped).why === "sandbox")) await clean(folder);
  }
}

/** Everything but the logs. */
async function clean(folder: string): Promise<void> {
  for (const name of ["wd", "home", "tmp", "inputs", "outputs"]) await removeFolder(join(folder, name));
}

async function execute(
  command: string,
  spec: StepSpec,
  how: { cwd: string; env: Record<string, string>; log: string; mark: string },
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(dirname(how.log), { recursive: true });
  const output = openSync(how.log, "a");
  let stopped: Stopped | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const group = startGroup(command, { cwd: how.cwd, env: how.env, output, mark: how.mark });
    const stop = (reason: Stopped) => {
      stopped ??= reason;
      group.stop(reason.why === "sandbox" ? 1000 : graceMs);
    };
    const onAbort = () => stop(signal.reason as Stopped);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (spec.timeoutMs !== undefined)
      timer = setTimeout(
        () =>
          stop(
            new Stopped(
              "timeout",
              `The job was canceled because it ran longer than its limit of ${spec.timeoutMs! / 1000} s (limits.timeout).`,
            ),
          ),
        Math.min(spec.timeoutMs, 2 ** 31 - 1),
      );
    const ending = await group.ended;
    signal.removeEventListener("abort", onAbort);
    if (stopped) throw stopped;
    if (ending.code !== 0) {
      const name = command.trim().split(/\s+/)[0]?.split("/").at(-1) ?? "bash";
      const how2 = ending.signal ? `was ended by ${ending.signal}` : `exited with status code ${ending.code}`;
      throw new StepFailure(
        "UserError",
        `Execution failed. User process '${name}' ${how2}. Please check log file '${standardLog}' for error details. Error: ${lastLines(how.log)}`,
      );
    }
  } finally {
    clearTimeout(timer);
    closeSync(output);
  }
}

/** The end of a log, for an error message: at most 20 lines and 4 kB. */
export function lastLines(file: string): string {
  if (!existsSync(file)) return "";
  const size = statSync(file).size;
  const text = readFileSync(file)
    .subarray(Math.max(0, size - 4096))
    .toString("utf8")
    .replace(/^\uFFFD+/, "");
  return text.trimEnd().split("\n").slice(-20).join("\n");
}

function clusterIdentity(sandbox: SandboxContext, computeId: string, otherwise: string): string {
  const identity = sandbox.resources.get(computeId)?.identity as
    | { principalId?: string; userAssignedIdentities?: Record<string, { principalId?: string }> }
    | undefined;
  return identity?.principalId ?? Object.values(identity?.userAssignedIdentities ?? {})[0]?.principalId ?? otherwise;
}
