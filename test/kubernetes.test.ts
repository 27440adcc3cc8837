// A stage that serves on Kubernetes: the cluster made, attached, two releases blue and green; then the cluster is gone.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Azure, connect } from "../azure/client.ts";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { minutes, succeeded } from "./ran.ts";

let checkout: Checkout;
let azure: Azure;
const up = (...more: string[]) => checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev", ...more);
const set = async (...values: string[]): Promise<void> =>
  void succeeded(
    await checkout.pulumi(
      "config",
      "set-all",
      "--stack",
      "dev",
      "--path",
      ...values.flatMap((one) => ["--plaintext", `azure-mlops:${one}`]),
    ),
  );
const invoke = async (): Promise<{ status: number; body: unknown }> =>
  JSON.parse((await checkout.mlops("invoke", "--json")).stdout) as { status: number; body: unknown };
const options = { apiVersion: "2024-10-01" } as const;
const group = (): string => `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-mlops-dev/providers`;
const cluster = (): string => `${group()}/Microsoft.ContainerService/managedClusters/aks-mlops-dev`;

beforeAll(async () => {
  checkout = copyCheckout();
  const env = { ...process.env, ...(JSON.parse(succeeded(await checkout.mlops("sandbox", "env", "--json")).stdout) as object) };
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(join(checkout.dir, ".sandbox", "ca.pem"), "utf8")]);
  azure = await connect(env);
  await set(
    "target=kubernetes",
    "kubernetes.instanceTypes.small.cpu=500m",
    "kubernetes.instanceTypes.small.memory=1Gi",
    "kubernetes.instanceType=small",
  );
  succeeded(await checkout.mlops("start", "--deploy", "--json"));
}, 8 * minutes);
afterAll(() => checkout?.dispose(), minutes);

test(
  "the sample's own files serve on a cluster: attached, deployed, answering",
  async () => {
    expect(await invoke()).toMatchObject({ status: 200 });
    const compute = await azure.get<{ properties: object }>(
      `${group()}/Microsoft.MachineLearningServices/workspaces/mlw-mlops-dev/computes/kubernetes`,
      options,
    );
    expect(compute.properties).toMatchObject({ computeType: "Kubernetes", resourceId: expect.stringContaining("aks-mlops-dev") });
    succeeded(await up("--expect-no-changes"));
  },
  2 * minutes,
);

test(
  "the second version goes to green by the same rollout, and back",
  async () => {
    succeeded(await checkout.mlops("train", "--no-up", "--set", "inputs.alpha=0.5", "--json"));
    await set("modelVersion=2", "keptVersion=1", "slot=green");
    const moved = succeeded(await up());
    expect(moved.stdout).toMatch(/green: 5 calls, 0 failed/);
    expect(moved.stdout).toContain("traffic green=100");
    expect(await invoke()).toMatchObject({ status: 200 });
    await set("modelVersion=1", "keptVersion=2", "slot=blue", "slotFrozen=true");
    expect(succeeded(await up()).stdout).toContain("traffic blue=100");
    expect(await invoke()).toMatchObject({ status: 200 });
  },
  6 * minutes,
);

test(
  "the cluster is gone: nothing answers, a deployment says why, and up with a refresh makes all of it again",
  async () => {
    await azure.delete(cluster(), options);
    expect((await invoke()).status).toBe(503);
    await set("deploymentSet[0]=environment_variables.WORKER_COUNT=2", "slotFrozen=false");
    const failed = await up();
    expect(failed.code).not.toBe(0);
    expect(failed.stdout + failed.stderr).toMatch(/Code="ClusterNotFound" Message="Cannot find Kubernetes cluster '.*aks-mlops-dev'/);
    succeeded(await up("--refresh"));
    expect(await invoke()).toMatchObject({ status: 200 });
  },
  5 * minutes,
);
