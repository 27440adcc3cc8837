// The Azure CLI in an environment of its own: installed from PyPI, run as in a shell that `mlops sandbox env --for az` prepared.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { pythonWith } from "../python.ts";
import type { Notes } from "./kept.ts";

export const azVersion = "2.91.0";

/** The program; installs it when it is not there (about two minutes). */
export function azProgram(): string {
  // The CLI is made of previews too: uv takes those of its parts only when told.
  return path.join(path.dirname(pythonWith("test-az", [`azure-cli==${azVersion}`], ["--prerelease", "allow"])), "az");
}

export interface Az {
  /** Runs `az {command} {args}`; its answer as JSON. Throws with what it wrote when it fails. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  (command: string, args?: string, more?: readonly string[]): Promise<any>;
}

/** Notes each command that ends well, under the words before the first option. */
export function azIn(env: Readonly<Record<string, string>>, cwd: string, notes: Notes): Az {
  const program = azProgram();
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  return async (command, args = "", more = []) => {
    const words = [...command.split(" "), ...args.split(" ").filter((word) => word !== ""), ...more];
    const said = await new Promise<string>((resolve, reject) =>
      execFile(program, [...words, "--output", "json"], { env: { ...own, ...env }, cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        error ? reject(new Error(`az ${words.join(" ")}\n${stderr.trim() || error.message}`)) : resolve(stdout),
      ),
    );
    notes.works(command);
    return said.trim() === "" ? undefined : JSON.parse(said);
  };
}

/** Every command that this version has. */
export async function azCommands(): Promise<string[]> {
  const python = path.join(path.dirname(azProgram()), "python");
  const script = path.join(import.meta.dirname, "az_commands.py");
  const said = await promisify(execFile)(python, [script], { maxBuffer: 1 << 24 });
  return said.stdout.trim().split("\n");
}
