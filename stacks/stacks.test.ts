// The stacks as Pulumi would see them: which resources, under which names, with which inputs. No cloud, no CLI.
import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { runtime } from "@pulumi/pulumi";
import type * as pulumi from "@pulumi/pulumi";
import { roles } from "../components/roles.ts";
import { parseSettings } from "../settings/read.ts";
import { AutoSettings } from "../settings/auto.ts";
import { SharedSettings } from "../settings/shared.ts";
import { stageSettings } from "../settings/stage.ts";
import type { Stage } from "../settings/stage.ts";
import { auto } from "./auto.ts";
import { shared } from "./shared.ts";
import { stage } from "./stage.ts";

interface Made {
  readonly type: string;
  readonly name: string;
  // oxlint-disable-next-line no-explicit-any -- the tests below name the fields that they expect
  readonly inputs: Record<string, any>;
}

/** What a NameRelease says of the deleted resource. */
let recovers = false;
const made: Made[] = [];
const subscription = "5a4db0c5-0000-4000-8000-0000000005b5";

beforeAll(async () => {
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
        if (type === "pulumi:pulumi:Stack") return { id: "stack", state: {} };
        made.push({ type, name, inputs });
        const own =
          inputs["workspaceName"] ??
          inputs["resourceName"] ??
          inputs["registryName"] ??
          inputs["endpointName"] ??
          inputs["resourceGroupName"] ??
          name;
        const outputs: Record<string, string> = {
          name: String(own),
          principalId: `${name}-principal`,
          reference: `${name}-reference`,
          versionId: `${name}-id`,
        };
        return {
          id: `/id/${name}`,
          state: {
            ...inputs,
            ...(type.startsWith("mlops:assets:AssetVersion") ? {} : { name: outputs["name"] }),
            ...pick(outputs),
            recover: recovers,
          },
        };
      },
      call: ({ token }) =>
        token === "azure-native:authorization:getClientConfig"
          ? { subscriptionId: subscription, tenantId: "tenant", objectId: "caller", clientId: "client" }
          : {},
    },
    "azure-mlops",
    "test",
    true,
  );
});

const pick = ({ principalId, reference, versionId }: Record<string, string>) => ({ principalId, reference, versionId });

beforeEach(() => void (made.length = 0));

const config = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`azure-mlops:${key}`, value]));

const allowed = (): Promise<void> => Promise.resolve();

async function build(name: Stage, values: Record<string, string> = {}): Promise<{ outputs: Record<string, unknown> }> {
  return { outputs: await settle(() => stage(parseSettings(stageSettings(name), config(values), "azure-mlops", name), allowed)) };
}

/** Runs a stack as Pulumi does, and gives its outputs as plain values, once every resource has been registered. */
async function settle(declare: () => Record<string, unknown> | Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  let outputs: Record<string, unknown> = {};
  await runtime.runInPulumiStack(async () => void (outputs = await declare()));
  const values = await Promise.all(Object.entries(outputs).map(async ([key, value]) => [key, await plain(value)]));
  await runtime.disconnect();
  return Object.fromEntries(values);
}

const plain = async (value: unknown): Promise<unknown> =>
  typeof (value as { promise?: unknown } | undefined)?.promise === "function"
    ? (value as { promise(): Promise<unknown> }).promise()
    : value;

const named = (name: string): Made => {
  const found = made.find(
    (resource) => resource.name === name && !resource.type.startsWith("mlops:workspace") && !resource.type.startsWith("mlops:assets:Data"),
  );
  if (!found) throw new Error(`no ${name}; there is ${made.map((resource) => resource.name).join(", ")}`);
  return found;
};
const texts = (values: unknown[]): string[] => values.map(String).toSorted();
const types = (): string[] => [...new Set(made.map(({ type }) => type))];

