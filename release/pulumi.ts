// Runs the Pulumi CLI on this checkout's stacks, the same commands that a person would type.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Call, CommandError } from "./command.ts";
import { adviceFor } from "./core/advice.ts";
import { adoptOrphans } from "./pulumiOrphans.ts";
import { interrupt, lockedElsewhere, locksIn, removed, standing } from "./pulumiLock.ts";
import { reasonOf } from "./pulumiSays.ts";
import type { Target } from "./target.ts";

/** Pulumi project name, the namespace of every config key (`azure-mlops:modelVersion`). */
export const projectName = "azure-mlops";

/** Config keys that name the deployed model version. */
export const modelConfig = [
  "modelName",
  "modelVersion",
  "keptVersion",
  "keptInstances",
  "slot",
  "slotFrozen",
  "release",
  "releaseDigest",
  "modelFrom",
  "variant",
  "keptVariant",
] as const;

export interface PulumiRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `pulumi up` ended with an error; the message is what Pulumi gave as the reason. */
export class UpFailed extends CommandError {
  /** All that Pulumi said. */
  readonly said: string;
  constructor(message: string, said: string) {
    super(message, adviceFor(said));
    this.said = said;
  }
}

export interface UpOptions {
  /** The caller holds the stage (history.holding): whatever else is at work on the stack is a run whose command was killed. */
  readonly alone?: boolean;
  /** Such a run is not waited for but told to stop: what it does is about to be taken back. */
  readonly stopOthers?: boolean;
}

/** A resource as the stack's state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
}

export interface Pulumi {
  /** Runs `pulumi …args`; `show` passes its output on to standard error while it runs. */
  run(args: readonly string[], show?: boolean): Promise<PulumiRun>;
  /** Makes the stack if it does not exist; one that was there once is not looked for again. */
  ensure(stack: string): Promise<void>;
  /**
   * `pulumi up` of a stack, made if it does not exist. A run of this machine that is at work on it is waited for; of one that was killed the lock
   * is taken away, and what it had made is taken over. @throws UpFailed, StackLocked
   */
  up(stack: string, options?: UpOptions): Promise<void>;
  /** What the stack's state has. */
  resources(stack: string): Promise<StateResource[]>;
  /** `pulumi destroy`, which deals with locks as `up` does. @throws UpFailed, StackLocked */
  destroy(stack: string, options?: UpOptions): Promise<void>;
  /** Outputs of a stack; undefined when the stack does not exist or was never brought up. */
  outputs(stack: string): Promise<Record<string, unknown> | undefined>;
  setConfig(stack: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Removes keys; those that are not there are no error. */
  unsetConfig(stack: string, keys: readonly string[]): Promise<void>;
  config(stack: string): Promise<Record<string, string>>;
}

