// For tests: a real sandbox process on a directory of its own, and Azure's official clients signed in to it.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { ClientSecretCredential } from "@azure/identity";
import { startSandbox, stopSandbox } from "./control.ts";
import type { SandboxInfo, StartOptions } from "./control.ts";
import { builtInRoles } from "./types/roles.ts";

export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface TestSandbox {
  readonly dir: string;
  info: SandboxInfo;
  readonly credential: ClientSecretCredential;
  /** `/subscriptions/{s}` */
  readonly subscription: string;
  /** A call of Resource Manager, signed in; `api-version` is added when the path has none. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Gives somebody (default: the test's own service principal) a built-in role, by its name. An owner has no rights on data by that. */
  grant(role: string, scope?: string, principalId?: string): Promise<void>;
  /** Waits for the operation of an answer; gives its end. */
  ended(answer: Answer): Promise<Answer>;
  token(audience: string): Promise<string>;
  restart(options?: StartOptions): Promise<void>;
  /** Ends the sandbox's process as an unlucky machine would. */
  kill(): void;
  stop(): Promise<void>;
}

export async function testSandbox(options: StartOptions = {}): Promise<TestSandbox> {
  const dir = mkdtempSync(join(tmpdir(), "mlops-sandbox-"));
  const info = await startSandbox(dir, options);
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(info.caFile, "utf8")]);
  const credential = new ClientSecretCredential(info.tenantId, info.clientId, readFileSync(info.clientSecretFile, "utf8"), {
    authorityHost: info.armEndpoint,
    disableInstanceDiscovery: true,
  });
  const base = info.armEndpoint.replace(/\/$/, "");
  const token = async (audience: string): Promise<string> => (await credential.getToken(`${audience}/.default`)).token;
  const sandbox: TestSandbox = {
    dir,
    info,
    credential,
    subscription: `/subscriptions/${info.subscriptionId}`,
    token,
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
      const versioned =
        /[?&]api-version=/.test(path) || !/^\/(mferp|subscriptions|providers)/.test(path)
          ? path
          : `${path}${path.includes("?") ? "&" : "?"}api-version=2024-10-01`;
      const response = await fetch(path.startsWith("https:") ? path : base + versioned, {
        method,
        headers: {
          authorization: `Bearer ${await token(base)}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text !== "" && /json/.test(response.headers.get("content-type") ?? "") ? (JSON.parse(text) as unknown) : text,
      };
    },
    async grant(role, scope = sandbox.subscription, principalId = info.objectId) {
      const roleId = Object.entries(builtInRoles).find(([, { name }]) => name === role)?.[0];
      if (!roleId) throw new Error(`no built-in role is called '${role}'`);
      const properties = {
        principalId,
        roleDefinitionId: `${sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      };
      const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
      const made = await sandbox.call("PUT", path, { properties });
      if (made.status !== 201) throw new Error(`${role} on ${scope}: ${made.status} ${JSON.stringify(made.body)}`);
    },
    async ended(answer) {
      const url = answer.headers.get("azure-asyncoperation");
      if (!url) throw new Error(`status ${answer.status} without Azure-AsyncOperation: ${JSON.stringify(answer.body)}`);
      for (let attempt = 0; attempt < 200; attempt++) {
        const state = await sandbox.call("GET", url);
        if (state.body.status !== "InProgress") return state;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`operation ${url} did not end`);
    },
    async restart(again = options) {
      sandbox.info = await startSandbox(dir, again);
    },
    kill() {
      process.kill(sandbox.info.pid, "SIGKILL");
    },
    async stop() {
      await stopSandbox(dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return sandbox;
}

/** A group with storage, vault, insights and a workspace; returns the workspace's id. */
export async function workspaceIn(sandbox: TestSandbox, group: string, suffix = group): Promise<string> {
  const at = `${sandbox.subscription}/resourceGroups/${group}`;
  const location = "westeurope";
  const ids = {
    storageAccount: `${at}/providers/Microsoft.Storage/storageAccounts/st${suffix}`,
    keyVault: `${at}/providers/Microsoft.KeyVault/vaults/kv${suffix}`,
    applicationInsights: `${at}/providers/Microsoft.Insights/components/appi${suffix}`,
  };
  const put = async (path: string, body: object): Promise<Answer> => {
    const answer = await sandbox.call("PUT", path, body);
    if (answer.status > 202) throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  };
  await put(at, { location });
  await put(ids.storageAccount, { location, kind: "StorageV2", sku: { name: "Standard_LRS" } });
  await put(ids.keyVault, {
    location,
    properties: { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  });
  await put(ids.applicationInsights, { location, kind: "web", properties: { Application_Type: "web" } });
  const id = `${at}/providers/Microsoft.MachineLearningServices/workspaces/mlw-${suffix}`;
  const made = await put(id, { location, identity: { type: "SystemAssigned" }, properties: ids });
  await sandbox.ended(made);
  return id;
}
