// What a set-up step is, and how steps run: one progress line each, the reason when one fails, nothing half done kept.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repo = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Everything that set-up makes for this checkout; deleting it only costs time. */
export const toolsDir = join(repo, ".tools");
/** First on PATH of everything that the product starts. */
export const binDir = join(toolsDir, "bin");

export interface Step {
  /** As the user reads it: "Pulumi CLI". */
  readonly name: string;
  /** Milliseconds, no network: the second `npm start` asks all of these. */
  ready(): boolean;
  /** Does the work; may be killed at any moment and run again. Resolves to what was done, for the progress line. */
  run(report: (line: string) => void, signal: AbortSignal): Promise<string>;
}

/** A step that could not be done, with the way out. */
export class SetupError extends Error {}

/** Runs the steps that are not ready, each chain in order, the chains side by side. */
export async function runSteps(chains: readonly (readonly Step[])[], report: (line: string) => void): Promise<void> {
  const stop = new AbortController();
  const failures: string[] = [];
  const chain = async (steps: readonly Step[]): Promise<void> => {
    for (const step of steps) {
      if (step.ready()) continue;
      const began = performance.now();
      report(`setup  ${step.name} …`);
      try {
        const done = await step.run((line) => report(`setup  ${step.name}: ${line}`), stop.signal);
        report(`setup  ${step.name}: ${done}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
      } catch (error) {
        if (!stop.signal.aborted) failures.push(`${step.name}: ${(error as Error).message}`);
        stop.abort();
        return;
      }
    }
  };
  await Promise.all(chains.map(chain));
  if (failures.length > 0) throw new SetupError(`set-up failed: ${failures.join("\n")}`);
}

export interface Ran {
  readonly code: number;
  /** Standard output and error together, in order of arrival; the last 200,000 characters. */
  readonly output: string;
}

/** Runs a program without a shell; never throws for an exit code. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal; onLine?: (line: string) => void } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      signal: options.signal,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-200_000);
      for (const line of chunk.toString("utf8").split("\n")) if (line.trim()) options.onLine?.(line.trim());
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The end of a program's output, for an error message. */
export const tail = (output: string, lines = 12): string => output.trim().split("\n").slice(-lines).join("\n");
