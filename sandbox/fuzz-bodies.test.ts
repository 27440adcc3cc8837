// Bodies that are nearly right: valid ones of each resource type with parts replaced by junk, and junk for every route beside Resource
// Manager's. A fixed seed; whatever comes, the answer is the caller's fault (4xx, or 501 by name), never the sandbox's.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testSandbox, workspaceIn } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";
import { types } from "./types/index.ts";

let sandbox: TestSandbox;
let workspace: string;
let group: string;

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "fz", "fuzzbodies");
  group = `${sandbox.subscription}/resourceGroups/fz`;
  await sandbox.ended(await sandbox.call("PUT", `${workspace}/onlineEndpoints/fuzzed`, { location, properties: { authMode: "Key" } }));
  await sandbox.call("PUT", `${workspace}/batchEndpoints/fuzzed`, { location, properties: { authMode: "AADToken" } });
}, 120_000);
afterAll(async () => await sandbox.stop());

const location = "westeurope";
const junk: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  1.5,
  "",
  "x",
  "\u0000",
  "../../etc/passwd",
  "%2e%2e",
  "é".repeat(300),
  "a".repeat(70_000),
  [],
  [[]],
  [null],
  {},
  { "": {} },
  { a: { a: { a: { a: {} } } } },
  { __proto__: null, constructor: 1 },
  "/subscriptions//resourceGroups/",
  "azureml:x:1",
  "azureml://datastores/x/paths/../y",
  "P1D",
  "https://[bad",
  { id: [] },
  ["a", 1, {}],
];

/** A name and a valid body for types that need one to be looked at closely; below the group or the workspace. */
const samples: Readonly<
  Record<string, readonly [parent: "group" | "workspace" | "subscription" | "endpoint" | "batch", path: string, body: object]>
