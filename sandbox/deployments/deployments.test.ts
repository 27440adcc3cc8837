import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testSandbox } from "../testing.ts";
import type { Answer, TestSandbox } from "../testing.ts";
import { evaluate, parse, resolve } from "./expressions.ts";
import type { Call } from "./expressions.ts";
import { callPlain } from "./functions.ts";

const plain: Call = async (name, args, value) => callPlain(name, await Promise.all(args.map(value)))!.value;

test.each<[string, unknown]>([
  ["concat('a', 'it''s', string(3))", "ait's3"],
  ["toUpper(first(split('x,y', ',')))", "X"],
  ["createObject('a', createArray(1, 2)).A[1]", 2],
  ["length(range(2, 5))", 5],
  ["contains(createArray('a', 'b'), 'b')", true],
  ["union(createArray(1, 2), createArray(2, 3))", [1, 2, 3]],
  ['json(\'{"a": {"b": null}}\').a.b', null],
  ["equals('Abc', 'aBC')", true],
  ["format('{0}-{1}', 'x', 7)", "x-7"],
  ["div(7, 2)", 3],
  ["padLeft(5, 3, '0')", "005"],
  ["length(uniqueString('seed'))", 13],
  ["equals(guid('a'), guid('a'))", true],
])("%s", async (text, expected) => {
  expect(await evaluate(parse(text), plain)).toEqual(expected);
});

test.each(["concat('a'", "concat('a' 'b')", "a.b", "concat()x", "'a", "concat(,)"])("the broken expression %s is refused", (text) => {
  expect(() => parse(text)).toThrow("is not valid");
});

test("only strings in brackets are expressions", async () => {
  expect(await resolve({ a: "[toLower('X')]", b: "[[x]", c: "plain", d: [1, "[add(1, 2)]"], "[concat('k')]": true }, plain)).toEqual({
    a: "x",
    b: "[x]",
    c: "plain",
    d: [1, 3],
    k: true,
  });
});

let sandbox: TestSandbox;
let group: string;
beforeAll(async () => {
  sandbox = await testSandbox();
  group = `${sandbox.subscription}/resourceGroups/arm`;
  await sandbox.call("PUT", group, { location: "westeurope" });
}, 60_000);
afterAll(async () => await sandbox.stop());

const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";
const put = async (name: string, template: object, parameters: object = {}): Promise<Answer> =>
  await sandbox.call("PUT", `${group}/providers/Microsoft.Resources/deployments/${name}`, {
    properties: { mode: "Incremental", template, parameters },
  });