describe("shared", () => {
  test("the registry in its own group, under names that others can derive", async () => {
    const outputs = await settle(() =>
      shared(parseSettings(SharedSettings, config({ registryLocations: '["northeurope"]' }), "azure-mlops", "shared")),
    );
    expect(named("shared-registry")).toMatchObject({
      type: "azure-native:machinelearningservices:Registry",
      inputs: {
        registryName: "mlopsregistry-7d4bf9",
        location: "westeurope",
        regionDetails: [{ location: "westeurope" }, { location: "northeurope" }],
      },
    });
    expect(outputs).toMatchObject({
      location: "westeurope",
      registryName: "mlopsregistry-7d4bf9",
      registryResourceGroupName: "rg-mlops-shared",
    });
  });

  const grantsOnKey = (): string[] => {
    const names = new Map(Object.entries(roles).map(([name, id]) => [id as string, name]));
    return made
      .filter(({ type, inputs }) => type === "azure-native:authorization:RoleAssignment" && inputs["scope"] === "/id/shared-release-vault")
      .map(({ inputs }) => `${inputs["principalId"]}: ${names.get(inputs["roleDefinitionId"].split("/").at(-1))}`)
      .toSorted();
  };
  const sharedWith = (values: Record<string, string>) =>
    settle(() => shared(parseSettings(SharedSettings, config(values), "azure-mlops", "shared")));

  test("a key that signs releases and does nothing else, in a vault of its own, watched", async () => {
    const outputs = await sharedWith({});
    expect(named("shared-release-vault").inputs).toMatchObject({
      vaultName: "kv-mlops-rel-7d4bf9",
      properties: { enableRbacAuthorization: true, enableSoftDelete: true, softDeleteRetentionInDays: 7 },
    });
    expect(named("shared-release-key")).toMatchObject({
      type: "azure-native:keyvault:Key",
      inputs: { keyName: "releases", properties: { kty: "EC", curveName: "P-256", keyOps: ["sign", "verify"] } },
    });
    expect(named("shared-vault-diagnostics").inputs["resourceUri"]).toBe("/id/shared-release-vault");
    expect(grantsOnKey()).toEqual(["caller: Key Vault Crypto User", "caller: Key Vault Reader"]);
    expect(outputs["releaseKeyId"]).toBe("/id/shared-release-key");
  });

  test("operators sign, approvers verify; a vault that cannot be purged comes back when it is made again", async () => {
    const [operator, approver] = ["11111111-2222-4333-8444-555555555555", "22222222-2222-4333-8444-555555555555"];
    await sharedWith({ operators: `["${operator}"]`, approvers: `["${operator}","${approver}"]`, purgeProtection: "true" });
    expect(grantsOnKey()).toEqual([`${operator}: Key Vault Crypto User`, `${operator}: Key Vault Reader`, `${approver}: Key Vault Reader`]);
    expect(named("shared-release-vault").inputs["properties"]).toMatchObject({
      enablePurgeProtection: true,
      softDeleteRetentionInDays: 90,
    });
    expect(named("shared-release-vault-name").inputs).toMatchObject({ kind: "vault", keep: true });
  });
});

