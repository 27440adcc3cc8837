// Shapes there and back for the types where SDK and REST differ most.
import { beforeAll, expect, test } from "@jest/globals";
import { ensureTables } from "../install.ts";
import { resourceOf } from "../resource.ts";
import { unknown } from "../rpc/values.ts";
import type { Properties } from "../rpc/values.ts";
import { Tables } from "../table/load.ts";
import { repoDir } from "../testing/project.ts";
import { fromBody, outputsAsInputs, previewOutputs, toBody } from "./convert.ts";

let tables: Tables;
beforeAll(async () => {
  tables = new Tables(await ensureTables(repoDir));
}, 60_000);

/** Body of the inputs, and inputs of that body. */
function there(token: string, inputs: Properties): { body: unknown; back: Properties } {
  const { table, module, notInBody } = resourceOf(`azure-native:${token}`, tables);
  const body = toBody(inputs, table.in, module, tables, notInBody);
  const back = outputsAsInputs(fromBody(body, table.out, module, tables), table.in, module, tables);
  return { body, back };
}

test("storage account: names that REST has otherwise", () => {
  const inputs = {
    sku: { name: "Standard_LRS" },
    kind: "StorageV2",
    location: "westeurope",
    enableHttpsTrafficOnly: true,
    networkRuleSet: {
      defaultAction: "Deny",
      ipRules: [{ iPAddressOrRange: "10.0.0.1" }],
      virtualNetworkRules: [{ virtualNetworkResourceId: "/v" }],
    },
  };
  const { body, back } = there("storage:StorageAccount", { ...inputs, accountName: "a", resourceGroupName: "g", azureApiVersion: "x" });
  expect(body).toEqual({
    sku: { name: "Standard_LRS" },
    kind: "StorageV2",
    location: "westeurope",
    properties: {
      supportsHttpsTrafficOnly: true,
      networkAcls: { defaultAction: "Deny", ipRules: [{ value: "10.0.0.1" }], virtualNetworkRules: [{ id: "/v" }] },
    },
  });
  expect(back).toEqual(inputs);
});

test("virtual network: nested resources carry their own properties", () => {
  const inputs = {
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
    subnets: [{ name: "s", addressPrefix: "10.0.0.0/24", networkSecurityGroup: { id: "/n" } }],
  };
  const { body, back } = there("network:VirtualNetwork", inputs);
  expect(body).toEqual({
    properties: {
      addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
      subnets: [{ name: "s", properties: { addressPrefix: "10.0.0.0/24", networkSecurityGroup: { id: "/n" } } }],
    },
  });
  expect(back).toEqual(inputs);
});

test("application insights: its old capitals", () => {
  const { body, back } = there("applicationinsights:Component", {
    kind: "web",
    applicationType: "web",
    workspaceResourceId: "/w",
    ingestionMode: "LogAnalytics",
  });
  expect(body).toEqual({ kind: "web", properties: { Application_Type: "web", WorkspaceResourceId: "/w", IngestionMode: "LogAnalytics" } });
  expect(back).toEqual({ kind: "web", applicationType: "web", workspaceResourceId: "/w", ingestionMode: "LogAnalytics" });
});

test("event grid: a destination's fields stand under its properties, told apart by its type", () => {
  const inputs = { destination: { endpointType: "WebHook", endpointUrl: "https://x" }, filter: { includedEventTypes: ["a"] } };
  const { body, back } = there("eventgrid:SystemTopicEventSubscription", inputs);
  expect(body).toEqual({
    properties: {
      destination: { endpointType: "WebHook", properties: { endpointUrl: "https://x" } },
      filter: { includedEventTypes: ["a"] },
    },
  });
  expect(back).toEqual(inputs);
});

test("metric alert: a dot inside a name", () => {
  const criteria = { odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", allOf: [] };
  const { body, back } = there("monitor:MetricAlert", { criteria });
  expect(body).toEqual({ properties: { criteria: { "odata.type": criteria.odataType, allOf: [] } } });
  expect(back).toEqual({ criteria });
});

test("identities: a list of names on the way in, an object of objects in REST", () => {
  const inputs = { identity: { type: "UserAssigned", userAssignedIdentities: ["/a", "/b"] } };
  const { body, back } = there("machinelearningservices:Workspace", inputs);
  expect(body).toEqual({ identity: { type: "UserAssigned", userAssignedIdentities: { "/a": {}, "/b": {} } } });
  expect(back).toEqual(inputs);
});

test("outputs hold what the SDK declares and nothing else", () => {
  const { table, module } = resourceOf("azure-native:machinelearningservices:Workspace", tables);
  const outputs = fromBody(
    { id: "/w", name: "w", properties: { discoveryUrl: "u", secretSauce: 1, storageAccount: null } },
    table.out,
    module,
    tables,
  );
  expect(outputs).toEqual({ name: "w", discoveryUrl: "u" });
});

test("a preview knows what the inputs say and leaves the rest open, also inside objects", () => {
  const { table, module } = resourceOf("azure-native:machinelearningservices:Workspace", tables);
  const outputs = previewOutputs({ description: "d", identity: { type: "SystemAssigned" } }, table.out, module, tables);
  expect(outputs).toMatchObject({ description: "d", discoveryUrl: unknown, name: unknown });
  expect(outputs["identity"]).toEqual({ type: "SystemAssigned", principalId: unknown, tenantId: unknown, userAssignedIdentities: unknown });
});
