// What happens when Azure is slow, busy, refuses, or half succeeds; run through the real Pulumi CLI.
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FakeArm } from "./testing/fake-arm.ts";
import { makeProject } from "./testing/project.ts";
import type { Rule } from "./testing/fake-arm.ts";
import type { Project } from "./testing/project.ts";

const GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-dev";
const ENDPOINT = `${GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w1/onlineEndpoints/dev`;
const SECONDS = 120_000;
const UP = ["up", "--yes", "--skip-preview"];

const endpoint = `
new azure.machinelearningservices.OnlineEndpoint("dev", {
  resourceGroupName: "rg-dev", workspaceName: "w1", endpointName: "dev", properties: { authMode: "Key" },
});`;

let azure: FakeArm;
let project: Project;

beforeEach(async () => {
  azure = await FakeArm.start();
  project = await makeProject(azure.env);
  project.write(endpoint);
}, SECONDS);

afterEach(async () => {
  project?.remove();
  await azure?.stop();
});

/** The PUT answers 201 with an operation, which ends as told once `rounds` polls are over. */
function longOperation(rounds: number, end: { status: string; error?: unknown }): void {
  let left = rounds;
  azure.rules.push((request, self): ReturnType<Rule> => {
    if (request.method === "PUT") {
      left = rounds;
      const resource = {
        ...request.body,
        id: request.path,
        name: "dev",
        properties: { ...(request.body!["properties"] as object), provisioningState: "Creating" },
      };
      self.resources.set(request.path.toLowerCase(), resource);
      return {
        status: 201,
        body: resource,
        headers: { "azure-asyncoperation": `${self.url}/operations/1?api-version=2025-12-01`, "retry-after-ms": "20" },
      };
    }
    if (request.path !== "/operations/1") return undefined;
    if (left-- > 0) return { status: 200, body: { status: "InProgress" }, headers: { "retry-after-ms": "20" } };
    const kept = self.resources.get(ENDPOINT.toLowerCase()) as { properties: Record<string, unknown> };
    kept.properties["provisioningState"] = end.status;
    return { status: 200, body: end };
  });
}

test(
  "a long operation is followed to its end, then the resource is read",
  async () => {
    longOperation(3, { status: "Succeeded" });
    const run = await project.pulumi(...UP);
    expect(run.output).toContain("+ 2 created");
    expect((await project.state()).get("dev")?.outputs["properties"]).toMatchObject({ provisioningState: "Succeeded" });
    expect(azure.requests.filter((r) => r.path === "/operations/1")).toHaveLength(4);
  },
  SECONDS,
);

test(
  "a failed operation gives Azure's code, message and request id; the state keeps the resource and the next up mends it",
  async () => {
    longOperation(1, { status: "Failed", error: { code: "OutOfQuota", message: "Not enough quota for Standard_DS3_v2" } });
    const failed = await project.pulumi(...UP);
    expect(failed.ok).toBe(false);
    expect(failed.output).toContain(`Code="OutOfQuota" Message="Not enough quota for Standard_DS3_v2" RequestId=req-1`);
    const left = (await project.state()).get("dev");
    expect(left?.id).toBe(ENDPOINT);
    expect(left?.initErrors?.join()).toContain("OutOfQuota");

    azure.rules.length = 0;
    azure.requests.length = 0;
    const mended = await project.pulumi(...UP);
    expect(mended.ok).toBe(true);
    expect(azure.writes()).toEqual([`PUT ${ENDPOINT}`]);
    expect((await project.state()).get("dev")?.initErrors).toBeUndefined();
  },
  SECONDS,
);

test(
  "429 and 409 with Retry-After are tried again, a plain 409 is not",
  async () => {
    let count = 0;
    azure.rules.push((r) => {
      if (r.method !== "PUT" || count >= 2) return undefined;
      count++;
      return { status: count === 1 ? 429 : 409, headers: { "retry-after": "0" }, body: { error: { code: "Busy", message: "later" } } };
    });
    expect((await project.pulumi(...UP)).ok).toBe(true);
    expect(count).toBe(2);

    azure.rules.length = 0;
    azure.rules.push((r) =>
      r.method === "DELETE" ? { status: 409, body: { error: { code: "HasTraffic", message: "move the traffic first" } } } : undefined,
    );
    const refused = await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain(`Status=409 Code="HasTraffic" Message="move the traffic first"`);
    expect(azure.writes().filter((w) => w.startsWith("DELETE"))).toHaveLength(1);
  },
  SECONDS,
);