describe("dev", () => {
  test("a workspace without keys: storage by Entra only, a vault by roles, no admin on the images", async () => {
    await build("dev");
    expect(named("dev-storage").inputs).toMatchObject({
      accountName: "stmlopsdev7d4bf9",
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      minimumTlsVersion: "TLS1_2",
    });
    expect(named("dev-vault").inputs["properties"]).toMatchObject({
      enableRbacAuthorization: true,
      enableSoftDelete: true,
      tenantId: "tenant",
    });
    expect(named("dev-vault").inputs["properties"]).not.toHaveProperty("enablePurgeProtection");
    expect(named("dev-images").inputs).toMatchObject({ adminUserEnabled: false });
    expect(named("dev-workspace")).toMatchObject({
      type: "azure-native:machinelearningservices:Workspace",
      inputs: {
        workspaceName: "mlw-mlops-dev",
        systemDatastoresAuthMode: "identity",
        identity: { type: "UserAssigned", userAssignedIdentities: ["/id/dev-identity"] },
        primaryUserAssignedIdentity: "/id/dev-identity",
        storageAccount: "/id/dev-storage",
      },
    });
  });

  test("roles reach no further than one resource each, and Contributor goes to the workspace's identity alone", async () => {
    await build("dev");
    const grants = made.filter(({ type }) => type === "azure-native:authorization:RoleAssignment");
    expect(grants).toHaveLength(13);
    for (const { inputs } of grants) expect(inputs["scope"]).toMatch(/^\/id\/dev-(storage|vault|images|insights|workspace)$/);
    const contributors = grants.filter(({ inputs }) => inputs["roleDefinitionId"].endsWith("b24988ac-6180-42a0-ab88-20f7382dd24c"));
    expect(new Set(contributors.map(({ inputs }) => inputs["principalId"]))).toEqual(new Set(["dev-identity-principal"]));
    expect(
      grants
        .filter(({ inputs }) => inputs["principalId"] === "caller")
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["dev-operator-blobs", "dev-operator-workspace"]);
    expect(new Set(grants.map(({ inputs }) => inputs["roleAssignmentName"])).size).toBe(13);
  });

  test("operators by object id instead of the caller", async () => {
    const id = "11111111-2222-4333-8444-555555555555";
    await build("dev", { operators: `["${id}"]` });
    const principals = made
      .filter(({ type }) => type === "azure-native:authorization:RoleAssignment")
      .map(({ inputs }) => inputs["principalId"]);
    expect(principals).toContain(id);
    expect(principals).not.toContain("caller");
  });

  test("the cluster scales to zero", async () => {
    await build("dev", { compute: '{"maxNodes":2,"idleSeconds":300}' });
    expect(named("dev-compute").inputs).toMatchObject({
      computeName: "cpu-cluster",
      identity: { type: "UserAssigned", userAssignedIdentities: ["/id/dev-jobs-identity"] },
      properties: {
        computeType: "AmlCompute",
        disableLocalAuth: true,
        properties: { scaleSettings: { minNodeCount: 0, maxNodeCount: 2, nodeIdleTimeBeforeScaleDown: "PT300S" } },
      },
    });
  });

  test("every component of the folder, its code sent once, its environment by the version made here", async () => {
    await build("dev");
    const components = made.filter(({ inputs }) => inputs["collection"] === "components");
    expect(texts(components.map(({ inputs }) => inputs["name"]))).toEqual([
      "diabetes_evaluate",
      "diabetes_load",
      "diabetes_prepare",
      "diabetes_register",
      "diabetes_train",
    ]);
    for (const { inputs } of components) {
      expect(inputs["version"]).toMatch(/^[0-9a-f]{16}$/);
      expect(inputs["properties"].componentSpec.environment).toBe("dev-development-version-id");
      expect(inputs["properties"].componentSpec.code).toMatch(/^dev-code-project-ml-\w+-reference$/);
    }
    expect(texts(made.filter(({ type }) => type === "mlops:assets:Upload").map(({ inputs }) => inputs["path"]))).toEqual([
      "project/data",
      "project/data/diabetes.csv",
      ...["evaluate", "load", "prepare", "register", "train"].map((name) => `project/ml/${name}`),
    ]);
  });

  test("the data asset keeps its given version and names the uploaded file", async () => {
    await build("dev");
    expect(named("dev-diabetes-version").inputs).toMatchObject({
      collection: "data",
      version: "1",
      contentVersion: false,
      source: "project/data/data.yml",
    });
    expect(named("dev-diabetes-version").inputs["properties"].dataUri).toMatch(/-reference\/diabetes\.csv$/);
    expect(named("dev-diabetes-table-version").inputs).toMatchObject({
      ...{ version: "1", source: "project/data/table.yml" },
      properties: { dataType: "mltable", referencedUris: ["./diabetes.csv"] },
    });
  });

  test("the workspace waits until the roles of its identity hold", async () => {
    await build("dev");
    const roles = made.filter(
      ({ name, type }) => type.endsWith(":RoleAssignment") && name.startsWith("dev-identity-") && name !== "dev-identity-workspace",
    );
    expect(roles).toHaveLength(7);
    expect(texts(named("dev-identity-roles").inputs["assignments"])).toEqual(texts(roles.map(({ name }) => `/id/${name}`)));
  });

  test("names are free again after destroy", async () => {
    await build("dev");
    const released = made.filter(({ type }) => type === "mlops:arm:NameRelease").map(({ inputs }) => inputs["resourceId"]);
    expect(texts(released)).toEqual([
      `/subscriptions/${subscription}/resourceGroups/rg-mlops-dev/providers/Microsoft.KeyVault/vaults/kv-mlops-dev-7d4bf9`,
      `/subscriptions/${subscription}/resourceGroups/rg-mlops-dev/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlops-dev`,
    ]);
  });

  test("without a model version there is no endpoint, and the outputs say where things are", async () => {
    const { outputs } = await build("dev");
    expect(outputs).not.toHaveProperty("endpointName");
    expect(types()).not.toContain("azure-native:machinelearningservices:OnlineEndpoint");
    expect(outputs).toMatchObject({
      ...{ location: "westeurope", resourceGroupName: "rg-mlops-dev", workspaceName: "mlw-mlops-dev", clusterName: "cpu-cluster" },
      ...{ registryName: "mlopsregistry-7d4bf9", registryResourceGroupName: "rg-mlops-shared" },
    });
  });

  test("every resource is named after the stage, and those that take tags have them", async () => {
    await build("dev", { tags: '{"owner":"me"}' });
    for (const { name } of made) expect(name).toMatch(/^dev(-|$)/);
    for (const name of ["dev-storage", "dev-vault", "dev-workspace", "dev-compute", "dev-identity", "dev-logs"]) {
      expect(named(name).inputs["tags"]).toEqual({ project: "mlops", stage: "dev", managedBy: "pulumi", owner: "me" });
    }
  });
});

