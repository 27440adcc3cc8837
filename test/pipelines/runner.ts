// Runs a job's steps in a copy of the checkout as its pipeline would: fresh config files, artifacts handed on, the step's own environment.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Job, Step } from "./files.ts";
import { shell } from "./shell.ts";

/** What is not run: installing packages, and the tests that this is one of. */
const notHere: ReadonlySet<string> = new Set(["npm ci", "npm test"]);

export interface RunnerOptions {
  readonly dir: string;
  /** Of a shell prepared for the sandbox. */
  readonly env: Readonly<Record<string, string>>;
  /** What `${{ … }}` and `$(…)` stand for. */
  readonly values: Readonly<Record<string, string>>;
}

export interface StepRun {
  readonly command: string;
  readonly code: number;
  readonly said: string;
}

export class Runner {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #values: Readonly<Record<string, string>>;
  readonly #artifacts: string;
  readonly #config = new Map<string, string>();

  constructor({ dir, env, values }: RunnerOptions) {
    [this.#dir, this.#env] = [dir, env];
    this.#artifacts = `${dir}-artifacts`;
    this.#values = { "Pipeline.Workspace": this.#artifacts, ...values };
    for (const file of readdirSync(dir).filter((name) => /^Pulumi\..+\.yaml$/.test(name)))
      this.#config.set(file, readFileSync(join(dir, file), "utf8"));
  }

  /** Runs the steps until one fails. @param more the environment that a matrix or a dispatch adds */
  async run(job: Job, more: Readonly<Record<string, string>> = {}): Promise<StepRun[]> {
    // Each job begins with a checkout: what an earlier one wrote into files that git knows is gone, and so are files it does not know.
    for (const [file, text] of this.#config) writeFileSync(join(this.#dir, file), text);
    for (const file of ["release.json", "preview.md"]) rmSync(join(this.#dir, file), { force: true });
    const runs: StepRun[] = [];
    for (const step of job.steps) {
      if (step.kind === "action") this.#action(step);
      else if (!notHere.has(step.text)) {
        const env = { ...this.#env, ...this.#filled(step.env), ...more };
        const { code, stdout, stderr } = await shell(this.#dir, this.#macros(step.text), env);
        runs.push({ command: step.text, code, said: stdout + stderr });
        if (code !== 0) break;
      }
    }
    return runs;
  }

  dispose(): void {
    rmSync(this.#artifacts, { recursive: true, force: true });
  }

  /** Variables with a value here; those of the cloud's sign-in have none, the sandbox's own are there instead. */
  #filled(env: Readonly<Record<string, string>>): Record<string, string> {
    const filled = Object.entries(env).map(
      ([key, value]) => [key, this.#macros(value.replace(/\$\{\{ (.+?) \}\}/g, (_, name: string) => this.#values[name] ?? ""))] as const,
    );
    return Object.fromEntries(filled.filter(([key, value]) => value !== "" && key !== "ARM_USE_OIDC"));
  }

  #macros(text: string): string {
    return text.replace(/\$\(([\w.]+)\)/g, (whole, name: string) => this.#values[name] ?? whole);
  }

  #action({ text, inputs }: Step): void {
    const [action] = text.split("@");
    const artifact = (name: string): string => join(this.#artifacts, name);
    if (action === "actions/upload-artifact" || action === "publish") {
      const name = inputs["name"] ?? inputs["artifact"]!;
      mkdirSync(artifact(name), { recursive: true });
      for (const path of (inputs["path"] ?? inputs["publish"]!)
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")) {
        cpSync(join(this.#dir, path), join(artifact(name), path.split("/").at(-1)!), { recursive: true });
      }
    }
    // Azure DevOps puts artifacts below $(Pipeline.Workspace), GitHub into the working directory.
    if (action === "actions/download-artifact") cpSync(artifact(inputs["name"]!), this.#dir, { recursive: true });
  }
}