> = {
  "Microsoft.Storage/storageAccounts": [
    "group",
    "stfuzz1",
    {
      location,
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
      properties: { allowSharedKeyAccess: true, networkAcls: { defaultAction: "Allow" } },
    },
  ],
  "Microsoft.KeyVault/vaults": [
    "group",
    "kvfuzz1",
    {
      location,
      properties: {
        tenantId: "5a4db0c5-0000-4000-8000-000000000001",
        sku: { family: "A", name: "standard" },
        accessPolicies: [],
        enableRbacAuthorization: true,
      },
    },
  ],
  "Microsoft.ContainerRegistry/registries": [
    "group",
    "crfuzz1",
    { location, sku: { name: "Basic" }, properties: { adminUserEnabled: false } },
  ],
  "Microsoft.ManagedIdentity/userAssignedIdentities": ["group", "idfuzz1", { location, tags: { a: "b" } }],
  "Microsoft.MachineLearningServices/workspaces": [
    "group",
    "mlw-fuzz1",
    { location, identity: { type: "SystemAssigned" }, properties: { storageAccount: "x", keyVault: "y", applicationInsights: "z" } },
  ],
  "Microsoft.MachineLearningServices/registries": [
    "group",
    "regfuzz1",
    {
      location,
      identity: { type: "SystemAssigned" },
      properties: { regionDetails: [{ location, storageAccountDetails: [], acrDetails: [] }] },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/computes": [
    "workspace",
    "cpu",
    {
      location,
      properties: {
        computeType: "AmlCompute",
        properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: 1, nodeIdleTimeBeforeScaleDown: "PT120S" } },
      },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/datastores": [
    "workspace",
    "dsfuzz",
    {
      properties: { datastoreType: "AzureBlob", accountName: "stfuzzbodies", containerName: "c", credentials: { credentialsType: "None" } },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/data/versions": [
    "workspace",
    "dfuzz/versions/1",
    { properties: { dataType: "uri_file", dataUri: "https://example.com/a.csv", tags: {}, properties: {} } },
  ],
  "Microsoft.MachineLearningServices/workspaces/models/versions": [
    "workspace",
    "mfuzz/versions/1",
    { properties: { modelType: "custom_model", modelUri: "azureml://datastores/workspaceblobstore/paths/x", flavors: {} } },
  ],
  "Microsoft.MachineLearningServices/workspaces/codes/versions": [
    "workspace",
    "cfuzz/versions/1",
    { properties: { codeUri: "https://stfuzzbodies.blob.core.windows.net/c/x", properties: { hash_sha256: "0", hash_version: "202208" } } },
  ],
  "Microsoft.MachineLearningServices/workspaces/environments/versions": [
    "workspace",
    "efuzz/versions/1",
    { properties: { image: "ubuntu", condaFile: "dependencies:\n- python=3.11\n" } },
  ],
  "Microsoft.MachineLearningServices/workspaces/components/versions": [
    "workspace",
    "compfuzz/versions/1",
    {
      properties: {
        componentSpec: {
          name: "c",
          version: "1",
          type: "command",
          command: "true",
          environment: "azureml:e:1",
          inputs: { a: { type: "number", default: "1" } },
          outputs: { o: { type: "uri_folder" } },
        },
      },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/jobs": [
    "workspace",
    "jfuzz",
    {
      properties: {
        jobType: "Command",
        command: "true",
        environmentId: "azureml:e:1",
        computeId: "x",
        inputs: { a: { jobInputType: "literal", value: "1" } },
        outputs: {},
        limits: { jobLimitsType: "Command", timeout: "PT1M" },
        resources: { instanceCount: 1 },
      },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/schedules": [
    "workspace",
    "sfuzz",
    {
      properties: {
        action: { actionType: "CreateJob", jobDefinition: { jobType: "Command", command: "true", environmentId: "e" } },
        trigger: { triggerType: "Cron", expression: "0 0 * * *", timeZone: "UTC" },
        isEnabled: false,
      },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/onlineEndpoints": [
    "workspace",
    "epfuzz",
    { location, identity: { type: "SystemAssigned" }, properties: { authMode: "Key", traffic: {} } },
  ],
  "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments": [
    "endpoint",
    "blue",
    {
      location,
      sku: { name: "Default", capacity: 1 },
      properties: {
        endpointComputeType: "Managed",
        instanceType: "Standard_DS3_v2",
        model: "azureml:m:1",
        environmentId: "azureml:e:1",
        codeConfiguration: { codeId: "c", scoringScript: "s.py" },
        requestSettings: { requestTimeout: "PT5S" },
      },
    },
  ],
  "Microsoft.MachineLearningServices/workspaces/batchEndpoints": [
    "workspace",
    "bfuzz",
    { location, properties: { authMode: "AADToken", defaults: {} } },
  ],
  "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments": [
    "batch",
    "b",
    {
      location,
      properties: {
        compute: "x",
        model: { referenceType: "Id", assetId: "m" },
        codeConfiguration: { codeId: "c", scoringScript: "s.py" },
        miniBatchSize: 5,
        resources: { instanceCount: 1 },
      },
    },
  ],
  "Microsoft.EventGrid/topics": ["group", "topicfuzz", { location, properties: { inputSchema: "EventGridSchema" } }],
  "Microsoft.Logic/workflows": [
    "group",
    "logicfuzz",
    {
      location,
      properties: {
        state: "Enabled",
        definition: {
          $schema: "x",
          contentVersion: "1.0.0.0",
          triggers: { t: { type: "Request", kind: "Http", inputs: { schema: {} } } },
          actions: {},
        },
      },
    },
  ],
  "Microsoft.Insights/metricAlerts": [
    "group",
    "alertfuzz",
    {
      location: "global",
      properties: {
        severity: 1,
        enabled: true,
        scopes: ["x"],
        evaluationFrequency: "PT1M",
        windowSize: "PT5M",
        criteria: { "odata.type": "x", allOf: [] },
        actions: [],
      },
    },
  ],
  "Microsoft.Resources/deployments": [
    "group",
    "depfuzz",
    {
      properties: {
        mode: "Incremental",
        template: {
          $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          contentVersion: "1.0.0.0",
          parameters: { a: { type: "string", defaultValue: "[concat('a', 'b')]" } },
          resources: [
            { type: "Microsoft.ManagedIdentity/userAssignedIdentities", apiVersion: "2023-01-31", name: "[parameters('a')]", location },
          ],
        },
        parameters: {},
      },
    },
  ],
  "Microsoft.Authorization/roleAssignments": [
    "subscription",
    "6b1f1c1e-0000-4000-8000-0000000000ff",
    {
      properties: {
        roleDefinitionId: "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
        principalId: "6b1f1c1e-0000-4000-8000-0000000000aa",
      },
    },
  ],
};

/** The same numbers in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const next = random(20_261_126);
const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;

/** The value with one part of it, wherever, replaced by junk or gone. */
function spoiled(value: unknown): unknown {
  const places: (readonly (string | number)[])[] = [];
  const walk = (one: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (typeof one === "object" && one !== null)
      for (const [key, inner] of Object.entries(one)) walk(inner, [...path, Array.isArray(one) ? Number(key) : key]);
  };
  walk(value, []);
  if (places.length === 0) return pick(junk);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const path = pick(places);
  let at = copy;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  if (next() < 0.1) delete at[path.at(-1)!];
  else at[path.at(-1)!] = pick(junk);
  return copy;
}

/** How many answers were 2xx, 4xx, 5xx. */
const kinds = new Map<number, number>();

async function blameless(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
  const answer = await sandbox.call(method, path, body, headers);
  const hundred = Math.floor(answer.status / 100);
  kinds.set(hundred, (kinds.get(hundred) ?? 0) + 1);
  if (answer.status < 500 || answer.status === 501) return;
  throw new Error(
    `${answer.status} for ${method} ${path} ${JSON.stringify(body)?.slice(0, 600)}\n${readFileSync(join(sandbox.dir, "sandbox.log"), "utf8").slice(-1500)}`,
  );
}

const parents = (): Record<string, string> => ({
  subscription: `${sandbox.subscription}/providers`,
  group: `${group}/providers`,
  workspace: workspace,
  endpoint: `${workspace}/onlineEndpoints/fuzzed`,
  batch: `${workspace}/batchEndpoints/fuzzed`,
});

test("valid bodies with a part spoiled: PUT and PATCH of each type", async () => {
  expect(Object.keys(samples).filter((type) => !types.some((one) => one.type === type))).toEqual([]);
  for (const [type, [parent, name, body]] of Object.entries(samples)) {
    const kinds = type.split("/");
    const below =
      parent === "group" || parent === "subscription"
        ? type
        : parent === "workspace"
          ? kinds
              .slice(2)
              .filter((kind) => kind !== "versions")
              .join("/")
          : kinds.at(-1)!;
    const at = `${parents()[parent]}/${below}/${name}`;
    for (let turn = 0; turn < 14; turn++)
      await blameless(turn % 5 === 4 ? "PATCH" : "PUT", at, spoiled(turn % 3 === 2 ? spoiled(body) : body));
  }
}, 180_000);

test("what was nearly right got through now and then, and was refused mostly", () => {
  expect(kinds.get(2)).toBeGreaterThan(20);
  expect(kinds.get(4)).toBeGreaterThan(150);
});

test("junk for every type that has no sample, and for its actions", async () => {
  for (const type of types) {
    const [namespace, ...kinds] = type.type.split("/");
    const path = `${group}/providers/${namespace}/${kinds.map((kind, index) => `${kind}/${index === 0 && kind === "workspaces" ? "mlw-fuzzbodies" : "fuzzed"}`).join("/")}`;
    for (const body of [
      { location, properties: pick(junk) },
      { location, properties: { [pick(["sku", "id", "inputs", "target"])]: pick(junk) } },
      pick(junk),
    ]) {
      await blameless("PUT", path, body ?? "null");
    }
    for (const action of Object.keys(type.actions ?? {})) await blameless("POST", `${path}/${action}`, pick(junk) ?? "null");
  }
  expect((await sandbox.call("GET", "/healthz")).body.pid).toBe(sandbox.info.pid);
}, 180_000);

test("junk for the routes beside Resource Manager's", async () => {
  const base = sandbox.info.armEndpoint.replace(/\/$/, "");
  const run = `${base}/history/v1.0${workspace}`;
  const mlflow = `${base}/mlflow/v2.0${workspace}/api/2.0/mlflow`;
  const routes: readonly (readonly [string, string])[] = [
    ["POST", `${run}/rundata`],
    ["POST", `${run}/batchrundata`],
    ["POST", `${run}/experiments/x/runs:query`],
    ["PATCH", `${run}/experimentids/x/runs/y`],
    ["DELETE", `${run}/experimentids/x/runs/y/tags`],
    ["POST", `${base}/artifact/v2.0${workspace}/artifacts/ExperimentRun/dcid.x/batch/metadata`],
    ["POST", `${base}/data/v1.0${workspace}/dataversion/batchGetResolvedUris`],
    ["POST", `${base}/modelregistry/v1.0${workspace}/models/batchGetResolvedUris`],
    ["POST", `${base}/batch${workspace}/batchEndpoints/fuzzed/jobs`],
    ...[
      "runs/create",
      "runs/update",
      "runs/log-metric",
      "runs/log-batch",
      "runs/search",
      "experiments/create",
      "experiments/search",
      "registered-models/create",
      "model-versions/create",
      "runs/set-tag",
      "logged-models",
    ].map((call) => ["POST", `${mlflow}/${call}`] as const),
    ["POST", `${base}/graph/v1.0/applications`],
    ["POST", `${base}/graph/v1.0/servicePrincipals`],
    ["POST", `${sandbox.subscription}/providers/Microsoft.MachineLearningServices/locations/westeurope/updateQuotas`],
    ["POST", `${sandbox.subscription}/providers/Microsoft.KeyVault/checkNameAvailability`],
    ["POST", `${base}/eventgrid/topics/none/api/events`],
    ["POST", `${base}/workflows/none/triggers/t/paths/invoke`],
  ];
  const bodies = [
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    '{"values":{}}',
    '{"value":{}}',
    '{"value":[1]}',
    '{"paths":[null]}',
    '{"runIds":{}}',
    '{"runId":{}}',
    '{"key":[],"value":{}}',
    '{"metrics":[{"key":1}]}',
    '{"tags":[{}]}',
    '{"name":{}}',
    '{"properties":{"inputData":[]}}',
    '{"filter":{},"max_results":{}}',
    `${"[".repeat(3000)}${"]".repeat(3000)}`,
  ];
  for (const [method, url] of routes) for (const body of bodies) await blameless(method, url, body, { "content-type": "application/json" });
  expect(readFileSync(join(sandbox.dir, "sandbox.log"), "utf8")).not.toContain("unhandled");
}, 180_000);