describe("serving", () => {
  test("one version: deployment blue from the workspace's model, all traffic by the rollout", async () => {
    const { outputs } = await build("dev", { modelVersion: "3" });
    expect(named("dev-endpoint")).toMatchObject({
      type: "azure-native:machinelearningservices:OnlineEndpoint",
      inputs: { endpointName: "mlops-dev-7d4bf9", kind: "Managed", identity: { type: "SystemAssigned" }, properties: { authMode: "Key" } },
    });
    expect(named("dev-endpoint").inputs["properties"]).not.toHaveProperty("traffic");
    expect(named("dev-blue").inputs).toMatchObject({
      deploymentName: "blue",
      sku: { name: "Default", capacity: 1 },
      properties: {
        model: "/id/dev-workspace/models/diabetes/versions/3",
        environmentId: "dev-production-version-id",
        codeConfiguration: { codeId: "dev-code-project-deploy-reference", scoringScript: "score.py" },
      },
    });
    expect(named("dev-rollout").inputs).toMatchObject({
      endpointId: "/id/dev-endpoint",
      traffic: { blue: 100 },
      deployments: { blue: expect.stringMatching(/^model 3, [0-9a-f]{16}$/) },
      steps: [100],
      check: { calls: 5 },
    });
    expect(JSON.parse(named("dev-rollout").inputs["check"].request)).toHaveProperty("input_data");
    expect(outputs).toMatchObject({ endpointName: "mlops-dev-7d4bf9", modelName: "diabetes", modelVersion: "3", slot: "blue" });
  });

  test("a model of automated ML by its own file: no script, no environment; the kept slot by the file of its own kind", async () => {
    await build("dev", { modelVersion: "4", keptVersion: "3", slot: "green", variant: "automl" });
    const { properties } = named("dev-green").inputs;
    expect(properties).toMatchObject({ model: "/id/dev-workspace/models/diabetes/versions/4", instanceType: "Standard_DS3_v2" });
    expect(properties).not.toHaveProperty("codeConfiguration");
    expect(properties).not.toHaveProperty("environmentId");
    expect(named("dev-blue").inputs["properties"].codeConfiguration.scoringScript).toBe("score.py");
    made.length = 0;
    await build("dev", { modelVersion: "5", keptVersion: "4", slot: "blue", keptVariant: "automl" });
    expect(named("dev-green").inputs["properties"]).not.toHaveProperty("codeConfiguration");
    expect(named("dev-blue").inputs["properties"].codeConfiguration.scoringScript).toBe("score.py");
  });

  test("two versions: both slots, traffic to the live one, and the kept one's mark does not depend on the files", async () => {
    await build("dev", { modelVersion: "4", keptVersion: "3", slot: "green", rollout: '{"steps":[10,50,100],"bakeSeconds":60}' });
    expect(named("dev-green").inputs["properties"].model).toMatch(/versions\/4$/);
    expect(named("dev-blue").inputs["properties"].model).toMatch(/versions\/3$/);
    expect(named("dev-rollout").inputs).toMatchObject({
      traffic: { green: 100 },
      steps: [10, 50, 100],
      bakeSeconds: 60,
      deployments: { blue: "model 3" },
    });
  });

  test("overrides as --set has them", async () => {
    await build("dev", {
      modelVersion: "1",
      deploymentSet: '["instance_count=3","environment_variables.WORKER_COUNT=2"]',
      endpointSet: '["auth_mode=aad_token"]',
    });
    expect(named("dev-blue").inputs["sku"].capacity).toBe(3);
    expect(named("dev-blue").inputs["properties"].environmentVariables).toEqual({ WORKER_COUNT: "2", PERSONAL_COLUMNS: "age,sex" });
    expect(named("dev-endpoint").inputs["properties"].authMode).toBe("AADToken");
  });

  test("a wrong override is told with the file's own words, before anything is made", async () => {
    const settings = parseSettings(
      stageSettings("dev"),
      config({ modelVersion: "1", deploymentSet: '["instance_cuont=3"]' }),
      "azure-mlops",
      "dev",
    );
    const unasked = (): Promise<void> => Promise.reject(new Error("nobody is signed in"));
    await expect(stage(settings, unasked)).rejects.toThrow(/instance_cuont/);
    expect(made).toEqual([]);
  });

  test("whoever may not go on makes nothing", async () => {
    const settings = parseSettings(stageSettings("dev"), config({}), "azure-mlops", "dev");
    await expect(stage(settings, () => Promise.reject(new Error("nobody is signed in")))).rejects.toThrow(/nobody is signed in/);
    expect(made).toEqual([]);
  });
});

