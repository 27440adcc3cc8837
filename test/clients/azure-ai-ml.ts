// Runs the scripts of azure-ai-ml against a sandbox of their own, and gives what their steps saw.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";
import { SDK_VERSION, sdkPython } from "../sdk/setup.ts";
import { kept, Notes } from "./kept.ts";
import { runPython } from "./venv.ts";

/** By step, as in `azure_ai_ml_kit.py`: an operation, and behind a colon what of it was tried. */
export type Steps = Readonly<Record<string, object>>;

export interface AzureMl {
  readonly sandbox: TestSandbox;
  readonly notes: Notes;
  /** Runs a script in an empty folder; what its steps saw. Throws unless it ends well. */
  run(script: string, minutes?: number): Steps;
}

export const group = "rg-clients";

export async function azureMl(): Promise<AzureMl> {
  const sandbox = await testSandbox();
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/${group}`, { location: "westeurope" });
  const env = await sandboxEnv(sandbox.dir, "python");
  const notes = new Notes();
  return {
    sandbox,
    notes,
    run(script, minutes = 4) {
      const cwd = mkdtempSync(path.join(tmpdir(), "azure-ai-ml-"));
      const ran = runPython(sdkPython(), path.join(import.meta.dirname, script), [group], { ...env, PYTHONUTF8: "1" }, cwd, minutes);
      const seen = stepsOf(ran.stdout);
      if (ran.status !== 0) throw new Error(`${script} after "${Object.keys(seen).at(-1)}":\n${ran.stderr.slice(-4000)}`);
      for (const [step, saw] of Object.entries(seen)) {
        if ("not_modelled" in saw) notes.refused(step, "NotModeledInSandbox");
        else notes.works(step);
      }
      return seen;
    },
  };
}

export const completed = { status: "Completed" };
export const succeeded = { state: "Succeeded" };
/** A step that the sandbox has to refuse by name. */
export const notModelled = { not_modelled: true };

/** A test file of its own for `azure_ai_ml_{name}.py`: what its steps have to see; what worked is kept for the docs' table. */
export function azureMlScript(name: string, minutes: number, steps: Steps): void {
  let ml: AzureMl;
  beforeAll(async () => {
    ml = await azureMl();
  }, 60_000);
  afterAll(async () => await ml.sandbox.stop());

  const limit = (minutes + 1) * 60_000;
  test("every step sees what it has to", () => expect(ml.run(`azure_ai_ml_${name}.py`, minutes)).toEqual(steps), limit);

  test("what was seen is what the docs' table is made from", () => {
    const [was, is] = kept(`azure-ai-ml.${name}`, { client: "azure-ai-ml", version: SDK_VERSION, operations: ml.notes.operations });
    expect(was).toEqual(is);
  });
}

/** Every public operation of the SDK's `MLClient`, as `group.operation`. */
export function azureMlOperations(): string[] {
  const ran = runPython(sdkPython(), path.join(import.meta.dirname, "azure_ai_ml_operations.py"), [], {}, tmpdir());
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout.trim().split("\n");
}

function stepsOf(output: string): Record<string, Record<string, unknown>> {
  const lines = output.split("\n").filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const { step, ...saw } = JSON.parse(line) as Record<string, unknown> & { step: string };
      return [step, saw];
    }),
  );
}