test(
  "what exists already is not taken over silently, but can be imported as it is",
  async () => {
    azure.resources.set(ENDPOINT.toLowerCase(), {
      id: ENDPOINT,
      name: "dev",
      location: "westeurope",
      properties: { authMode: "Key", publicNetworkAccess: "Enabled", provisioningState: "Succeeded" },
    });
    const run = await project.pulumi(...UP);
    expect(run.output).toContain(`cannot create already existing resource '${ENDPOINT}'`);
    expect(azure.writes()).toEqual([]);

    project.write(endpoint.replace("});", "}, { import: " + JSON.stringify(ENDPOINT) + " });"));
    const imported = await project.pulumi(...UP);
    expect(imported.output).toContain("= 1 imported");
    expect(azure.writes()).toEqual([]);
    expect((await project.state()).get("dev")?.inputs).toMatchObject({
      endpointName: "dev",
      workspaceName: "w1",
      properties: { authMode: "Key" },
    });
  },
  SECONDS,
);

test(
  "an interrupted up ends soon and leaves the begun resource in the state",
  async () => {
    longOperation(10_000, { status: "Succeeded" });
    const child = project.start(...UP);
    const exited = once(child, "exit");
    await until(() => azure.requests.some((r) => r.path === "/operations/1"));
    child.kill("SIGINT");
    const begun = performance.now();
    await exited;
    expect(performance.now() - begun).toBeLessThan(10_000);
    const state = await project.state();
    expect(state.get("dev")?.id).toBe(ENDPOINT);
  },
  SECONDS,
);

test(
  "a secret input is encrypted in the state and shown nowhere",
  async () => {
    project.write(endpoint.replace(`authMode: "Key"`, `authMode: "Key", description: pulumi.secret("hush-hush")`));
    const run = await project.pulumi(...UP);
    expect(run.ok).toBe(true);
    expect(azure.requests.some((r) => JSON.stringify(r.body ?? "").includes("hush-hush"))).toBe(true);
    const state = JSON.stringify([...(await project.state())]);
    expect(state).not.toContain("hush-hush");
    expect((await project.pulumi("preview", "--diff")).output).not.toContain("hush-hush");
  },
  SECONDS,
);

test(
  "ignoreChanges keeps what another owner set",
  async () => {
    project.write(endpoint.replace("});", `}, { ignoreChanges: ["tags", "properties.traffic"] });`));
    await project.pulumi(...UP);
    const kept = azure.resources.get(ENDPOINT.toLowerCase())! as { tags?: unknown; properties: Record<string, unknown> };
    kept.tags = { by: "rollout" };
    kept.properties["traffic"] = { blue: 100 };
    await project.pulumi("refresh", "--yes", "--skip-preview");
    const again = await project.pulumi(...UP, "--expect-no-changes");
    expect(again.output).toContain("2 unchanged");
  },
  SECONDS,
);

test(
  "a network keeps the subnets that are resources of their own, and a refresh does not take them for drift",
  async () => {
    const network = (stage: string): string => `
const net = new azure.network.VirtualNetwork("net", { resourceGroupName: "rg-dev", virtualNetworkName: "net", addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, tags: { stage: "${stage}" } });
new azure.network.Subnet("jobs", { resourceGroupName: "rg-dev", virtualNetworkName: net.name, subnetName: "jobs", addressPrefix: "10.0.0.0/24" });`;
    project.write(network("dev"));
    await project.pulumi(...UP);
    const id = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net`;
    const sent = (): unknown => azure.requests.findLast((r) => r.method === "PUT" && r.path === id)?.body?.["properties"];
    expect(sent()).toMatchObject({ addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, subnets: [] });
    const subnets = [{ name: "jobs", id: `${id}/subnets/jobs`, properties: { addressPrefix: "10.0.0.0/24" } }];
    (azure.resources.get(id.toLowerCase()) as { properties: Record<string, unknown> }).properties["subnets"] = subnets;

    await project.pulumi("refresh", "--yes", "--skip-preview");
    expect((await project.state()).get("net")?.inputs).not.toHaveProperty("subnets");
    project.write(network("qa"));
    const run = await project.pulumi(...UP);
    expect(run.output).toContain("~ 1 updated");
    expect(sent()).toMatchObject({ subnets });
  },
  SECONDS,
);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 20));
}