describe("batch", () => {
  const on = { batch: '{"enabled":true}' };
  const azure = (name: string): Made => made.find((one) => one.name === name && !one.type.startsWith("mlops:assets"))!;

  test("nothing of it unless it is switched on, nor without a model", async () => {
    await build("dev", { modelVersion: "1" });
    expect(types().filter((type) => /batch/i.test(type))).toEqual([]);
    made.length = 0;
    await build("dev", on);
    expect(types().filter((type) => /batch/i.test(type))).toEqual([]);
  });

  test("a deployment in each slot that has a model, the live one the default once it has scored the sample data", async () => {
    const outputs = await build("dev", { ...on, modelVersion: "2", keptVersion: "1", slot: "green" });
    expect(azure("dev-batch-endpoint")).toMatchObject({
      type: "azure-native:machinelearningservices:BatchEndpoint",
      inputs: { endpointName: "mlops-dev-batch-7d4bf9", properties: { authMode: "aadToken" } },
    });
    expect(azure("dev-batch-endpoint").inputs["properties"].defaults).toBeUndefined();
    for (const [slot, version] of [
      ["green", "2"],
      ["blue", "1"],
    ])
      expect(azure(`dev-batch-${slot}`).inputs).toMatchObject({
        deploymentName: slot,
        properties: {
          model: { referenceType: "Id", assetId: `/id/dev-workspace/models/diabetes/versions/${version}` },
          codeConfiguration: { codeId: "dev-code-project-deploy-batch-reference", scoringScript: "batch_score.py" },
          compute: "/id/dev-workspace/computes/cpu-cluster",
          errorThreshold: 0,
          outputAction: "AppendRow",
        },
      });
    expect(azure("dev-batch-rollout").inputs).toMatchObject({
      endpointId: "/id/dev-batch-endpoint",
      deployment: "green",
      deployments: { blue: "model 1", green: expect.stringMatching(/^model 2, [0-9a-f]{16}$/) },
      check: {
        inputs: {
          data: { jobInputType: "UriFile", uri: "dev-data-project-deploy-batch-sample.csv-reference/batch-sample.csv" },
        },
        file: "predictions.csv",
        minutes: 30,
      },
    });
    expect(outputs).toMatchObject({ outputs: { batchEndpointName: "mlops-dev-batch-7d4bf9" } });
  });

  test("a stage that trains nothing gets the cluster that its jobs run on, and the registry's model", async () => {
    await build("qa", { ...on, modelVersion: "2" });
    expect(azure("qa-compute").inputs["computeName"]).toBe("cpu-cluster");
    expect(azure("qa-batch-blue").inputs["properties"].model.assetId).toMatch(
      /^azureml:\/\/registries\/mlopsregistry-7d4bf9\/models\/diabetes\/versions\/2$/,
    );
  });

  test("without an online endpoint it is refused by name, as releases move on that", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mlops-batch-only-"));
    const root = join(import.meta.dirname, "..");
    cpSync(join(root, "project"), folder, { recursive: true });
    rmSync(join(folder, "deploy", "endpoint.yml"));
    const project = relative(root, folder);
    const settings = parseSettings(stageSettings("dev"), config({ ...on, project, modelVersion: "1" }), "azure-mlops", "dev");
    await expect(stage(settings, allowed)).rejects.toThrow(
      /has a batch endpoint and no online one, which is not supported: .* Add deploy\/endpoint.yml/,
    );
    rmSync(folder, { recursive: true });
    expect(made).toEqual([]);
  });

  test("settings that cannot be are refused", () => {
    const attempt = (batch: unknown) => () =>
      parseSettings(stageSettings("dev"), config({ batch: JSON.stringify(batch) }), "azure-mlops", "dev");
    expect(attempt({ enabled: true, endpointName: "x_y" })).toThrow(/batch.endpointName is "x_y": must be 3 to 32 letters/);
    expect(attempt({ enabled: true, checkMinutes: 0 })).toThrow(/batch.checkMinutes is 0: must be more than 0/);
    expect(attempt({ enable: true })).toThrow(/enable/);
  });
});

