// azure-ai-ml, unpatched, against a sandbox of its own: workspaces, compute, datastores, registries, assets. Jobs, endpoints, schedules: azure-ai-ml-*.test.ts.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SDK_VERSION } from "../sdk/setup.ts";
import { azureMlOperations, type AzureMl, azureMl, notModelled } from "./azure-ai-ml.ts";
import { kept } from "./kept.ts";

const client = "azure-ai-ml";
let ml: AzureMl;
beforeAll(async () => {
  ml = await azureMl();
}, 60_000);
afterAll(async () => await ml.sandbox.stop());

const stores = ["workspaceartifactstore", "workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory"];

const refused = (group: string, operations: string): object =>
  Object.fromEntries(operations.split(" ").map((operation) => [`${group}.${operation}`, notModelled]));

test("workspaces, compute, datastores, registries", () => {
  expect(ml.run("azure_ai_ml_workspace.py")).toEqual({
    "workspaces.begin_create": { name: "rooms", description: "one", storage: expect.stringMatching(/^roomsstorage/) },
    "workspaces.begin_create: again": { description: "two" },
    "workspaces.begin_update": { description: "three", tags: expect.objectContaining({ team: "ml" }) },
    "workspaces.get": { location: "westeurope" },
    "workspaces.list": { names: ["rooms"] },
    "workspaces.get_keys": { storage: true },
    "workspaces.begin_sync_keys": {},
    "workspaces.begin_diagnose": { storage: [] },
    "workspaces.begin_provision_network": notModelled,
    "workspaces.begin_create: managed network": { mode: "AllowOnlyApprovedOutbound" },
    "workspace_outbound_rules.begin_create": { destination: "pypi.org" },
    "workspace_outbound_rules.begin_update": { destination: "*.pypi.org" },
    "workspace_outbound_rules.get": { destination: "*.pypi.org" },
    "workspace_outbound_rules.list": { names: ["pypi"] },
    "workspace_outbound_rules.begin_remove": { names: [] },
    "workspaces.begin_create: soft-deleted": { refused: true },
    "workspaces.begin_create: hub": notModelled,
    "feature_stores.begin_create": notModelled,
    "feature_stores.list": { names: [] },
    "workspaces.get: from_config": { name: "rooms" },
    "compute.begin_create_or_update": { size: "Standard_DS3_v2", max: 4, idle: 300 },
    "compute.begin_update": { max: 6 },
    "compute.get": { max: 6 },
    "compute.begin_stop": { state: "Stopped" },
    "compute.begin_start": { state: "Running" },
    "compute.begin_restart": { state: "Running" },
    "compute.list": { names: ["ci-clients", "cpu-cluster"] },
    "compute.list_nodes": { nodes: 0 },
    "compute.list_usage": { limit: 500 },
    "compute.list_sizes": { some: true },
    "compute.begin_attach": { type: "kubernetes" },
    "compute.begin_delete": { names: ["cpu-cluster", "k8s"] },
    "compute.enable_sso": notModelled,
    "datastores.get_default": { name: "workspaceblobstore" },
    "datastores.create_or_update: blob": { account: true },
    "datastores.create_or_update: file share": { type: "AzureFile" },
    "datastores.create_or_update: data lake": { filesystem: "f" },
    "datastores.get": { container: "extra" },
    "datastores.list": { names: ["extra", "lake", "share", ...stores] },
    "datastores.delete": { left: stores.length },
    "registries.begin_create": { name: "roomsreg" },
    "registries.get": { location: "westeurope" },
    "registries.list": { names: ["roomsreg"] },
    "registries.begin_delete": { names: [] },
    ...refused("connections", "create_or_update list get delete"),
    ...refused("azure_openai_deployments", "list"),
    ...refused("indexes", "get list"),
    ...refused("serverless_endpoints", "list begin_create_or_update get get_keys begin_regenerate_keys begin_delete"),
    ...refused("marketplace_subscriptions", "list get begin_create_or_update begin_delete"),
    ...refused("capability_hosts", "get begin_delete"),
    ...refused("feature_sets", "list get archive restore list_features get_feature begin_backfill"),
    "feature_sets.list_materialization_operations": { jobs: 0 },
    ...refused("feature_store_entities", "list get begin_create_or_update archive restore"),
    ...refused("feature_stores", "begin_provision_network"),
    "workspaces.begin_delete": { gone: true },
  });
}, 180_000);

