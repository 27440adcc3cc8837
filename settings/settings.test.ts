// Settings: defaults, what is refused, and what the message says.
import { describe, expect, test } from "@jest/globals";
import { AutoSettings } from "./auto.ts";
import { globalNames, localNames, registryNames, suffixOf } from "./names.ts";
import { parseSettings } from "./read.ts";
import { slotPlan } from "./rules.ts";
import { SharedSettings } from "./shared.ts";
import { stageSettings } from "./stage.ts";
import type { Stage } from "./stage.ts";

const stage = (config: Record<string, string>, name: Stage = "dev") =>
  parseSettings(
    stageSettings(name),
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`azure-mlops:${key}`, value])),
    "azure-mlops",
    name,
  );

const refusal = (config: Record<string, string>, name: Stage = "dev"): string => {
  try {
    stage(config, name);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

describe("defaults", () => {
  test("an empty dev stack trains, serves nothing, and scales to what is small", () => {
    expect(stage({})).toMatchObject({
      ...{ stage: "dev", prefix: "mlops", location: "westeurope", project: "project", training: true, modelFrom: "workspace" },
      ...{ publicAccess: true, purgeProtection: false, slot: "blue", slotFrozen: false },
      compute: { size: "Standard_DS3_v2", maxNodes: 4, idleSeconds: 120, priority: "Dedicated" },
      rollout: { steps: [100], bakeSeconds: 0, calls: 5, maxErrorPercent: 0 },
    });
    expect(stage({}).modelVersion).toBeUndefined();
  });

  test("qa and prod do not train and take models from the registry; prod is closed and its vault is safe", () => {
    expect(stage({}, "qa")).toMatchObject({ training: false, modelFrom: "registry", publicAccess: true, purgeProtection: false });
    expect(stage({}, "prod")).toMatchObject({ training: false, publicAccess: false, purgeProtection: true });
  });

  test("shared and auto", () => {
    expect(parseSettings(SharedSettings, {}, "azure-mlops", "shared")).toMatchObject({ prefix: "mlops", registryLocations: [] });
    expect(parseSettings(AutoSettings, {}, "azure-mlops", "auto")).toMatchObject({ stage: "auto", modelFrom: "registry" });
  });
});

describe("values", () => {
  test("text stays text, also when it looks like a number", () => {
    expect(stage({ modelVersion: "7" }).modelVersion).toBe("7");
    expect(stage({ modelVersion: "1e3" }).modelVersion).toBe("1e3");
  });

  test("numbers, booleans, lists and objects come as Pulumi writes them", () => {
    const settings = stage({
      training: "false",
      compute: '{"maxNodes":8,"priority":"LowPriority"}',
      deploymentSet: '["instance_count=2","environment_variables.WORKER_COUNT=2"]',
      rollout: '{"steps":[10,50,100],"bakeSeconds":300}',
      modelVersion: "4",
    });
    expect(settings).toMatchObject({
      ...{ training: false, modelVersion: "4", deploymentSet: ["instance_count=2", "environment_variables.WORKER_COUNT=2"] },
      compute: { maxNodes: 8, priority: "LowPriority", size: "Standard_DS3_v2" },
      rollout: { steps: [10, 50, 100], bakeSeconds: 300, calls: 5 },
    });
  });

  test("decimals come as text from `pulumi config set --path`", () => {
    const { rollout, approval } = stage({ rollout: '{"maxErrorPercent":"0.5","bakeSeconds":300}', approval: '{"validHours":"1.5"}' });
    expect([rollout.maxErrorPercent, rollout.bakeSeconds, approval.validHours]).toEqual([0.5, 300, 1.5]);
    expect(refusal({ rollout: '{"maxErrorPercent":"few"}' })).toMatch(/rollout\.maxErrorPercent is "few"/);
    expect(refusal({ rollout: '{"maxErrorPercent":"101.5"}' })).toMatch(/must be 0 to 100/);
  });

  test("other namespaces are none of our business", () => {
    expect(parseSettings(SharedSettings, { "azure-native:location": "x", "pulumi:disable": "y" }, "azure-mlops", "shared").location).toBe(
      "westeurope",
    );
  });
});

describe("refusals give value, rule and fix", () => {
  test("a mistyped key", () => {
    expect(refusal({ modelVersin: "3" })).toMatch(
      /azure-mlops:modelVersin is not a setting of this stack; .*pulumi config rm azure-mlops:modelVersin --stack dev/,
    );
    expect(refusal({ rollout: '{"step":[100]}' })).toMatch(
      /azure-mlops:rollout\.step is not a setting.*rm --path 'azure-mlops:rollout\.step' --stack dev/,
    );
  });

  test.each([
    [
      { prefix: "My_Prefix" },
      /azure-mlops:prefix is "My_Prefix": must be 2 to 9 lower-case letters.*\(pulumi config set azure-mlops:prefix VALUE --stack dev\)/,
    ],
    [{ location: "West Europe" }, /location is "West Europe": .*westeurope/],
    [{ modelVersion: "the latest one" }, /one exact version, such as 7/],
    [{ compute: '{"maxNodes":0}' }, /compute\.maxNodes is 0: must be at least 1 .*--path 'azure-mlops:compute\.maxNodes'/],
    [{ compute: '{"size":"big"}' }, /compute\.size is "big": must be a VM size, such as Standard_DS3_v2/],
    [{ slot: "red" }, /slot is "red": must be blue or green/],
    [{ training: "yes" }, /training is "yes": must be true or false/],
    [{ operators: '["me"]' }, /operators\.0 is "me": must be an Entra object id/],
    [{ endpointName: "-x" }, /endpointName is "-x": must be 3 to 32/],
    [{ deploymentSet: '["instance_count"]' }, /deploymentSet\.0 is "instance_count": must be path.to.field=value/],
    [{ rollout: '{"steps":[50,10,100]}' }, /rollout\.steps is \[50,10,100\]: .*each step must be more than the one before/],
    [{ rollout: '{"steps":[10,50]}' }, /the last step must be 100/],
    [{ rollout: '{"maxErrorPercent":101}' }, /rollout\.maxErrorPercent is 101: must be 0 to 100/],
  ])("%j", (config, message) => expect(refusal(config as Record<string, string>)).toMatch(message));

  test("numbers that Pulumi kept as text inside of a value are numbers, other text is not", () => {
    expect(stage({ rollout: '{"maxErrorPercent":"0.5"}' }).rollout.maxErrorPercent).toBe(0.5);
    expect(refusal({ rollout: '{"maxErrorPercent":"few"}' })).toMatch(/rollout\.maxErrorPercent is "few": .*expected number/);
    expect(refusal({ rollout: '{"maxErrorPercent":"101"}' })).toMatch(/rollout\.maxErrorPercent is 101: must be 0 to 100/);
  });

  test("several at once", () => {
    const message = refusal({ prefix: "X", location: "Y" });
    expect(message).toMatch(/^Pulumi.dev.yaml: 2 settings are wrong\n/);
    expect(message).toMatch(/prefix.*\n.*location/s);
  });

  test("prod: no public access, no vault that can be purged", () => {
    expect(refusal({ publicAccess: "true" }, "prod")).toMatch(
      /publicAccess is true: must be false in prod; remove the override or deploy to qa/,
    );
    expect(refusal({ purgeProtection: "false" }, "prod")).toMatch(/purgeProtection is false: must be true in prod/);
  });

  test("a network: private in prod, said once, with ranges that are ranges", () => {
    expect(stage({}, "prod")).toMatchObject({
      network: "private",
      virtualNetwork: { addressSpace: "10.40.0.0/24", peers: [], dns: "own" },
    });
    expect(stage({}, "dev")).toMatchObject({ network: "public", publicAccess: true });
    expect(stage({ network: "private" }, "qa")).toMatchObject({ network: "private", publicAccess: false });
    expect(stage({ publicAccess: "false" }, "qa")).toMatchObject({ network: "private" });
    expect(refusal({ network: "public" }, "prod")).toMatch(/network is "public": must be private in prod/);
    expect(refusal({ network: "private", publicAccess: "true" }, "qa")).toMatch(
      /publicAccess is true: .*network is private; remove publicAccess/,
    );
    expect(refusal({ virtualNetwork: "{}" }, "qa")).toMatch(/virtualNetwork is .*: needs network: private/);
    for (const addressSpace of ["10.40.0.1/24", "10.40.0.0/28", "10.400.0.0/24", "hub"])
      expect(refusal({ virtualNetwork: JSON.stringify({ addressSpace }) }, "prod")).toMatch(/virtualNetwork\.addressSpace is .*: must /);
    expect(refusal({ virtualNetwork: '{"peers":["hub"]}' }, "prod")).toMatch(
      /peers\.0 is "hub": must be the resource id of a virtual network/,
    );
  });

  test("a key of one's own: a vault, and a key with its version", () => {
    const keyVault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
    const keyUri = `https://kv.vault.azure.net/keys/ml/${"0".repeat(32)}`;
    const given = (change: object): Record<string, string> => ({ customerManagedKey: JSON.stringify({ keyVault, keyUri, ...change }) });
    expect(stage(given({})).customerManagedKey).toEqual({ keyVault, keyUri, alsoUsedBy: [] });
    expect(stage({}).customerManagedKey).toBeUndefined();
    expect(refusal(given({ keyVault: "kv" }))).toMatch(/keyVault is "kv": must be a vault's id/);
    expect(refusal(given({ keyUri: "https://kv.vault.azure.net/keys/ml" }))).toMatch(/must be a key with its version/);
    expect(refusal(given({ keyUri: undefined }))).toMatch(/customerManagedKey\.keyUri/);
    expect(refusal(given({ alsoUsedBy: ["cosmos"] }))).toMatch(/must be an Entra object id/);
  });

  test("expiry is for stages outside prod; a budget tells somebody, in at most five ways", () => {
    expect(stage({ expire: '{"idleHours":24}' }).expire).toEqual({ idleHours: 24, whenBudgetUsedUp: false });
    expect(refusal({ expire: '{"idleHours":24}' }, "prod")).toMatch(/expire is .* is for stages that people can do without/);
    expect(refusal({ expire: '{"idleHours":3000}' })).toMatch(/at most 2232 hours/);
    expect(stage({}).budget).toMatchObject({ monthly: 200, spentPercent: [80, 100], forecastPercent: [110] });
    expect(refusal({ budget: '{"spentPercent":[10,20,30,40,50]}' })).toMatch(/have at most 5 entries together/);
    expect(refusal({ budget: '{"spentPercent":[],"forecastPercent":[]}' })).toMatch(/a budget that tells nobody is none/);
    expect(refusal({ diagnostics: '{"alsoTo":"logs"}' })).toMatch(/must be the resource id of a Log Analytics workspace/);
  });

  test("traffic and slots have to fit", () => {
    expect(refusal({ keptVersion: "1" })).toMatch(/keptVersion is "1": needs modelVersion/);
    expect(refusal({ traffic: '{"blue":100}' })).toMatch(/traffic is .*: needs modelVersion/);
    expect(refusal({ modelVersion: "1", traffic: '{"blue":90}' })).toMatch(/adds up to 90/);
    expect(refusal({ modelVersion: "1", traffic: '{"blue":90,"green":10}' })).toMatch(
      /green gets 10 % but there is no such deployment; there is blue/,
    );
    expect(refusal({ modelVersion: "2", keptVersion: "1", mirrorTraffic: '{"green":60}' })).toMatch(
      /mirrorTraffic\.green is 60: .*0 to 50/,
    );
    expect(stage({ modelVersion: "2", keptVersion: "1", traffic: '{"blue":90,"green":10}' }).traffic).toEqual({ blue: 90, green: 10 });
  });
});

test("slots: the live version in its slot, the kept one in the other", () => {
  expect(slotPlan(stage({ modelVersion: "3", keptVersion: "2", slot: "green" }))).toEqual({
    live: "green",
    versions: { green: "3", blue: "2" },
  });
  expect(slotPlan(stage({}))).toEqual({ live: "blue", versions: {} });
});

describe("names", () => {
  const suffix = suffixOf("5A4DB0C5-0000-4000-8000-0000000005B5");

  test("are the same however the subscription is written, and tell subscriptions apart", () => {
    expect(suffix).toBe(suffixOf("5a4db0c5-0000-4000-8000-0000000005b5"));
    expect(suffix).toMatch(/^[0-9a-f]{6}$/);
    expect(suffix).not.toBe(suffixOf("other"));
  });

  test("keep Azure's limits for the longest prefix and stage", () => {
    const parts = { prefix: "a12345678", stage: "prod" };
    const names = globalNames(parts, suffix);
    expect(names.storage).toMatch(/^[a-z0-9]{3,24}$/);
    expect(names.vault).toMatch(/^[a-z][a-z0-9-]{1,22}[a-z0-9]$/);
    expect(names.containerRegistry).toMatch(/^[a-z0-9]{5,50}$/);
    expect(names.endpoint).toMatch(/^[a-z][a-z0-9-]{1,30}[a-z0-9]$/);
    expect(registryNames(parts, suffix).registry).toMatch(/^[a-zA-Z0-9][\w-]{1,32}$/);
    expect(localNames(parts).workspace).toMatch(/^[\w-]{3,33}$/);
  });

  test("are what the documents say", () => {
    expect(localNames({ prefix: "mlops", stage: "dev" })).toMatchObject({
      resourceGroup: "rg-mlops-dev",
      workspace: "mlw-mlops-dev",
      cluster: "cpu-cluster",
    });
    expect(globalNames({ prefix: "mlops", stage: "dev" }, "0a1b2c").endpoint).toBe("mlops-dev-0a1b2c");
  });
});
