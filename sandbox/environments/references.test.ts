// Each way to name an environment.
import { expect, test } from "@jest/globals";
import type { ArmResource, Resources } from "../core.ts";
import { findEnvironment } from "./references.ts";

const workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
const registry = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/registries/reg";
const version = (owner: string, name: string, number: string, createdAt: string): ArmResource => ({
  id: `${owner}/environments/${name}/versions/${number}`,
  name: number,
  type: `Microsoft.MachineLearningServices/${owner === registry ? "registries" : "workspaces"}/environments/versions`,
  systemData: { createdAt },
  properties: { image: `${name}-${number}` },
});
const kept = [
  version(workspace, "env", "9", "2026-01-01"),
  version(workspace, "env", "10", "2026-01-02"),
  version(registry, "renv", "1", "2026-01-01"),
];
const resources = {
  get: (id: string) => kept.find((one) => one.id.toLowerCase() === id.toLowerCase()),
  list: (scope: string, type: string) => kept.filter((one) => one.id.startsWith(`${scope}/`) && one.type === type),
  all: (type: string) => kept.filter((one) => one.type === type),
} as Resources;

test.each([
  [`${workspace}/environments/env/versions/9`, "env-9"],
  [`azureml:${workspace}/environments/ENV/versions/9`, "env-9"],
  ["azureml:env:9", "env-9"],
  ["env:9", "env-9"],
  ["azureml:env@latest", "env-10"],
  [`azureml://registries/reg/environments/renv/versions/1`, "renv-1"],
  [`azureml://registries/reg/environments/renv/labels/latest`, "renv-1"],
  [`${registry}/environments/renv/versions/1`, "renv-1"],
])("%s", (reference, image) => {
  expect(findEnvironment({ resources }, reference, workspace).spec.image).toBe(image);
});

test("curated ones by registry and by their old workspace name", () => {
  expect(
    findEnvironment({ resources }, "azureml://registries/azureml/environments/sklearn-1.5/labels/latest", workspace).spec.curated?.python,
  ).toBe("3.10");
  expect(findEnvironment({ resources }, "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:1", workspace).spec.curated?.python).toBe("3.8");
});

test("what is not there is named, with what is", () => {
  expect(() => findEnvironment({ resources }, "azureml:env:11", workspace)).toThrow(/env:11.*9, 10/);
  expect(() => findEnvironment({ resources }, "azureml:other:1", workspace)).toThrow(/no environment is named "other"/);
  expect(() => findEnvironment({ resources }, "azureml://registries/azureml/environments/made-up/labels/latest", workspace)).toThrow(
    /made-up/,
  );
});