test("a template is deployed in order, with copies, conditions, references and outputs", async () => {
  const template = {
    parameters: {
      prefix: { type: "string" },
      extra: { type: "bool", defaultValue: false },
      secret: { type: "secureString", defaultValue: "hidden" },
    },
    variables: { storage: "[concat(parameters('prefix'), uniqueString(resourceGroup().id))]" },
    resources: [
      {
        type: "Microsoft.KeyVault/vaults",
        apiVersion: "2023-07-01",
        name: "[concat(parameters('prefix'), 'vault')]",
        location: "[resourceGroup().location]",
        dependsOn: ["[resourceId('Microsoft.Storage/storageAccounts', variables('storage'))]"],
        tags: { blob: "[reference(variables('storage')).primaryEndpoints.blob]" },
        properties: { tenantId: "[subscription().tenantId]", sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
      },
      {
        type: "Microsoft.Storage/storageAccounts",
        apiVersion: "2023-05-01",
        name: "[variables('storage')]",
        location: "[resourceGroup().location]",
        kind: "StorageV2",
        sku: { name: "Standard_LRS" },
      },
      {
        type: identityType,
        apiVersion: "2023-01-31",
        name: "[concat('id-', copyIndex(1))]",
        location: "westeurope",
        copy: { name: "ids", count: 3 },
      },
      { condition: "[parameters('extra')]", type: identityType, apiVersion: "2023-01-31", name: "extra", location: "westeurope" },
    ],
    outputs: {
      endpoint: { type: "string", value: "[reference(variables('storage')).primaryEndpoints.blob]" },
      key: { type: "int", value: "[length(listKeys(variables('storage'), '2023-05-01').keys)]" },
    },
  };
  // A bare name has no keys; a resource id has.
  template.outputs.key.value =
    "[length(listKeys(resourceId('Microsoft.Storage/storageAccounts', variables('storage')), '2023-05-01').keys)]";
  expect((await sandbox.ended(await put("good", template, { prefix: { value: "tmpl" } }))).body.status).toBe("Succeeded");
  const { properties } = (await sandbox.call("GET", `${group}/providers/Microsoft.Resources/deployments/good`)).body;
  expect(properties).toMatchObject({
    provisioningState: "Succeeded",
    outputs: { key: { value: 2 }, endpoint: { value: expect.stringContaining("/tmpl") } },
    parameters: { prefix: { value: "tmpl" }, secret: { type: "secureString" } },
  });
  expect(JSON.stringify(properties)).not.toContain("hidden");
  const vault = (await sandbox.call("GET", `${group}/providers/Microsoft.KeyVault/vaults/tmplvault`)).body;
  expect(vault.tags.blob).toBe(properties.outputs.endpoint.value);
  const identities = await sandbox.call("GET", `${group}/providers/${identityType}`);
  expect(identities.body.value.map((one: { name: string }) => one.name)).toEqual(["id-1", "id-2", "id-3"]);
  const operations = await sandbox.call("GET", `${group}/deployments/good/operations?api-version=2020-06-01`);
  expect(operations.body.value.map((one: { properties: { provisioningState: string } }) => one.properties.provisioningState)).toEqual(
    Array(5).fill("Succeeded"),
  );
});

test("a template that fails says which resource and why, and what came before it stays", async () => {
  const template = {
    resources: [
      { type: identityType, apiVersion: "2023-01-31", name: "stays", location: "westeurope" },
      {
        type: "Microsoft.Storage/storageAccounts",
        apiVersion: "2023-05-01",
        name: "Not-A-Name",
        location: "westeurope",
        kind: "StorageV2",
        sku: { name: "Standard_LRS" },
        dependsOn: ["stays"],
      },
    ],
  };
  const ended = await sandbox.ended(await put("bad", template));
  expect(ended.body).toMatchObject({ status: "Failed", error: { code: "DeploymentFailed", details: [{ code: "AccountNameInvalid" }] } });
  expect((await sandbox.call("GET", `${group}/providers/Microsoft.Resources/deployments/bad`)).body.properties).toMatchObject({
    provisioningState: "Failed",
    error: { code: "DeploymentFailed" },
  });
  expect((await sandbox.call("GET", `${group}/providers/${identityType}/stays`)).status).toBe(200);
});

test.each<[string, object, object, string]>([
  ["a parameter without a value", { parameters: { a: { type: "string" } }, resources: [] }, {}, "InvalidTemplate"],
  ["a parameter of the wrong type", { parameters: { a: { type: "int" } }, resources: [] }, { a: { value: "x" } }, "InvalidTemplate"],
  ["a parameter that is not declared", { resources: [] }, { a: { value: "x" } }, "InvalidTemplate"],
  [
    "a value that is not allowed",
    { parameters: { a: { type: "string", allowedValues: ["x"] } }, resources: [] },
    { a: { value: "y" } },
    "InvalidTemplate",
  ],
  [
    "a circle",
    {
      resources: [
        { type: identityType, apiVersion: "x", name: "a", dependsOn: ["b"] },
        { type: identityType, apiVersion: "x", name: "b", dependsOn: ["a"] },
      ],
    },
    {},
    "InvalidTemplate",
  ],
  [
    "a type that is not modelled",
    { resources: [{ type: "Microsoft.Sql/servers", apiVersion: "x", name: "a" }] },
    {},
    "NotModeledInSandbox",
  ],
  ["a function that is none", { resources: [{ type: identityType, apiVersion: "x", name: "[explode('a')]" }] }, {}, "NotModeledInSandbox"],
])("%s is refused before anything is made", async (_what, template, parameters, code) => {
  expect((await put("refused", template, parameters)).body.error.code).toBe(code);
  const validated = await sandbox.call("POST", `${group}/providers/Microsoft.Resources/deployments/refused/validate`, {
    properties: { mode: "Incremental", template, parameters },
  });
  expect(validated.body.error.code).toBe(code);
});
