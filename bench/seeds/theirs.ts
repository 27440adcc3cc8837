// The flows of the seeds as their users run them: a Python process of `azure-ai-ml`, and what each line of `az ml` in it took.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import { sdkPython } from "../../test/sdk/setup.ts";

export interface Ran {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly lines: readonly { readonly line: string; readonly seconds: number }[];
}

export interface Place {
  readonly group: string;
  readonly workspace: string;
  readonly endpoint?: string;
}

/** The SDK, compiled as pip leaves it: uv does not, and every start would compile it again. */
export function preparePython(): void {
  const python = sdkPython();
  const done = spawnSync(python, ["-m", "compileall", "-q", dirname(dirname(python))], { encoding: "utf8" });
  if (done.error) throw done.error;
}

/**
 * Runs dev.py or release.py. `asked` is what the script reads: its parts, places, and `sleep`, the seconds between two looks at an ARM
 * template where not the SDK's own 5 s are wanted. @throws Error with the end of what it said
 */
export async function theirs(script: "dev.py" | "release.py", sandbox: string, asked: Readonly<Record<string, unknown>>): Promise<Ran> {
  const python = sdkPython();
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  const env = { ...own, ...(await sandboxEnv(sandbox, "python")), PYTHONUTF8: "1" };
  const began = performance.now();
  const child = spawn(python, [join(import.meta.dirname, script), JSON.stringify(asked)], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [said, told] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${said.slice(-3000)}`);
  const lines = told
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Ran["lines"][number]);
  return { seconds, lines };
}

/** The lines that took longest, for a profile. */
export function longest({ lines }: Ran, count = 6): string {
  const sorted = lines.toSorted((a, b) => b.seconds - a.seconds).slice(0, count);
  return sorted.map(({ line, seconds }) => `${line} ${seconds.toFixed(1)}`).join(", ");
}
