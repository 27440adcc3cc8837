// Deployment files of CLI v1 become files that the reader of v2 takes, and what has no counterpart is said.
import { describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { memoryFiles } from "../memory-files.ts";
import { ProblemsError } from "../problems.ts";
import { readAsset } from "../read.ts";
import { migrate, type Migrated } from "./migrate.ts";

const score = "from azureml.core.model import Model\ndef init():\n    pass\ndef run(data):\n    return data\n";
const sample = {
  "/config/score.py": score,
  "/config/conda.yml": "dependencies: [python=3.10]\n",
  "/config/inference.yml": "entryScript: score.py\nruntime: python\ncondaFile: conda.yml\nextraDockerfileSteps:\nenableGpu: False\n",
  "/config/aci.yml": "computeType: ACI\ncontainerResourceRequirements: {cpu: 3, memoryInGB: 6}\n",
  "/config/aks.yml": [
    "computeType: aks",
    "computeTargetName: prod-aks",
    "tokenAuthEnabled: true",
    "autoScaler: {autoscaleEnabled: false}",
    "numReplicas: 3",
    "containerResourceRequirements: {cpu: 0.5, memoryInGB: 2, cpuLimit: 1}",
    "gpuCores: 1",
    "scoringTimeoutMs: 2000",
    "livenessProbeRequirements: {periodSeconds: 5}",
    "dataCollection: {storageEnabled: true}",
    "keys: {primaryKey: topsecret}",
  ].join("\n"),
};

const run = (paths: string[], more: Record<string, string> = {}): Migrated =>
  migrate(paths, memoryFiles({ ...sample, ...more }), { endpoint: "diabetes", model: "azureml:diabetes:3", out: "/deploy" });

/** What the reader of v2 makes of the written documents. */
async function readBack({ endpoint, deployment }: Migrated): Promise<Record<string, unknown>[]> {
  const files = memoryFiles({ ...sample, "/deploy/endpoint.yml": stringify(endpoint), "/deploy/blue.yml": stringify(deployment) });
  return await Promise.all(
    ["/deploy/endpoint.yml", "/deploy/blue.yml"].map(async (path) => {
      const read = await readAsset(path, files);
      if (!read.ok) throw new ProblemsError(read.problems);
      return read.asset.body;
    }),
  );
}

describe("Container Instances", () => {
  test("become a managed endpoint on the smallest size that is large enough", async () => {
    const migrated = run(["/config/inference.yml", "/config/aci.yml"]);
    const [endpoint, deployment] = await readBack(migrated);
    expect(endpoint).toMatchObject({ properties: { authMode: "Key" } });
    expect(deployment).toMatchObject({
      sku: { capacity: 1 },
      properties: { endpointComputeType: "Managed", instanceType: "Standard_F4s_v2", codeConfiguration: { scoringScript: "score.py" } },
    });
    expect(migrated.deployment).toMatchObject({
      code_configuration: { code: "../config" },
      environment: { conda_file: "../config/conda.yml" },
      model: "azureml:diabetes:3",
    });
    expect(migrated.notes.join("\n")).toMatch(/retired Container Instances.*3 cores and 6 GB become one Standard_F4s_v2/);
    expect(migrated.notes).toContain("the service had no sign-in; a managed endpoint always has: callers need its key");
    expect(migrated.notes.some((note) => note.startsWith("score.py:1: models lie below"))).toBe(true);
  });
});

describe("AKS", () => {
  test("becomes a Kubernetes endpoint with the same replicas, resources, probes and time-outs", async () => {
    const migrated = run(["/config/aks.yml", "/config/inference.yml"]);
    const [endpoint, deployment] = await readBack(migrated);
    expect(endpoint).toMatchObject({ properties: { authMode: "AMLToken" } });
    expect(migrated.endpoint["compute"]).toBe("azureml:prod-aks");
    expect(deployment).toMatchObject({
      sku: { capacity: 3 },
      properties: {
        endpointComputeType: "Kubernetes",
        scaleSettings: { scaleType: "Default" },
        containerResourceRequirements: {
          containerResourceRequests: { cpu: "0.5", memory: "2Gi", gpu: "1" },
          containerResourceLimits: { cpu: "1", memory: "2Gi", gpu: "1" },
        },
        requestSettings: { requestTimeout: "PT2S" },
        livenessProbe: { period: "PT5S" },
      },
    });
    expect(JSON.stringify(migrated)).not.toContain("topsecret");
  });

  test("scales by v1's defaults where nothing is said, and a version of an endpoint keeps its share", async () => {
    const migrated = run(["/config/end.yml"], {
      "/config/end.yml": "computeType: aksendpoint\nversionName: green\ntrafficPercentile: 20\n",
    });
    expect(migrated.deployment).toMatchObject({
      name: "green",
      scale_settings: { type: "target_utilization", min_instances: 1, max_instances: 10, target_utilization_percentage: 70 },
    });
    expect(migrated.endpoint["traffic"]).toEqual({ green: 20 });
  });
});

describe("an environment of v1", () => {
  test("that is registered is named; one that is written out comes along", async () => {
    const named = { "/config/i.yml": "entryScript: score.py\nsourceDirectory: /config\nenvironment: {name: env, version: '4'}\n" };
    expect(run(["/config/i.yml"], named).deployment).toMatchObject({
      environment: "azureml:env:4",
      code_configuration: { code: "../config" },
    });
    const written = {
      "/config/i.yml":
        "entryScript: score.py\nenvironment:\n  name: env\n  docker: {baseImage: img}\n  python: {condaDependencies: {dependencies: [pip]}}\n",
    };
    expect(run(["/config/i.yml"], written).deployment["environment"]).toEqual({ image: "img", conda_file: { dependencies: ["pip"] } });
  });
});

describe("refused", () => {
  const refusal = (text: string, ...more: string[]): string => {
    try {
      run(["/config/x.yml", ...more], { "/config/x.yml": text });
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("was taken");
  };
  test("with place, rule and fix", async () => {
    expect(refusal("computeType: aks\nnumReplica: 2\n")).toMatch(
      /^\/config\/x\.yml:2:1: `numReplica` = 2: no such field here.*numReplicas/,
    );
    expect(refusal("computeType: local\nport: 8080\n")).toMatch(/must be aci, aks or aksendpoint.*npm start/);
    expect(refusal("name: blue\n")).toMatch(/neither an inference configuration .* nor a deployment configuration/);
    expect(refusal("computeType: aci\n", "/config/aci.yml")).toMatch(/is a second deployment configuration/);
  });
});