export function pulumiFor(call: Pick<Call, "repo" | "signal" | "out">, target: Target): Pulumi {
  const run = (args: readonly string[], show = false): Promise<PulumiRun> =>
    new Promise((resolve, reject) => {
      const backend = target.env.PULUMI_BACKEND_URL;
      if (backend?.startsWith("file://")) mkdirSync(fileURLToPath(backend), { recursive: true });
      const words = guarded(args);
      // In a terminal as anywhere: what Pulumi says has to be read here too, for its reasons, for locks and for what a killed run left.
      const child = spawn("pulumi", words, { cwd: call.repo, env: target.env, stdio: ["ignore", "pipe", "pipe"] });
      const passOn = show ? lineFilter((line) => call.out.progress(line)) : undefined;
      let stdout = "";
      let stderr = "";
      // Pulumi's own answer to an interrupt is to finish what is under way and to keep its state; it gets the time for that.
      const interrupt = (): void => void child.kill("SIGINT");
      call.signal.addEventListener("abort", interrupt, { once: true });
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk.toString("utf8");
        passOn?.(chunk);
      });
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString("utf8");
        passOn?.(chunk);
      });
      child.on("error", (error) =>
        reject(new CommandError(`pulumi could not be started: ${error.message}`, "Run `npm start` once; it installs the Pulumi CLI.")),
      );
      child.on("close", (code) => {
        call.signal.removeEventListener("abort", interrupt);
        resolve({ code: code ?? 1, stdout, stderr });
      });
    });

  const must = async (args: readonly string[], show = false): Promise<PulumiRun> => {
    const done = await run(args, show);
    if (call.signal.aborted)
      throw new CommandError("interrupted", `pulumi was stopped; its state is kept. \`pulumi ${args.join(" ")}\` goes on.`);
    if (done.code !== 0) {
      const said = done.stdout + done.stderr;
      const why = reasonOf(said) ?? (show ? undefined : said.trim().split("\n").slice(-15).join("\n"));
      throw new CommandError(
        `pulumi ${args.join(" ")} ended with ${done.code}${why === undefined ? "" : `\n${why}`}`,
        adviceFor(said) ?? "When that is mended, the same command goes on where it stopped.",
      );
    }
    return done;
  };

  // Asking costs a start of the CLI, and every change of a stack asks.
  const there = new Set<string>();
  const ensure = async (stack: string): Promise<void> => {
    if (there.has(stack)) return;
    const known = await must(["stack", "ls", "--json"]);
    const names = (JSON.parse(known.stdout) as { name: string }[]).map(({ name }) => name.split("/").at(-1));
    if (!names.includes(stack)) await must(["stack", "init", stack, "--no-select"]).catch(() => must(["stack", "init", stack]));
    there.add(stack);
  };

  /** A run that changes the stack, past the locks of runs of this machine. */
  const change = async (verb: "up" | "destroy", stack: string, options: UpOptions = {}): Promise<void> => {
    const args = [verb, "--yes", "--non-interactive", "--suppress-permalink=true", "--skip-preview", "--stack", stack];
    const progress = (line: string): void => call.out.progress(line);
    let adoptions = 0;
    for (let told = false; ;) {
      const done = await run(args, true);
      if (done.code === 0) return;
      if (call.signal.aborted)
        throw new CommandError("interrupted", "pulumi was stopped; its state is kept. Run the same command again, and it goes on.");
      const said = done.stdout + done.stderr;
      const locks = locksIn(said);
      // What was taken over may let `up` get to more of the same.
      if (locks.length === 0 && adoptions++ < 5 && (await adoptOrphans({ run, progress, signal: call.signal }, stack, said))) continue;
      if (locks.length === 0) throw new UpFailed(reasonOf(said) ?? `pulumi ${verb} --stack ${stack} ended with ${done.code}`, said);
      switch (standing(locks)) {
        case "elsewhere":
          throw lockedElsewhere(stack, locks);
        case "waits":
          if (!told) progress(`another pulumi works on ${stack}; ${options.stopOthers ? "it is told to stop" : "waiting for its end"}`);
          if (!told && options.stopOthers) interrupt(locks);
          told = true;
          await sleep(1000, undefined, { signal: call.signal });
          break;
        case "dead":
          progress(`an earlier run on ${stack} was killed; its lock is taken away`);
          // Elsewhere than in files, another run's lock could go with it.
          if (!removed(locks) && !(options.alone && (await run(["cancel", "--yes", "--stack", stack])).code === 0))
            throw lockedElsewhere(stack, locks);
      }
    }
  };

  return {
    run,
    ensure,
    async up(stack, options) {
      await ensure(stack);
      await change("up", stack, options);
    },
    destroy: (stack, options) => change("destroy", stack, options),
    async resources(stack) {
      const done = await run(["stack", "export", "--stack", stack]);
      if (done.code !== 0) return [];
      return (JSON.parse(done.stdout) as { deployment?: { resources?: StateResource[] } }).deployment?.resources ?? [];
    },
    async outputs(stack) {
      const done = await run(["stack", "output", "--json", "--show-secrets=false", "--stack", stack]);
      if (done.code !== 0) {
        if (/no stack named|not found/i.test(done.stderr)) return undefined;
        throw new CommandError(`pulumi stack output --stack ${stack} failed: ${done.stderr.trim()}`);
      }
      const outputs = JSON.parse(done.stdout) as Record<string, unknown>;
      return Object.keys(outputs).length > 0 ? outputs : undefined;
    },
    async setConfig(stack, values) {
      await ensure(stack);
      const plain = Object.entries(values).flatMap(([key, value]) => ["--plaintext", `${projectName}:${key}=${value}`]);
      await must(["config", "set-all", "--stack", stack, ...plain]);
    },
    async unsetConfig(stack, keys) {
      const set = await this.config(stack);
      const present = keys.filter((key) => key in set);
      if (present.length > 0) await must(["config", "rm-all", "--stack", stack, ...present.map((key) => `${projectName}:${key}`)]);
    },
    async config(stack) {
      const done = await must(["config", "--json", "--stack", stack]);
      const entries = Object.entries(JSON.parse(done.stdout) as Record<string, { value?: string }>);
      return Object.fromEntries(entries.map(([key, { value }]) => [key.replace(`${projectName}:`, ""), value ?? ""]));
    },
  };
}

/** Whatever this command line previews or brings up, the policy pack has its say. */
const guarded = (args: readonly string[]): string[] =>
  (args[0] === "up" || args[0] === "preview") && !args.includes("--policy-pack") ? [...args, "--policy-pack", "policy"] : [...args];

/** Passes on Pulumi's lines for a log: without its clock ticks, the start of each resource and empty lines. */
function lineFilter(pass: (line: string) => void): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines)
      if (line.trim() !== "" && !/^@ |(?:creating|updating|deleting|refreshing) \(0s\)\s*$/.test(line)) pass(`  ${line}`);
  };
}
