// MLflow models without a scoring script, in the input formats that Azure's no-code deployments take.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestSandbox, testEnvironment, WORKSPACE } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";

const dir = mkdtempSync(join(tmpdir(), "mlflow-"));
const endpointId = `${WORKSPACE}/onlineEndpoints/houses`;
let box: TestSandbox;

/** Two models: the sum of two named columns (with a signature), and one that gives back what it was called with. */
const SAVE = `
import sys, mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

class Sum(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["rooms"] + model_input["area"]) * ((params or {}).get("factor", 1))

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return model_input

from mlflow.types.schema import ParamSchema, ParamSpec
signature = ModelSignature(
    inputs=Schema([ColSpec("long", "rooms"), ColSpec("double", "area")]),
    params=ParamSchema([ParamSpec("factor", "double", 1.0)]),
)
mlflow.pyfunc.save_model(sys.argv[1] + "/sum", python_model=Sum(), signature=signature, pip_requirements=["pandas", "mlflow-skinny"])
mlflow.pyfunc.save_model(sys.argv[1] + "/echo", python_model=Echo(), pip_requirements=["pandas", "mlflow-skinny"])
`;

beforeAll(async () => {
  const environment = await testEnvironment("mlflow", ["mlflow-skinny", "pandas", "cloudpickle"]);
  const assets = join(dir, "assets");
  await mkdir(assets, { recursive: true });
  execFileSync(environment.python, ["-c", SAVE, assets], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: dir, PYTHONWARNINGS: "ignore" },
  });
  writeFileSync(join(assets, "plain.pkl"), "x");
  box = await openTestSandbox(dir, environment);
  await box.put(endpointId, { location: "westeurope", properties: { authMode: "Key" } });
  for (const name of ["sum", "echo"]) await box.put(`${endpointId}/deployments/${name}`, deployment(`folder:${name}`));
}, 300_000);

afterAll(async () => {
  await box.close();
  rmSync(dir, { recursive: true, force: true });
});

function deployment(model: string): object {
  return { location: "westeurope", properties: { endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", model } };
}

async function score(name: string, body: unknown): Promise<{ status: number; answer: unknown }> {
  const response = await box.score(endpointId, { body: JSON.stringify(body), headers: { "azureml-model-deployment": name } });
  return { status: response.status, answer: await response.json() };
}

test.each<[string, unknown]>([
  [
    "a split table",
    {
      columns: ["area", "rooms"],
      index: [0, 1],
      data: [
        [10.5, 1],
        [20, 2],
      ],
    },
  ],
  [
    "a table without index",
    {
      columns: ["rooms", "area"],
      data: [
        [1, 10.5],
        [2, 20],
      ],
    },
  ],
  [
    "records",
    [
      { rooms: 1, area: 10.5 },
      { rooms: 2, area: 20 },
    ],
  ],
  ["columns", { rooms: [1, 2], area: [10.5, 20] }],
  [
    "rows in the signature's order",
    [
      [1, 10.5],
      [2, 20],
    ],
  ],
])("%s is understood", async (_what, input_data) => {
  expect(await score("sum", { input_data })).toEqual({ status: 200, answer: [11.5, 22] });
});

test("parameters reach the model", async () => {
  expect(await score("sum", { input_data: [[1, 10.5]], params: { factor: 2 } })).toEqual({ status: 200, answer: [23] });
});

test("a table comes back as records", async () => {
  expect(await score("echo", { input_data: { columns: ["a", "b"], data: [[1, "x"]] } })).toEqual({
    status: 200,
    answer: [{ a: 1, b: "x" }],
  });
});

test.each<[string, unknown, string]>([
  ["without input_data", { data: [[1, 2]] }, "input_data"],
  ["with too few values in a row", { input_data: [[1]] }, "each row needs 2 values (rooms, area), not 1"],
  ["with a number", { input_data: 3 }, "must be an object or a list"],
])("a request %s says what is wrong", async (_what, body, why) => {
  const { status, answer } = await score("sum", body);
  expect(status).toBe(424);
  expect((answer as { message: string }).message).toContain(why);
});

test("a model that is none of MLflow's needs a scoring script", async () => {
  await expect(box.put(`${endpointId}/deployments/plain`, deployment("folder:plain.pkl"))).rejects.toMatchObject({
    code: "BadArgument",
    message: expect.stringContaining("not an MLflow model"),
  });
});
