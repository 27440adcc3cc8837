// MLflow's clients in environments of their own, at a workspace's tracking URI.
import { expect } from "@jest/globals";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import type { TestSandbox } from "../../sandbox/testing.ts";
import { pythonWith } from "../python.ts";
import { kept, Notes } from "./kept.ts";
import { runPython } from "./venv.ts";

const clients = {
  two: {
    client: "mlflow with azureml-mlflow",
    version: "2.22.5, 1.62.0.post6",
    packages: ["mlflow-skinny==2.22.5", "azureml-mlflow==1.62.0.post6"],
  },
  three: { client: "mlflow", version: "3.15.0", packages: ["mlflow-skinny==3.15.0"] },
} as const;
export type MlflowClient = keyof typeof clients;

const python = (name: MlflowClient, more: readonly string[] = []): string =>
  pythonWith(`test-mlflow-${name}${more.length > 0 ? "-more" : ""}`, [...clients[name].packages, ...more]);

/** Addresses of a workspace's tracking server. */
export const tracking = {
  /** What `ml.workspaces.get(name).mlflow_tracking_uri` is for a client that came through the proxy. */
  azure: (workspaceId: string): string => `azureml://westeurope.api.azureml.ms/mlflow/v1.0${workspaceId}`,
  /** For a client that takes a token. */
  async direct(sandbox: TestSandbox, workspaceId: string): Promise<{ uri: string; env: Record<string, string> }> {
    const base = sandbox.info.armEndpoint.replace(/\/$/, "");
    const env = { ...(await sandboxEnv(sandbox.dir, "python")), MLFLOW_TRACKING_TOKEN: await sandbox.token(base) };
    return { uri: `${base}/mlflow/v1.0${workspaceId}`, env };
  },
};

/** What a script's steps saw, by step: an operation of the client, and behind a colon what of it was tried. Throws unless it ends well. */
export function mlflowSteps(
  name: MlflowClient,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Record<string, unknown> {
  const file = path.join(import.meta.dirname, script);
  const ran = runPython(python(name, packages), file, args, env, mkdtempSync(path.join(tmpdir(), "mlflow-")));
  const lines = ran.stdout.split("\n").filter((line) => line !== "");
  const steps = lines.map((line) => JSON.parse(line) as { step: string; value: unknown });
  const seen = Object.fromEntries(steps.map(({ step, value }) => [step, value]));
  if (ran.status !== 0) throw new Error(`after "${Object.keys(seen).at(-1)}":\n${ran.stderr.slice(-4000)}`);
  return seen;
}

/** Expects that what was seen is what the docs' table is made from. `part`: of which test file, if not the first. */
export function keepMlflow(name: MlflowClient, part: string | undefined, steps: Readonly<Record<string, unknown>>): void {
  const { client, version } = clients[name];
  const notes = new Notes();
  for (const [step, value] of Object.entries(steps)) {
    const refused = (value as { refused?: string } | null)?.refused;
    if (refused === undefined) notes.works(step);
    else notes.refused(step, refused);
  }
  const file = `mlflow.${name}${part === undefined ? "" : `.${part}`}`;
  const [was, is] = kept(file, { client, version, operations: notes.operations });
  expect(was).toEqual(is);
  if (part !== undefined) return;
  const ran = runPython(python(name), path.join(import.meta.dirname, "mlflow_operations.py"), [], {}, tmpdir());
  const [wasAll, isAll] = kept(`${file}.all`, { client, version, all: ran.stdout.trim().split("\n") });
  expect(wasAll).toEqual(isAll);
}