describe("notifications", () => {
  const url = "https://hooks.example.com/services/very-secret";
  const channels = {
    team: {
      kind: "mail",
      to: ["ann@example.com"],
      from: "DoNotReply@example.com",
      connectionString: "endpoint=https://a.b/;accesskey=very-secret",
    },
    chat: { kind: "slack", url, on: ["live", "rolledBack"], quietSeconds: 30 },
  };
  const resource = (name: string, type: string): Made =>
    made.find((one) => one.name === name && one.type.startsWith(`azure-native:${type}`))!;

  test("a workflow for each channel, subscribed to what the channel wants to hear", async () => {
    await build("prod", { notifications: JSON.stringify(channels) });
    expect(resource("prod-events", "eventgrid:SystemTopic").inputs).toMatchObject({
      systemTopicName: "evgt-mlops-prod",
      topicType: "Microsoft.MachineLearningServices.Workspaces",
    });
    expect(resource("prod-team-workspace", "eventgrid").inputs["filter"]).toMatchObject({
      includedEventTypes: ["Microsoft.MachineLearningServices.DatasetDriftDetected"],
    });
    expect(made.find(({ name }) => name === "prod-chat-workspace")).toBeUndefined();
    expect(resource("prod-chat-releases", "eventgrid:EventSubscription").inputs).toMatchObject({
      scope: expect.stringMatching(/rg-mlops-shared\/providers\/Microsoft.EventGrid\/topics\/evgt-mlops-releases-7d4bf9$/),
      eventSubscriptionName: "prod-chat",
      filter: { includedEventTypes: ["AzureMlops.Release.Live", "AzureMlops.Release.RolledBack"], subjectBeginsWith: "stages/prod/" },
    });
    const { definition } = resource("prod-chat", "logic:Workflow").inputs;
    expect(definition.actions.Quiet.inputs.interval).toEqual({ count: 30, unit: "Second" });
    expect(JSON.stringify(definition)).not.toContain("very-secret");
  });

  test("keys are Pulumi secrets, wherever they go", async () => {
    await build("prod", { notifications: JSON.stringify(channels) });
    // How Pulumi marks what is encrypted in its state.
    const secret = (value: unknown): boolean => JSON.stringify(value).includes("1b47061264138c4ac30d75fd1eb44270");
    expect(secret(resource("prod-chat", "logic:Workflow").inputs["parameters"])).toBe(true);
    expect(secret(resource("prod-chat", "logic:Workflow").inputs["definition"])).toBe(false);
    expect(secret(resource("prod-team-mail", "web:Connection").inputs["properties"])).toBe(true);
    expect(secret(resource("prod-chat-releases", "eventgrid").inputs["destination"])).toBe(true);
  });

  test("nothing of it without a channel; a new model starts the pipeline where a trigger is set", async () => {
    await build("dev");
    expect(types().filter((type) => /eventgrid|logic/.test(type))).toEqual([]);
    made.length = 0;
    await build("dev", { trigger: JSON.stringify({ kind: "github", repository: "contoso/churn", token: "x".repeat(30) }) });
    const { definition } = resource("dev-trigger", "logic:Workflow").inputs;
    expect(definition.actions.Each.actions.Start.inputs).toMatchObject({
      uri: "https://api.github.com/repos/contoso/churn/dispatches",
      body: { event_type: "model-registered" },
    });
  });

  test.each([
    [{ chat: { ...channels.chat, on: ["lve"] } }, /notifications.chat.on.0 is "lve": must be one of modelRegistered/],
    [{ Chat: channels.chat }, /names of channels are 1 to 20 lower-case/],
    [{ chat: { kind: "pager", url } }, /must have a kind: mail, teams, slack or webhook/],
    [{ chat: { ...channels.chat, url: "http://very-secret" } }, /notifications.chat.url must be an https address/],
    [{ team: { ...channels.team, connectionString: "very-secret" } }, /must be endpoint=/],
  ])("a wrong channel is refused, and its key stays unsaid: %#", (given, message) => {
    const attempt = () => parseSettings(stageSettings("prod"), config({ notifications: JSON.stringify(given) }), "azure-mlops", "prod");
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow(/very-secret/);
  });
});

