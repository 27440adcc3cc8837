// Each rule with a resource that keeps it and one that breaks it, through what @pulumi/policy calls.
import type { Unwrap } from "@pulumi/pulumi";
import type { PolicyResource, ResourceValidationArgs, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { describe, expect, test } from "@jest/globals";
import type { MlWorkspaceArgs, OnlineEndpointArgs, StorageAccountArgs, VaultArgs } from "../components/azure.ts";
import { toPolicy } from "./adapter.ts";
import { type Exception, parseExceptions } from "./exceptions.ts";
import type { Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";
import { seconds } from "./rules/scale-to-zero.ts";

const urnOf = (stack: string, type: string, name: string): string => `urn:pulumi:${stack}::azure-mlops::${type}::${name}`;
const ruleOf = (name: string): Rule => rules.find((rule) => rule.name === name)!;

interface Sample {
  readonly stack: string;
  readonly type: string;
  readonly props: Record<string, unknown>;
  readonly protect?: boolean;
}

/** What Pulumi would be told of one resource. */
async function told(
  name: string,
  { stack, type, props, protect = false }: Sample,
  exceptions: readonly Exception[] = [],
  now = new Date(),
): Promise<string[]> {
  const policy = toPolicy(ruleOf(name), exceptions, now) as ResourceValidationPolicy;
  const messages: string[] = [];
  const token = `azure-native:${type}`;
  const args = { type: token, name: "it", urn: urnOf(stack, token, "it"), props, opts: { protect } } as unknown as ResourceValidationArgs;
  await (policy.validateResource as (args: ResourceValidationArgs, report: (message: string) => void) => Promise<void>)(args, (text) =>
    messages.push(text),
  );
  return messages;
}

const storage = {
  publicNetworkAccess: "Disabled",
  allowBlobPublicAccess: false,
  allowSharedKeyAccess: false,
  minimumTlsVersion: "TLS1_2",
  enableHttpsTrafficOnly: true,
} satisfies Partial<StorageAccountArgs>;
const vault = (properties: Partial<Unwrap<VaultArgs["properties"]>>) => ({ properties });
const workspace = (args: Partial<MlWorkspaceArgs>) => ({ ...args });
const cluster = (scaleSettings: unknown) => ({
  properties: { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2", scaleSettings } },
});
// Typed as the program's own arguments are, so that a rule cannot look for a field that azure-native does not have.
const endpoint = (properties: Partial<Unwrap<OnlineEndpointArgs["properties"]>>) => ({ properties });
const tags = { project: "mlops", stage: "dev", managedBy: "pulumi" };

/** rule, stack, type, inputs that keep it, inputs that break it, what the message says of them */
const cases: readonly [string, string, string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
  [
    "no-public-access",
    "prod",
    "storage:StorageAccount",
    storage,
    { ...storage, publicNetworkAccess: "Enabled" },
    /publicNetworkAccess is "Enabled"; it must be "Disabled". Fix: remove network and publicAccess/,
  ],
  [
    "no-public-access",
    "prod",
    "storage:StorageAccount",
    storage,
    { ...storage, allowBlobPublicAccess: true },
    /allowBlobPublicAccess is true/,
  ],
  [
    "no-public-access",
    "prod",
    "machinelearningservices:Workspace",
    workspace({ publicNetworkAccess: "Disabled" }),
    {},
    /publicNetworkAccess is not set/,
  ],
  [
    "no-public-access",
    "prod",
    "machinelearningservices:OnlineEndpoint",
    endpoint({ publicNetworkAccess: "Disabled" }),
    endpoint({ publicNetworkAccess: "Enabled" }),
    /it must be "Disabled"/,
  ],
  [
    "no-public-access",
    "prod",
    "keyvault:Vault",
    vault({ publicNetworkAccess: "disabled" }),
    vault({ publicNetworkAccess: "enabled" }),
    /properties.publicNetworkAccess is "enabled"/,
  ],
  ["no-public-access", "prod", "containerregistry:Registry", {}, { anonymousPullEnabled: true }, /anonymousPullEnabled is true/],
  ["no-public-access", "prod", "storage:BlobContainer", { publicAccess: "None" }, { publicAccess: "Blob" }, /publicAccess is "Blob"/],
  [
    "no-key-auth",
    "prod",
    "storage:StorageAccount",
    storage,
    { ...storage, allowSharedKeyAccess: true },
    /allowSharedKeyAccess is true; it must be false/,
  ],
  [
    "no-key-auth",
    "prod",
    "machinelearningservices:OnlineEndpoint",
    endpoint({ authMode: "AADToken" }),
    endpoint({ authMode: "Key" }),
    /authMode is "Key".* Fix: add auth_mode=aad_token/,
  ],
  [
    "no-key-auth",
    "prod",
    "machinelearningservices:BatchEndpoint",
    { properties: { authMode: "AADToken" } },
    { properties: { authMode: "Key" } },
    /authMode is "Key"/,
  ],
  [
    "no-key-auth",
    "prod",
    "machinelearningservices:Workspace",
    workspace({ systemDatastoresAuthMode: "identity" }),
    workspace({ systemDatastoresAuthMode: "accesskey" }),
    /systemDatastoresAuthMode is "accesskey"/,
  ],
  [
    "no-key-auth",
    "prod",
    "machinelearningservices:Compute",
    { properties: {} },
    { properties: { disableLocalAuth: false } },
    /disableLocalAuth is false/,
  ],
  [
    "no-key-auth",
    "prod",
    "keyvault:Vault",
    vault({ enableRbacAuthorization: true }),
    { properties: {} },
    /enableRbacAuthorization is not set/,
  ],
  [
    "no-key-auth",
    "prod",
    "containerregistry:Registry",
    { adminUserEnabled: false },
    { adminUserEnabled: true },
    /adminUserEnabled is true/,
  ],
  ["no-key-auth", "prod", "eventgrid:Topic", { disableLocalAuth: true }, {}, /disableLocalAuth is not set/],
  [
    "scale-to-zero",
    "dev",
    "machinelearningservices:Compute",
    cluster({ minNodeCount: 0, nodeIdleTimeBeforeScaleDown: "PT2M" }),
    cluster({ minNodeCount: 1, nodeIdleTimeBeforeScaleDown: "PT2M" }),
    /minNodeCount is 1; it must be 0/,
  ],
  [
    "scale-to-zero",
    "dev",
    "machinelearningservices:Compute",
    cluster({ nodeIdleTimeBeforeScaleDown: "PT30M" }),
    cluster({ nodeIdleTimeBeforeScaleDown: "PT31M" }),
    /"PT31M"; it must be at most PT1800S/,
  ],
  [
    "scale-to-zero",
    "dev",
    "machinelearningservices:Compute",
    { properties: { computeType: "ComputeInstance", properties: { idleTimeBeforeShutdown: "PT60M" } } },
    { properties: { computeType: "ComputeInstance", properties: {} } },
    /idleTimeBeforeShutdown is not set/,
  ],
  [
    "required-tags",
    "dev",
    "storage:StorageAccount",
    { tags },
    { tags: { project: "mlops", stage: "dev" } },
    /the tags managedBy are missing/,
  ],
  ["required-tags", "dev", "keyvault:Vault", { tags }, { tags: { ...tags, stage: "prod" } }, /the tag stage is "prod"; the stack is dev/],
  [
    "allowed-regions",
    "dev",
    "keyvault:Vault",
    { location: "West Europe" },
    { location: "brazilsouth" },
    /the region is brazilsouth; allowed are westeurope/,
  ],
  [
    "allowed-regions",
    "shared",
    "machinelearningservices:Registry",
    { location: "westeurope", regionDetails: [{ location: "eastus" }] },
    { location: "westeurope", regionDetails: [{ location: "brazilsouth" }] },
    /the region is brazilsouth/,
  ],
  [
    "allowed-sizes",
    "dev",
    "machinelearningservices:Compute",
    cluster({}),
    { properties: { properties: { vmSize: "Standard_ND96asr_v4" } } },
    /the size is Standard_ND96asr_v4; in dev it must fit/,
  ],
  [
    "allowed-sizes",
    "qa",
    "machinelearningservices:OnlineDeployment",
    { properties: { instanceType: "Standard_DS3_v2" } },
    { properties: { instanceType: "Standard_E64s_v5" } },
    /the size is Standard_E64s_v5/,
  ],
  ["tls", "dev", "storage:StorageAccount", storage, { ...storage, minimumTlsVersion: "TLS1_0" }, /minimumTlsVersion is "TLS1_0"/],
  ["tls", "dev", "storage:StorageAccount", storage, { ...storage, enableHttpsTrafficOnly: false }, /enableHttpsTrafficOnly is false/],
  ["tls", "dev", "eventgrid:Topic", {}, { minimumTlsVersionAllowed: "1.0" }, /minimumTlsVersionAllowed is "1.0"/],
  [
    "tls",
    "dev",
    "eventgrid:SystemTopicEventSubscription",
    { destination: { endpointUrl: "https://x" } },
    { destination: { endpointUrl: "http://x" } },
    /not https/,
  ],
];

test.each(cases)("%s in %s: %s", async (name, stack, type, good, bad, says) => {
  expect(await told(name, { stack, type, props: good })).toEqual([]);
  const messages = await told(name, { stack, type, props: bad });
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatch(says);
  expect(messages[0]).toMatch(/^it: .* Fix: /);
});

test("an API version in the token changes nothing", async () => {
  const messages = await told("tls", {
    stack: "dev",
    type: "storage/v20240101:StorageAccount",
    props: { ...storage, minimumTlsVersion: "TLS1_1" },
  });
  expect(messages).toHaveLength(1);
});

test.each(["no-public-access", "no-key-auth"])("%s holds in prod only", async (name) => {
  const bad = { type: "storage:StorageAccount", props: { ...storage, publicNetworkAccess: "Enabled", allowSharedKeyAccess: true } };
  expect(await told(name, { stack: "prod", ...bad })).not.toEqual([]);
  expect(await told(name, { stack: "dev", ...bad })).toEqual([]);
});

describe("protect-state", () => {
  const it = { stack: "prod", type: "storage:StorageAccount", props: storage };
  const written = (until: string) =>
    parseExceptions(
      `exceptions: [{rule: protect-state, stack: prod, resource: it, reason: replaced by another one on Monday, by: jane, until: ${until}}]`,
      rules.map(({ name }) => name),
    );
  const now = new Date("2027-03-15T12:00:00Z");

  test("what holds data in prod is protected", async () => {
    expect(await told("protect-state", { ...it, protect: true })).toEqual([]);
    expect(await told("protect-state", it)).toEqual([
      expect.stringContaining('remove "it" from azure-mlops:unprotected in Pulumi.prod.yaml'),
    ]);
  });

  test("a written exception waives it until its last day, and no other rule, stack or resource", async () => {
    expect(await told("protect-state", it, written("2027-03-15"), now)).toEqual([]);
    expect(await told("protect-state", it, written("2027-03-14"), now)).toEqual([expect.stringContaining("ended on 2027-03-14")]);
    const [one] = written("2027-03-15");
    expect(await told("protect-state", it, [{ ...one!, resource: "other" }], now)).toHaveLength(1);
    expect(await told("protect-state", it, [{ ...one!, stack: "qa" }], now)).toHaveLength(1);
    expect(
      await told("no-key-auth", { ...it, props: { ...storage, allowSharedKeyAccess: true } }, written("2027-03-15"), now),
    ).toHaveLength(1);
  });

  test("an exception without a reason, for an unknown rule or without an end stops the pack", () => {
    const entry = {
      rule: "protect-state",
      stack: "prod",
      resource: "it",
      reason: "replaced by another one on Monday",
      by: "jane",
      until: "2027-03-15",
    };
    const text = (change: object) => JSON.stringify({ exceptions: [{ ...entry, ...change }] });
    expect(() => parseExceptions(text({ reason: "because" }), ["protect-state"])).toThrow("must say why");
    expect(() => parseExceptions(text({ rule: "protect-stat" }), ["protect-state"])).toThrow('"protect-stat" is not a rule');
    expect(() => parseExceptions(text({ until: undefined }), ["protect-state"])).toThrow("exceptions.0.until");
  });
});

describe("rules about a whole stack", () => {
  const resource = (type: string, name: string, from: Record<string, PolicyResource[]> = {}, props = {}): PolicyResource =>
    ({
      type: `azure-native:${type}`,
      name,
      urn: urnOf("dev", `azure-native:${type}`, name),
      props,
      opts: { protect: false },
      dependencies: [],
      propertyDependencies: from,
    }) as unknown as PolicyResource;
  const toldOf = async (name: string, resources: PolicyResource[]): Promise<[string, string | undefined][]> => {
    const messages: [string, string | undefined][] = [];
    const policy = toPolicy(ruleOf(name), []) as StackValidationPolicy;
    await policy.validateStack({ resources } as never, (text, urn) => void messages.push([text, urn]));
    return messages;
  };
  const group = resource("resources:ResourceGroup", "dev");
  const logs = resource("operationalinsights:Workspace", "dev-logs");

  test("budget-present: a group without a budget, or with another group's", async () => {
    expect(await toldOf("budget-present", [group, resource("consumption:Budget", "b", { scope: [group] })])).toEqual([]);
    expect(await toldOf("budget-present", [group])).toEqual([[expect.stringMatching(/^dev: it has no budget. Fix: /), group.urn]]);
    expect(await toldOf("budget-present", [group, resource("consumption:Budget", "b", { scope: [logs] })])).toHaveLength(1);
  });

  test("private-network: a closed vault that nothing leads to, an open one beside a closed workspace, a workspace that calls anywhere", async () => {
    const closedVault = resource("keyvault:Vault", "dev-vault", {}, { properties: { publicNetworkAccess: "disabled" } });
    const link = (to: PolicyResource) => resource("network:PrivateEndpoint", `to-${to.name}`, { privateLinkServiceConnections: [to] });
    const closedWorkspace = (isolationMode: string) =>
      resource(
        "machinelearningservices:Workspace",
        "dev-workspace",
        {},
        { publicNetworkAccess: "Disabled", managedNetwork: { isolationMode } },
      );
    const ml = closedWorkspace("AllowOnlyApprovedOutbound");
    expect(await toldOf("private-network", [closedVault, link(closedVault), ml, link(ml)])).toEqual([]);
    expect(await toldOf("private-network", [closedVault, ml, link(ml)])).toEqual([
      [expect.stringMatching(/^dev-vault: it has no public access and no private endpoint/), closedVault.urn],
    ]);
    const openVault = resource("keyvault:Vault", "dev-vault", {}, { properties: {} });
    expect(await toldOf("private-network", [openVault])).toEqual([]);
    expect(await toldOf("private-network", [openVault, ml, link(ml)])).toEqual([
      [expect.stringMatching(/^dev-vault: properties.publicNetworkAccess is not "Disabled"/), openVault.urn],
    ]);
    const wandering = closedWorkspace("AllowInternetOutbound");
    expect(await toldOf("private-network", [wandering, link(wandering)])).toEqual([
      [expect.stringMatching(/isolationMode is "AllowInternetOutbound"/), wandering.urn],
    ]);
  });

  test("customer-managed-key: storage with a key of Microsoft's beside a workspace with one's own", async () => {
    const own = resource("machinelearningservices:Workspace", "dev-workspace", {}, { encryption: { status: "Enabled" } });
    const keyed = resource("storage:StorageAccount", "dev-storage", {}, { encryption: { keySource: "Microsoft.Keyvault" } });
    const images = resource("containerregistry:Registry", "dev-images", {}, { encryption: { status: "enabled" } });
    expect(await toldOf("customer-managed-key", [own, keyed, images])).toEqual([]);
    const plain = resource("storage:StorageAccount", "dev-storage", {}, {});
    expect(await toldOf("customer-managed-key", [own, plain, images])).toEqual([
      [expect.stringMatching(/^dev-storage: encryption.keySource does not say .* Fix: set azure-mlops:customerManagedKey/), plain.urn],
    ]);
    expect(await toldOf("customer-managed-key", [plain, resource("machinelearningservices:Workspace", "dev-workspace")])).toEqual([]);
  });

  test("locks: a storage account without one; the workspace, whose deployments come and go, needs none", async () => {
    const storage = resource("storage:StorageAccount", "prod-storage");
    const workspace = resource("machinelearningservices:Workspace", "prod-workspace");
    const lock = resource("authorization:ManagementLockByScope", "prod-storage-lock", { scope: [storage] });
    const prod = (all: PolicyResource[]): PolicyResource[] => all.map((one) => ({ ...one, urn: one.urn.replace(":dev::", ":prod::") }));
    expect(await toldOf("locks", prod([workspace, storage]))).toEqual([
      [expect.stringMatching(/it has no management lock/), expect.anything()],
    ]);
    expect(await toldOf("locks", [workspace, storage])).toEqual([]);
    const locked = prod([workspace, storage, lock]);
    const from = { scope: [locked[1]!] };
    expect(await toldOf("locks", [locked[0]!, locked[1]!, { ...locked[2]!, propertyDependencies: from }])).toEqual([]);
  });

  test("diagnostic-settings: a vault without one, or one that sends its logs nowhere", async () => {
    const vault = resource("keyvault:Vault", "dev-vault");
    expect(
      await toldOf("diagnostic-settings", [
        vault,
        logs,
        resource("monitor:DiagnosticSetting", "d", { resourceUri: [vault], workspaceId: [logs] }),
      ]),
    ).toEqual([]);
    expect(await toldOf("diagnostic-settings", [vault, logs])).toEqual([
      [expect.stringMatching(/^dev-vault: it has no diagnostic setting/), vault.urn],
    ]);
    expect(
      await toldOf("diagnostic-settings", [vault, logs, resource("monitor:DiagnosticSetting", "d", { resourceUri: [vault] })]),
    ).toHaveLength(1);
  });
});

test("durations as Azure writes them", () => {
  expect(["PT2M", "PT1H30M", "P1D", "PT1800S", "PT0.5S"].map(seconds)).toEqual([120, 5400, 86_400, 1800, 0.5]);
  expect(seconds("120")).toBe(Infinity);
});
