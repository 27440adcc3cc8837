// Inputs against the SDK's types: what passes, and how a failure reads.
import { beforeAll, expect, test } from "@jest/globals";
import { checkInputs } from "./check.ts";
import { ensureTables } from "./install.ts";
import { Asset, unknown } from "./rpc/values.ts";
import type { Properties } from "./rpc/values.ts";
import { Tables } from "./table/load.ts";
import { repoDir } from "./testing/project.ts";

let tables: Tables;
beforeAll(async () => {
  tables = new Tables(await ensureTables(repoDir));
}, 60_000);

function failures(token: string, inputs: Properties): string[] {
  const [module, type] = token.split(":") as [string, string];
  return checkInputs(inputs, tables.resource(module, type)!.table.in, module, tables).map((f) => f.reason);
}

const deployment = {
  resourceGroupName: "g",
  workspaceName: "w",
  endpointName: "e",
  location: "l",
  properties: { endpointComputeType: "Managed", model: "m" },
};

test("what the SDK allows passes, unknowns everywhere", () => {
  expect(failures("machinelearningservices:OnlineDeployment", deployment)).toEqual([]);
  expect(
    failures("machinelearningservices:OnlineDeployment", {
      ...deployment,
      location: unknown,
      properties: unknown,
      sku: { name: unknown, capacity: unknown },
    }),
  ).toEqual([]);
  expect(failures("machinelearningservices:OnlineDeployment", { ...deployment, properties: { endpointComputeType: unknown } })).toEqual([]);
  expect(
    failures("storage:Blob", { resourceGroupName: "g", accountName: "a", containerName: "c", source: new Asset({ text: "x" }) }),
  ).toEqual([]);
  expect(
    failures("machinelearningservices:Workspace", {
      resourceGroupName: "g",
      kind: "anything",
      publicNetworkAccess: "any string: the enum is open",
    }),
  ).toEqual([]);
});

test("missing, unknown, of the wrong type, not of the enum", () => {
  expect(failures("machinelearningservices:OnlineDeployment", { ...deployment, endpointName: undefined })).toEqual([
    "missing required property 'endpointName'",
  ]);
  expect(failures("machinelearningservices:OnlineDeployment", { ...deployment, tagz: {} })).toEqual([
    "unknown property 'tagz'; did you mean 'tags'?",
  ]);
  expect(failures("machinelearningservices:OnlineDeployment", { ...deployment, tags: { a: 1 } })).toEqual([
    "'tags.a' should be of type 'string' but is 1",
  ]);
  expect(failures("machinelearningservices:OnlineDeployment", { ...deployment, sku: { name: "Default", tier: "Gold" } })).toEqual([
    `'sku.tier' must be one of "Free", "Basic", "Standard", "Premium" but is "Gold"`,
  ]);
  expect(failures("network:VirtualNetwork", { resourceGroupName: "g", addressSpace: { addressPrefixes: "10.0.0.0/16" } })).toEqual([
    `'addressSpace.addressPrefixes' should be of type 'array' but is "10.0.0.0/16"`,
  ]);
  expect(failures("network:VirtualNetwork", { resourceGroupName: "g", subnets: [{ name: "a" }, { nam: "b" }] })).toEqual([
    "unknown property 'subnets[1].nam'; did you mean 'name'?",
  ]);
});

test("a union names its alternatives", () => {
  expect(
    failures("machinelearningservices:OnlineDeployment", { ...deployment, properties: { endpointComputeType: "Serverless" } }),
  ).toEqual([`'properties.endpointComputeType' must be one of "Kubernetes", "Managed" but is "Serverless"`]);
  expect(
    failures("machinelearningservices:OnlineDeployment", { ...deployment, properties: { ...deployment.properties, modle: "x" } }),
  ).toEqual(["unknown property 'properties.modle'; did you mean 'model'?"]);
});

test("the location's failure says how to set it once for all", () => {
  const { table } = tables.resource("resources", "ResourceGroup")!;
  const required = { ...table.in, r: ["location"] };
  expect(checkInputs({}, required, "resources", tables)[0]?.reason).toContain("pulumi config set azure-native:location");
});

test("a failure never shows what is inside an object", () => {
  expect(failures("machinelearningservices:Workspace", { resourceGroupName: "g", description: { password: "hush" } }).join()).not.toContain(
    "hush",
  );
});
