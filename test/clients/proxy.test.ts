// Clients with Azure's host names wired in, through the sandbox's proxy; and what the proxy keeps out.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sandboxEnv, unsetFor } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { sdkPython } from "../sdk/setup.ts";
import { runPython } from "./venv.ts";

let sandbox: TestSandbox;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await testSandbox();
  env = await sandboxEnv(sandbox.dir, "proxy");
  await workspaceIn(sandbox, "rgproxy");
}, 60_000);
afterAll(async () => await sandbox.stop());

test("the variables say nothing of the sandbox but its proxy and its certificate", () => {
  expect(Object.keys(env)).toEqual(expect.arrayContaining(["HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "AZURE_CLIENT_ID"]));
  for (const name of unsetFor.proxy!) expect(env).not.toHaveProperty(name);
  expect(JSON.stringify(env)).not.toContain("localhost");
});

test("JavaScript clients as they come: groups, blobs, keys of a vault, Event Grid, scoring, Graph", async () => {
  const group = `${sandbox.subscription}/resourceGroups/rgproxy/providers`;
  await sandbox.grant("Storage Blob Data Contributor");
  await sandbox.grant("Key Vault Crypto Officer");
  const topicId = `${group}/Microsoft.EventGrid/topics/evgt-proxy`;
  await sandbox.call("PUT", topicId, { location: "westeurope" });
  const { key1 } = (await sandbox.call("POST", `${topicId}/listKeys`)).body as { key1: string };
  const script = path.join(import.meta.dirname, "proxy-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "strgproxy", "kvrgproxy", "evgt-proxy", key1], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
  });
  expect(JSON.parse(stdout)).toEqual({
    groups: ["rgproxy"],
    blob: "hello",
    key: "EC",
    event: 200,
    scoring: [expect.any(Number), expect.any(String)],
    applications: ["mlops-sandbox-owner"],
    // The proxy answers 403; Node tells no more than that there was no answer.
    elsewhere: expect.any(String),
  });
  expect((JSON.parse(stdout) as { scoring: [number] }).scoring[0]).toBe(404);
}, 60_000);

test("azure-ai-ml as it comes: a workspace, an upload, a public registry", () => {
  const cwd = mkdtempSync(path.join(tmpdir(), "proxied-"));
  const ran = runPython(sdkPython(), path.join(import.meta.dirname, "azure_ai_ml_proxy.py"), ["rgproxy"], env, cwd);
  if (ran.status !== 0) throw new Error(ran.stderr.slice(-4000));
  expect(JSON.parse(ran.stdout)).toEqual({
    workspace: "hidden",
    data: ["datastores", "workspaceblobstore"],
    image: "mcr.microsoft.com/azureml/curated/sklearn-1.5:20",
  });
}, 240_000);

test("answers through the proxy have Azure's addresses, others the sandbox's", async () => {
  const providers = `${sandbox.subscription}/resourceGroups/rgproxy/providers`;
  const workspace = `${providers}/Microsoft.MachineLearningServices/workspaces/mlw-rgproxy`;
  const endpoint = `${workspace}/onlineEndpoints/ep-proxy`;
  await sandbox.ended(await sandbox.call("PUT", endpoint, { location: "westeurope", properties: { authMode: "Key" } }));
  expect((await sandbox.call("GET", endpoint)).body.properties.scoringUri).toMatch(/^https:\/\/localhost:/);
  const token = await sandbox.token("https://management.azure.com");
  const shown = async (id: string): Promise<string> => (await asAzure(`${id}?api-version=2024-10-01`, "management.azure.com", token)).text;
  expect(await shown(endpoint)).toContain('"https://ep-proxy.westeurope.inference.ml.azure.com/score"');
  expect(await shown(workspace)).toContain(`"azureml://westeurope.api.azureml.ms/mlflow/v1.0${workspace}"`);
  expect(await shown(`${providers}/Microsoft.Storage/storageAccounts/strgproxy`)).toContain('"https://strgproxy.blob.core.windows.net/"');
  expect(await shown(`${providers}/Microsoft.KeyVault/vaults/kvrgproxy`)).toContain('"https://kvrgproxy.vault.azure.net/"');
}, 30_000);

test.each([
  "example.com:443",
  "management.azure.com:80",
  "management.azure.com.example.com:443",
  "localhost:22",
  "127.0.0.1:1",
  "none.vault.azure.net:443",
  "a:b",
])("no way to %s", async (target) => {
  const asked = plainRequest({ host: "127.0.0.1", port: sandbox.info.proxyPort, method: "CONNECT", path: target });
  const status = await new Promise<number>((resolve, reject) => {
    asked.on("connect", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject).end();
  });
  expect(status).toBe(403);
});

test("plain http is refused; foreign names stay refused at the front itself", async () => {
  expect((await fetch(`http://127.0.0.1:${sandbox.info.proxyPort}/`)).status).toBe(501);
  const byName = async (host: string): Promise<number> => (await asAzure("/metadata/endpoints?api-version=2022-09-01", host)).status;
  expect(await byName("management.azure.com")).toBe(200);
  for (const host of ["example.com", "management.azure.com.example.com", "evil-management.azure.com"]) expect(await byName(host)).toBe(403);
});

/** Asks the sandbox's front itself, by another name. */
async function asAzure(url: string, host: string, token = ""): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const { port } = sandbox.info;
    const headers = { host, authorization: `Bearer ${token}` };
    const asked = request({ host: "localhost", servername: "localhost", port, path: url, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on("error", reject).end();
  });
}
