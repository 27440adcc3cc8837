// The policy pack as Pulumi runs it: a prod that breaks rules is refused at preview and at up, with rule, resource and fix.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, copyCheckout, type Ran } from "../checkout.ts";
import { shell } from "./shell.ts";

let checkout: Checkout;
let env: Record<string, string>;
const pulumi = (...args: string[]): Promise<Ran> =>
  shell(checkout.dir, ["pulumi", ...args, "--stack", "prod", "--non-interactive", "--policy-pack", "policy"], env);

beforeAll(async () => {
  checkout = copyCheckout();
  env = JSON.parse((await checkout.mlops("sandbox", "env", "--json")).stdout) as Record<string, string>;
  // A model that nobody approved, behind an endpoint with keys, and storage that may be deleted.
  const config = { modelVersion: "1", "endpointSet[0]": "auth_mode=key", "unprotected[0]": "prod-storage" };
  const values = Object.entries(config).flatMap(([key, value]) => ["--plaintext", `azure-mlops:${key}=${value}`]);
  const set = await shell(checkout.dir, ["pulumi", "config", "set-all", "--path", "--stack", "prod", ...values], env);
  if (set.code !== 0) throw new Error(set.stderr);
}, 120_000);
afterAll(() => checkout?.dispose());

test("a preview names each rule, resource and fix; an unapproved release is only told there", async () => {
  const { code, stdout } = await pulumi("preview");
  expect(code).not.toBe(0);
  expect(stdout).toMatch(/\[mandatory\]\s+no-key-auth\s+\(azure-native:machinelearningservices:OnlineEndpoint: prod-endpoint\)/);
  expect(stdout).toContain(
    'prod-endpoint: properties.authMode is "Key"; it must be "AADToken". Fix: add auth_mode=aad_token to endpointSet in Pulumi.prod.yaml.',
  );
  expect(stdout).toMatch(/\[mandatory\]\s+protect-state\s+\(azure-native:storage:StorageAccount: prod-storage\)/);
  expect(stdout).toMatch(/\[advisory\]\s+approved-release[^]*prod-blue: model version 1 is no approved release/);
}, 120_000);

test("a written exception lets one resource through, and nothing else", async () => {
  const entry =
    "\n  - { rule: protect-state, stack: prod, resource: prod-storage, reason: Moved to prod-storage-zrs on Monday., by: jane, until: 2999-01-01 }\n";
  await shell(checkout.dir, ["sed", "-i", "s/^exceptions: \\[\\]$/exceptions:/", "policy/exceptions.yml"], env);
  appendFileSync(join(checkout.dir, "policy", "exceptions.yml"), entry);
  const { code, stdout } = await pulumi("preview");
  expect(code).not.toBe(0);
  expect(stdout).not.toContain("protect-state");
  expect(stdout).toContain("no-key-auth");
}, 120_000);

test("an update is stopped before anything is made", async () => {
  const { code, stdout, stderr } = await pulumi("up", "--yes", "--skip-preview");
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("prod may not serve model version 1");
  const made = await shell(checkout.dir, ["pulumi", "stack", "export", "--stack", "prod"], env);
  expect(made.stdout).not.toContain("Microsoft.Storage/storageAccounts");
}, 120_000);