describe("qa and prod", () => {
  test("only what serves: no cluster, no data, no components; the model comes from the registry", async () => {
    await build("qa", { modelVersion: "5" });
    expect(types()).not.toContain("azure-native:machinelearningservices:Compute");
    expect(made.filter(({ type }) => type === "mlops:assets:AssetVersion").map(({ inputs }) => inputs["collection"])).toEqual([
      "environments",
    ]);
    expect(named("qa-blue").inputs["properties"].model).toBe("azureml://registries/mlopsregistry-7d4bf9/models/diabetes/versions/5");
  });

  test("prod is closed, its vault cannot be purged, and what is deleted is kept", async () => {
    await build("prod", { modelVersion: "5" });
    expect(named("prod-workspace").inputs["publicNetworkAccess"]).toBe("Disabled");
    expect(named("prod-storage").inputs["publicNetworkAccess"]).toBe("Disabled");
    expect(named("prod-endpoint").inputs["properties"].publicNetworkAccess).toBe("Disabled");
    expect(named("prod-vault").inputs["properties"]).toMatchObject({ enablePurgeProtection: true, softDeleteRetentionInDays: 90 });
    for (const kind of ["vault", "workspace"]) expect(named(`prod-${kind}-name`).inputs).toMatchObject({ kind, keep: true });
    expect(named("prod-vault").inputs["properties"]).not.toHaveProperty("createMode");
  });

  test("prod locks what holds data, and nothing that has deployments below it; settings say how long logs are kept and who gets them", async () => {
    await build("prod");
    const locks = (): Made[] => made.filter(({ type }) => type === "azure-native:authorization:ManagementLockByScope");
    expect(
      locks()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["images", "logs", "storage", "vault"].map((what) => `prod-${what}-lock`));
    expect(named("prod-vault-lock").inputs).toMatchObject({ scope: "/id/prod-vault", level: "CanNotDelete", lockName: "mlops-keep" });
    made.splice(0);
    await build("dev");
    expect(locks()).toEqual([]);
    const central = "/subscriptions/s/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/central";
    await build("qa", {
      locks: "true",
      diagnostics: JSON.stringify({ retentionDays: 180, logs: "allLogs", further: ["images"], alsoTo: central }),
    });
    expect(locks()).toHaveLength(4);
    expect(named("qa-logs").inputs).toMatchObject({ retentionInDays: 180 });
    expect(named("qa-vault-diagnostics-also").inputs).toMatchObject({
      workspaceId: central,
      logs: [{ categoryGroup: "allLogs", enabled: true }],
    });
    expect(named("qa-images-diagnostics").inputs).toMatchObject({ resourceUri: "/id/qa-images", workspaceId: "/id/qa-logs" });
  });

  test("a key of one's own: storage, images and workspace are encrypted with it, once the identity's role on it holds", async () => {
    const keyVault = "/subscriptions/s/resourceGroups/security/providers/Microsoft.KeyVault/vaults/kv-keys";
    const version = "0123456789abcdef0123456789abcdef";
    const keyUri = `https://kv-keys.vault.azure.net/keys/ml/${version}`;
    const cosmos = "9b5ce1a2-0000-4000-8000-00000000c05a";
    await build("qa", { customerManagedKey: JSON.stringify({ keyVault, keyUri, alsoUsedBy: [cosmos] }) });
    for (const [name, principalId] of [
      ["qa-key-identity", "qa-identity-principal"],
      ["qa-key-9b5ce1a2", cosmos],
    ])
      expect(named(name!).inputs).toMatchObject({
        ...{ principalId, scope: `${keyVault}/keys/ml` },
        roleDefinitionId: expect.stringContaining(roles["Key Vault Crypto Service Encryption User"]),
      });
    expect(named("qa-key-roles").inputs["assignments"]).toEqual(["/id/qa-key-identity", "/id/qa-key-9b5ce1a2"]);
    expect(named("qa-storage").inputs).toMatchObject({
      identity: { type: "UserAssigned", userAssignedIdentities: ["/id/qa-identity"] },
      encryption: {
        keySource: "Microsoft.Keyvault",
        encryptionIdentity: { encryptionUserAssignedIdentity: "/id/qa-identity" },
        keyVaultProperties: { keyVaultUri: "https://kv-keys.vault.azure.net", keyName: "ml", keyVersion: version },
      },
    });
    expect(named("qa-images").inputs).toMatchObject({
      identity: { type: "UserAssigned", userAssignedIdentities: { "/id/qa-identity": {} } },
      sku: { name: "Premium" },
      encryption: { status: "enabled", keyVaultProperties: { keyIdentifier: keyUri } },
    });
    expect(named("qa-workspace").inputs["encryption"]).toEqual({
      status: "Enabled",
      identity: { userAssignedIdentity: "/id/qa-identity" },
      keyVaultProperties: { keyVaultArmId: keyVault, keyIdentifier: keyUri },
    });
    made.splice(0);
    await build("qa");
    for (const name of ["qa-storage", "qa-images", "qa-workspace"]) expect(named(name).inputs).not.toHaveProperty("encryption");
  });

  test("the live slot's instances follow its load within the settings' bounds, and only its", async () => {
    await build("prod", { modelVersion: "2", keptVersion: "1", autoscale: '{"min":2,"max":6,"latencyMs":200}' });
    expect(named("prod-blue").inputs["sku"]).toMatchObject({ capacity: 2 });
    const scaled = named("prod-blue-autoscale").inputs;
    expect(scaled).toMatchObject({ autoscaleSettingName: "autoscale-mlops-prod-7d4bf9-blue", targetResourceUri: "/id/prod-blue" });
    expect(scaled["profiles"][0].capacity).toEqual({ minimum: "2", maximum: "6", default: "2" });
    type Rule = { metricTrigger: Record<string, unknown>; scaleAction: { direction: string } };
    expect(
      scaled["profiles"][0].rules.map(({ metricTrigger, scaleAction }: Rule) => [
        metricTrigger["metricName"],
        metricTrigger["operator"],
        metricTrigger["threshold"],
        scaleAction.direction,
      ]),
    ).toEqual([
      ["CpuUtilizationPercentage", "GreaterThan", 70, "Increase"],
      ["RequestLatency", "GreaterThan", 200, "Increase"],
      ["CpuUtilizationPercentage", "LessThan", 35, "Decrease"],
    ]);
    expect(made.filter(({ type }) => type === "azure-native:monitor:AutoscaleSetting")).toHaveLength(1);
  });

  test("a budget tells at the settings' thresholds, and calls webhooks through an action group", async () => {
    await build("qa", {
      budget: JSON.stringify({
        monthly: 50,
        spentPercent: [70],
        forecastPercent: [100],
        emails: ["ann@example.com"],
        webhooks: ["https://chat.example.com/key"],
      }),
    });
    const { notifications } = named("qa-budget").inputs;
    expect(Object.keys(notifications).toSorted()).toEqual(["forecast100", "spent70"]);
    expect(notifications.spent70).toMatchObject({
      threshold: 70,
      thresholdType: "Actual",
      contactEmails: ["ann@example.com"],
      contactGroups: ["/id/qa-budget-people"],
    });
    expect(named("qa-budget-people").inputs).toMatchObject({ actionGroupName: "ag-budget-mlops-qa", groupShortName: "budget" });
    made.splice(0);
    await build("dev");
    expect(Object.keys(named("dev-budget").inputs["notifications"]).toSorted()).toEqual(["forecast110", "spent100", "spent80"]);
    expect(made.some(({ name }) => name === "dev-budget-people")).toBe(false);
  });

  test("a vault that was deleted and is kept is made again by recovering it", async () => {
    recovers = true;
    await build("prod").finally(() => (recovers = false));
    expect(named("prod-vault").inputs["properties"]).toMatchObject({ createMode: "recover" });
    await build("qa");
    expect(named("qa-vault-name").inputs).not.toHaveProperty("keep");
  });
});