const shared = (kind: string, name: string, version: string): object => ({
  id: `azureml://registries/clientsreg/${kind}/${name}/versions/${version}`,
});

test("data, environments, components, models, and their way through a registry", () => {
  expect(ml.run("azure_ai_ml_assets.py")).toEqual({
    "data.create_or_update: versions by themselves": { first: "1", second: "2", same_bytes: true },
    "data.create_or_update: file": { version: "7", ends: "a.csv" },
    "data.create_or_update: mltable": { type: "mltable" },
    "data.create_or_update: 70 MB": { version: "1" },
    "data.create_or_update: a version again": { refused: true, code: "UserError" },
    "data.get": { latest: "2", tags: { a: "b" } },
    "data.list": { names: ["big", "file", "folder", "table"] },
    "data.archive": { active: [] },
    "data.restore": { active: ["7"] },
    "environments.create_or_update: conda": { version: "1" },
    "environments.create_or_update: build context": { dockerfile: "Dockerfile" },
    "environments.create_or_update: image": { image: expect.stringContaining("openmpi") },
    "environments.get": { latest: "1" },
    "environments.get: curated, of a workspace": { image: true },
    "environments.archive": { active: ["built", "conda"] },
    "environments.restore": { active: ["built", "conda", "plain"] },
    "environments.list": { versions: ["1"] },
    "components.create_or_update": { version: "1", code_reused: true },
    "components.get": { command: "python train.py ${{inputs.x}} ${{inputs.rate}}", inputs: ["rate", "x"] },
    "components.get: no version": { version: "2" },
    "components.validate": { passed: true },
    "components.archive": { active: ["2"] },
    "components.restore": { active: ["1", "2"] },
    "components.list": { names: ["train"] },
    "components.download": { files: expect.arrayContaining([expect.stringContaining("train.py")]) },
    "models.create_or_update": { version: "1", properties: "0.9" },
    "models.download": { files: ["answer/model/weights.txt"], text: "42" },
    "models.list": { names: ["answer"] },
    "models.archive": { active: [] },
    "models.restore": { active: ["answer"] },
    "models.get": { missing_refused: true, version: "1" },
    "evaluators.create_or_update": { version: "1" },
    "evaluators.get": { name: "judge" },
    "evaluators.list": { versions: ["1"], models: [] },
    "evaluators.download": { files: ["judge/model/weights.txt"] },
    "models.package": notModelled,
    "models.share": shared("models", "answer", "5"),
    "data.share": shared("data", "folder", "5"),
    "environments.share": shared("environments", "plain", "5"),
    "models.download: registry": { files: ["answer/model/weights.txt"] },
    "models.list: registry": { names: ["answer"] },
    "models.create_or_update: registry": shared("models", "own", "1"),
    "environments.create_or_update: registry": shared("environments", "renv", "1"),
    "components.create_or_update: registry": shared("components", "train", "1"),
    "components.get: registry": { inputs: ["rate", "x"] },
    "data.create_or_update: registry": shared("data", "rdata", "1"),
    "data.list: registry": { names: ["folder", "rdata"] },
    "environments.get: curated": { image: "mcr.microsoft.com/azureml/curated/sklearn-1.5:20" },
  });
}, 240_000);

test("what was seen is what the docs' table is made from", () => {
  const [was, is] = kept("azure-ai-ml", { client, version: SDK_VERSION, operations: ml.notes.operations });
  expect(was).toEqual(is);
  const [wasAll, isAll] = kept("azure-ai-ml.all", { client, version: SDK_VERSION, all: azureMlOperations() });
  expect(wasAll).toEqual(isAll);
}, 60_000);
