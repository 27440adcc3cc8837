// What a deployment costs is held down for real: it scales with its load, a budget that is used up tells people, and idle endpoints go.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Azure, connect } from "../azure/client.ts";
import { readEndpoint, score, scoringToken } from "../azure/online.ts";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { json, minutes, succeeded } from "./ran.ts";

let checkout: Checkout;
let azure: Azure;
let endpointId: string;
const apiVersion = "2024-10-01";

const up = async (): Promise<string> =>
  succeeded(await checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev")).stdout;
const set = async (values: Record<string, string>): Promise<void> => {
  for (const [key, value] of Object.entries(values))
    succeeded(await checkout.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", "dev"));
};
const instances = async (): Promise<number> =>
  (await azure.get<{ sku: { capacity: number } }>(`${endpointId}/deployments/blue`, { apiVersion })).sku.capacity;
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 180; left > 0; left--) {
    if (await holds()) return;
    await sleep(1000);
  }
  throw new Error(`not within 3 minutes: ${what}`);
}

beforeAll(async () => {
  checkout = copyCheckout();
  // Azure's minutes in a second: windows and cooldowns of five minutes pass in five seconds.
  succeeded(await checkout.mlops("sandbox", "start", "--profile", "azure", "--scale", "60"));
  succeeded(await checkout.mlops("start", "--json"));
  const env = json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>;
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
  azure = await connect(env);
  const outputs = json(await checkout.pulumi("stack", "output", "--json", "--stack", "dev")) as Record<string, string>;
  endpointId = `/subscriptions/${azure.subscriptionId}/resourceGroups/${outputs["resourceGroupName"]}/providers/Microsoft.MachineLearningServices/workspaces/${outputs["workspaceName"]}/onlineEndpoints/${outputs["endpointName"]}`;
}, 10 * minutes);
afterAll(() => checkout?.dispose(), minutes);

test(
  "more instances under load, fewer when it is over, and Pulumi does not mind",
  async () => {
    await set({ "autoscale.min": "1", "autoscale.max": "2", "autoscale.cpuPercent": "95", "autoscale.latencyMs": "1" });
    await up();
    const endpoint = (await readEndpoint(azure, endpointId))!;
    const token = await scoringToken(azure, endpoint);
    const body = readFileSync(join(checkout.dir, "project", "deploy", "sample-request.json"), "utf8");
    let stop = false;
    const load = (async () => {
      while (!stop) await Promise.all(Array.from({ length: 4 }, () => score(endpoint.properties.scoringUri!, { token, body })));
    })();
    await until("two instances", async () => (await instances()) === 2).finally(() => (stop = true));
    await load;
    await until("one instance again", async () => (await instances()) === 1);
    expect(await up()).toMatch(/\d+ unchanged/);
  },
  8 * minutes,
);

test(
  "a budget that is used up: people are told, the doctor says it, mlops expire takes the endpoint away",
  async () => {
    const said = json(await checkout.mlops("expire", "--stage", "dev", "--idle-hours", "1", "--json"));
    expect(said).toMatchObject({
      stages: [{ stage: "dev", expired: false, why: expect.stringMatching(/^deployed 0\.\d+ hours ago|requests in/) }],
    });
    await set({ "budget.monthly": "0.001", "budget.emails[0]": "owner@example.com", "expire.whenBudgetUsedUp": "true" });
    await up();
    type Mail = { to: string[]; subject: string };
    const mails = async (): Promise<Mail[]> => json(await checkout.mlops("sandbox", "outbox", "--json")) as Mail[];
    await until("mail about the budget", async () => (await mails()).some(({ subject }) => subject.includes("has reached 100 % (actual)")));
    expect((await mails()).find(({ subject }) => subject.includes("100 %"))!.to).toEqual(["owner@example.com"]);
    const { checks } = json(await checkout.mlops("doctor", "--stage", "dev", "--json")) as {
      checks: { check: string; state: string; fix?: string }[];
    };
    expect(checks.find(({ check }) => check === "budget")).toMatchObject({
      state: "warn",
      fix: expect.stringContaining("mlops expire --stage dev"),
    });

    const dry = json(await checkout.mlops("expire", "--stage", "dev", "--dry-run", "--json"));
    expect(dry).toMatchObject({ stages: [{ expired: true, why: expect.stringMatching(/^the month's budget is used up: /) }] });
    expect(await azure.find(endpointId, { apiVersion })).toBeDefined();
    succeeded(await checkout.mlops("expire", "--stage", "dev"));
    expect(await azure.find(endpointId, { apiVersion })).toBeUndefined();
    expect(json(await checkout.mlops("expire", "--stage", "dev", "--json"))).toMatchObject({
      stages: [{ endpoint: null, why: "no endpoint" }],
    });
  },
  8 * minutes,
);
