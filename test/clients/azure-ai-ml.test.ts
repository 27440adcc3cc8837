// azure-ai-ml, unpatched, against a sandbox of its own.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox } from "../../sandbox/testing.ts";
import type { TestSandbox } from "../../sandbox/testing.ts";
import { azureMlPython, runPython } from "./venv.ts";

type Seen = Record<string, unknown>;
let sandbox: TestSandbox;
const steps = new Map<string, Seen>();

beforeAll(async () => {
  sandbox = await testSandbox();
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg-clients`, { location: "westeurope" });
  const env = await sandboxEnv(sandbox.dir, "python");
  const cwd = mkdtempSync(path.join(tmpdir(), "azure-ai-ml-"));
  const ran = runPython(azureMlPython(), path.join(import.meta.dirname, "azure_ai_ml.py"), ["rg-clients"], env, cwd);
  for (const line of ran.stdout
    .trim()
    .split("\n")
    .filter((one) => one !== "")) {
    const { step, ...what } = JSON.parse(line) as Seen & { step: string };
    steps.set(step, what);
  }
  if (ran.status !== 0) throw new Error(`after "${[...steps.keys()].at(-1)}":\n${ran.stderr.slice(-4000)}`);
}, 300_000);
afterAll(async () => await sandbox.stop());

const image = "mcr.microsoft.com/azureml/curated/sklearn-1.5:20";
const stores = ["workspaceartifactstore", "workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory"];

test.each<[string, Seen]>([
  ["workspace create", { name: "clients", description: "one", storage: expect.stringMatching(/^clientsstorage/) }],
  ["workspace update", { description: "two", tags: expect.objectContaining({ team: "ml" }) }],
  ["workspace list", { names: ["clients"] }],
  ["compute create", { size: "Standard_DS3_v2", max: 4, idle: 300 }],
  ["compute list", { names: ["cpu-cluster"] }],
  ["datastore list", { names: ["extra", ...stores], default: "workspaceblobstore" }],
  ["data auto version", { first: "1", second: "2", same_bytes: true }],
  ["data file", { version: "7", ends: "a.csv" }],
  ["data 70 MB", { version: "1" }],
  ["data latest", { version: "2" }],
  ["data immutable", { refused: true, code: "UserError" }],
  ["data archive", { active: [] }],
  ["data restore", { active: ["7"] }],
  ["environment conda", { version: "1" }],
  ["environment build", { dockerfile: "Dockerfile" }],
  ["environment label", { version: "1" }],
  ["component", { version: "1", code_reused: true }],
  ["component read", { command: "python train.py ${{inputs.x}} ${{inputs.rate}}", inputs: ["rate", "x"] }],
  ["model download", { files: ["answer/model/weights.txt"], text: "42" }],
  ["model missing", { refused: true }],
  ["model share", { id: "azureml://registries/clientsreg/models/answer/versions/5" }],
  ["registry model download", { files: ["answer/model/weights.txt"] }],
  ["registry model list", { names: ["answer"] }],
  ["registry environment", { id: "azureml://registries/clientsreg/environments/renv/versions/1" }],
  ["registry component", { id: "azureml://registries/clientsreg/components/train/versions/1" }],
  ["registry data", { id: "azureml://registries/clientsreg/data/rdata/versions/1" }],
  ["curated environment", { image }],
  ["workspace delete", { names: [] }],
])("%s", (step, expected) => {
  expect(steps.get(step)).toEqual(expected);
});
