// `mlops bootstrap`, and Pulumi's state in the Azure storage that it makes: the azblob:// backend against the sandbox's blob service.
import { BlobServiceClient, generateBlobSASQueryParameters, ContainerSASPermissions } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connect } from "../../azure/client.ts";
import { setDefaultCACertificates, getCACertificates } from "node:tls";
import { readFileSync } from "node:fs";
import { type Checkout, copyCheckout, type Ran } from "../checkout.ts";
import { type Bootstrapped } from "../../release/flow/bootstrap.ts";
import { shell } from "./shell.ts";

let checkout: Checkout;
let made: Bootstrapped;
let env: Record<string, string>;
let blobs: BlobServiceClient;

const pulumi = (...args: string[]): Promise<Ran> => shell(checkout.dir, ["pulumi", ...args], env);
const succeeded = (ran: Ran): Ran => {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
  return ran;
};

beforeAll(async () => {
  checkout = copyCheckout();
  const values = JSON.parse(succeeded(await checkout.mlops("sandbox", "env", "--json")).stdout) as Record<string, string>;
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(values["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
  made = JSON.parse(succeeded(await checkout.mlops("bootstrap", "--target", "sandbox", "--json")).stdout) as Bootstrapped;
  const azure = await connect(values);
  const account = await azure.get<{ properties: { primaryEndpoints: { blob: string } } }>(
    `/subscriptions/${azure.subscriptionId}/resourceGroups/${made.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${made.account}`,
    { apiVersion: "2023-05-01" },
  );
  const endpoint = account.properties.primaryEndpoints.blob;
  blobs = new BlobServiceClient(endpoint, azure.credential);
  // On Azure, Pulumi signs in with the Azure CLI or a pipeline's own token. Go's Azure SDK asks login.microsoftonline.com about any other
  // authority, so here it gets what a signed-in user may make: a signature by a user delegation key. Account keys are off.
  const [startsOn, expiresOn] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  const key = await blobs.getUserDelegationKey(startsOn, expiresOn);
  const permissions = ContainerSASPermissions.parse("racwdl");
  const sas = generateBlobSASQueryParameters(
    { containerName: made.container, permissions, startsOn, expiresOn, version: "2023-11-03" },
    key,
    made.account,
  ).toString();
  const domain = new URL(endpoint).host;
  env = { ...values, PULUMI_BACKEND_URL: `${made.backendUrl}&domain=${domain}`, AZURE_STORAGE_SAS_TOKEN: sas };
}, 180_000);

afterAll(() => checkout?.dispose());

test("bootstrap says the same when it runs again", async () => {
  const again = JSON.parse(succeeded(await checkout.mlops("bootstrap", "--target", "sandbox", "--json")).stdout) as Bootstrapped;
  expect(again).toEqual(made);
  expect(made.backendUrl).toBe(`azblob://${made.container}?storage_account=${made.account}`);
}, 60_000);

test("a stack comes up with its state in the container, and a second update changes nothing", async () => {
  succeeded(await pulumi("stack", "init", "shared"));
  succeeded(await pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "shared", "--policy-pack", "policy"));
  const state = await blobs.getContainerClient(made.container).getBlobClient(".pulumi/stacks/azure-mlops/shared.json").downloadToBuffer();
  expect(state.toString("utf8")).toContain("azure-native:machinelearningservices:Registry");
  succeeded(await pulumi("preview", "--expect-no-changes", "--non-interactive", "--stack", "shared"));
}, 180_000);

test("somebody else's lock holds an update back until it is cancelled", async () => {
  const lock = blobs
    .getContainerClient(made.container)
    .getBlockBlobClient(".pulumi/locks/organization/azure-mlops/shared/6f1c9d3e-0000-4000-8000-000000000001.json");
  const holder = JSON.stringify({ pid: 4711, username: "jane", hostname: "other-machine", timestamp: new Date().toISOString() });
  await lock.upload(holder, Buffer.byteLength(holder));
  const refused = await pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "shared");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr + refused.stdout).toMatch(/currently locked by 1 lock[\s\S]*created by jane@other-machine \(pid 4711\)/);
  succeeded(await pulumi("cancel", "--yes", "--stack", "shared"));
  succeeded(await pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "shared"));
}, 180_000);