describe("a private stage", () => {
  const links = () =>
    made
      .filter(({ type }) => type === "azure-native:network:PrivateEndpoint")
      .map(({ inputs }) => [inputs["privateEndpointName"], inputs["privateLinkServiceConnections"][0].groupIds[0], inputs["subnet"].id])
      .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])));

  test("everything has a private endpoint in the stage's own network, and a name in its zones", async () => {
    await build("prod", { virtualNetwork: '{"addressSpace":"10.9.0.0/24"}' });
    const subnet = "/id/prod-subnet-endpoints";
    expect(links()).toEqual([
      ["pe-prod-blob", "blob", subnet],
      ["pe-prod-file", "file", subnet],
      ["pe-prod-images", "registry", subnet],
      ["pe-prod-vault", "vault", subnet],
      ["pe-prod-workspace", "amlworkspace", subnet],
    ]);
    expect(["endpoints", "runners"].map((name) => named(`prod-subnet-${name}`).inputs["addressPrefix"])).toEqual([
      "10.9.0.0/25",
      "10.9.0.128/25",
    ]);
    expect(texts(made.filter(({ type }) => type.endsWith(":PrivateZone")).map(({ inputs }) => inputs["privateZoneName"]))).toEqual([
      "privatelink.api.azureml.ms",
      "privatelink.azurecr.io",
      "privatelink.blob.core.windows.net",
      "privatelink.file.core.windows.net",
      "privatelink.notebooks.azure.net",
      "privatelink.vaultcore.azure.net",
    ]);
    expect(named("prod-images").inputs).toMatchObject({ sku: { name: "Premium" }, publicNetworkAccess: "Disabled" });
  });

  test("jobs and builds run in the managed network, which lets out what the settings name", async () => {
    await build("qa", { network: "private", virtualNetwork: '{"outbound":["pypi.org"]}' });
    const { managedNetwork, imageBuildCompute } = named("qa-workspace").inputs;
    expect(managedNetwork).toMatchObject({
      isolationMode: "AllowOnlyApprovedOutbound",
      outboundRules: { "host-pypi-org": { type: "FQDN", destination: "pypi.org" }, registry: { type: "PrivateEndpoint" } },
    });
    expect(named("qa-compute").inputs["computeName"]).toBe(imageBuildCompute);
    expect(types()).not.toContain("azure-native:machinelearningservices:ComponentVersion");
  });

  test("in a subnet that somebody else keeps there is neither network nor zone", async () => {
    const subnetId = `/subscriptions/${subscription}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub/subnets/ml`;
    await build("prod", { virtualNetwork: JSON.stringify({ subnetId, dns: "none" }) });
    expect(new Set(links().map(([, , id]) => id))).toEqual(new Set([subnetId]));
    for (const type of ["network:VirtualNetwork", "privatedns:PrivateZone", "network:PrivateDnsZoneGroup"])
      expect(types()).not.toContain(`azure-native:${type}`);
  });

  test("a public stage has none of it", async () => {
    await build("qa", {});
    expect(types().filter((type) => /:network:|:privatedns:/.test(type))).toEqual([]);
    expect(named("qa-workspace").inputs["managedNetwork"]).toBeUndefined();
  });
});

describe("auto", () => {
  const build = async (values: Record<string, string>) =>
    settle(() => auto(parseSettings(AutoSettings, config(values), "azure-mlops", "auto"), allowed));

  test("nothing but outputs without a model version", async () => {
    expect(await build({})).toMatchObject({ workspaceName: "mlw-mlops-dev", resourceGroupName: "rg-mlops-dev" });
    expect(made).toEqual([]);
  });

  test("an endpoint of its own in dev's workspace, model and environment from the registry", async () => {
    await build({ modelVersion: "2" });
    expect(named("auto-endpoint").inputs).toMatchObject({
      endpointName: "mlops-auto-7d4bf9",
      workspaceName: "mlw-mlops-dev",
      resourceGroupName: "rg-mlops-dev",
    });
    const { properties } = named("auto-blue").inputs;
    expect(properties.model).toBe("azureml://registries/mlopsregistry-7d4bf9/models/diabetes/versions/2");
    expect(properties.environmentId).toMatch(
      /^azureml:\/\/registries\/mlopsregistry-7d4bf9\/environments\/diabetes-prod\/versions\/[0-9a-f]{16}$/,
    );
  });
});
