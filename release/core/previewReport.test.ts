// What a pull request's comment says, from events as Pulumi writes them.
import { describe, expect, test } from "@jest/globals";
import { body } from "./manifest.fixture.ts";
import { sealed } from "./manifest.ts";
import { readPreview } from "./previewEvents.ts";
import { marker, previewReport } from "./previewReport.ts";

const prices = { currency: "USD", asOf: "now", hoursPerMonth: 730, perHour: { westeurope: { Standard_DS3_v2: 0.1 } } };
const urn = (type: string, name: string): string => `urn:pulumi:prod::azure-mlops::mlops:serving:OnlineEndpoint$${type}::${name}`;
const step = (op: string, type: string, name: string, before?: object, after?: object, diffs: string[] = []): string =>
  JSON.stringify({
    resourcePreEvent: { metadata: { op, urn: urn(type, name), old: before && { inputs: before }, new: after && { inputs: after }, diffs } },
  });
const deployment = (version: string, capacity = 1) => ({
  deploymentName: "blue",
  location: "westeurope",
  sku: { capacity },
  properties: { instanceType: "Standard_DS3_v2", model: `azureml://registries/r/models/diabetes/versions/${version}` },
});
const native = "azure-native:machinelearningservices:OnlineDeployment";
const report = (lines: readonly string[], code = 0, find: Parameters<typeof previewReport>[1] = () => undefined): string =>
  previewReport([readPreview("prod", lines.join("\n"), code)], find, prices);

describe("models", () => {
  const release = (version: string, rmse: number) => {
    const made = sealed(structuredClone(body));
    return {
      ...made,
      id: `diabetes-${version}`,
      model: { ...made.model, name: "diabetes", version },
      run: { ...made.run, metrics: { rmse } },
    };
  };
  const known = [release("7", 55.25), release("8", 53)];
  const find = (name: string, version: string) => known.find(({ model }) => model.name === name && model.version === version);

  test("a new version beside the live one: metrics, their change, cost, traffic", () => {
    const text = report(
      [
        step("same", native, "prod-blue", deployment("7"), deployment("7")),
        step("create", native, "prod-green", undefined, deployment("8", 2)),
        step(
          "update",
          "mlops:serving:EndpointRollout",
          "prod-rollout",
          { traffic: { blue: 100 } },
          { traffic: { green: 100 }, steps: [10, 50, 100], bakeSeconds: 300 },
        ),
      ],
      0,
      find,
    );
    expect(text).toContain("**Model diabetes:7 → diabetes:8**");
    expect(text).toContain("| rmse | 55.25 | 53 | −2.25 |");
    expect(text).toContain("- blue 100 % → green 100 %, in steps of 10 → 50 → 100 %, each watched for 300 s");
    expect(text).toContain("Cost of the deployments: USD 73.00 → **USD 219.00** a month");
    expect(text.startsWith(marker)).toBe(true);
  });

  test("a version that no release is known of is said to have no metrics; one that goes is named", () => {
    const text = report(
      [step("delete", native, "prod-blue", deployment("7")), step("create", native, "prod-green", undefined, deployment("9"))],
      0,
      find,
    );
    expect(text).toContain("no release of diabetes:9, so there are no metrics");
    expect(text).toContain("No longer deployed: diabetes:7");
    expect(text).toContain("- OnlineDeployment prod-blue is deleted");
  });
});

test("data and environments by name and version", () => {
  const asset = (collection: string, version: string) => ({ collection, name: "diabetes", version });
  const type = "mlops:assets:AssetVersion";
  const text = report([
    step("create-replacement", type, "a", asset("environments", "1"), asset("environments", "2")),
    step("replace", type, "a", asset("environments", "1"), asset("environments", "2")),
    step("delete-replaced", type, "a", asset("environments", "1")),
    step("create", type, "b", undefined, asset("data", "3")),
  ]);
  expect(text).toContain("- environment diabetes: 1 → 2\n- data diabetes: new, version 3");
  expect(text).not.toContain("Replaced or deleted");
});

test("what holds data and goes is said loudly, once, with the reason", () => {
  const type = "azure-native:storage:StorageAccount";
  const text = report([
    step("create-replacement", type, "prod-storage", { a: 1 }, { a: 2 }, ["location"]),
    step("delete-replaced", type, "prod-storage", { a: 1 }),
  ]);
  expect(text.match(/prod-storage/g)).toHaveLength(1);
  expect(text).toContain("⚠️ **StorageAccount prod-storage is replaced (location), with all that is in it**");
});

test("policy's word: mandatory stands at the top, advisory at the end; a failure is told", () => {
  const policy = (enforcementLevel: string, policyName: string): string =>
    JSON.stringify({ policyEvent: { message: "the rule\nprod-storage: it is open. Fix: close it.\n", policyName, enforcementLevel } });
  const text = report([policy("mandatory", "no-public-access"), policy("advisory", "approved-release")], 255);
  expect(text).toContain("**Refused by policy**\n- `no-public-access`: prod-storage: it is open. Fix: close it.");
  expect(text.indexOf("To know\n- `approved-release`")).toBeGreaterThan(text.indexOf("Refused by policy"));
  expect(text).not.toContain("The preview failed");
  const error = JSON.stringify({ diagnosticEvent: { severity: "error", message: "\u001b[31merror: a setting is wrong\u001b[0m" } });
  expect(report([error], 255)).toContain("> **The preview failed:** a setting is wrong");
  expect(report([], 1)).toContain("pulumi preview --stack prod ended with 1");
});

test("stages without a change share one line", () => {
  const quiet = readPreview("qa", step("same", native, "qa-blue", deployment("7"), deployment("7")), 0);
  expect(previewReport([quiet, { ...quiet, stage: "prod" }], () => undefined, prices)).toBe(
    `${marker}\n\n## What this change does\n\nNo change in qa, prod.\n`,
  );
});
