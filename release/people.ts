// People of the sandbox: identities of their own, so that one person at one machine can try what takes several.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../azure/client.ts";
import { UsageError } from "./command.ts";
import { sandboxTarget } from "./target.ts";

interface Identity {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Variables that sign a client in as this person; the identity is made at first, by Microsoft Graph, as an application with a secret. */
export async function personEnv(repo: string, sandboxDir: string, name: string): Promise<Record<string, string>> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new UsageError(`--as is "${name}"; it must be lower-case letters, digits and hyphens, a letter first`);
  const { clientId, clientSecret } = await identityOf(repo, sandboxDir, name);
  return { AZURE_CLIENT_ID: clientId, ARM_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret, ARM_CLIENT_SECRET: clientSecret };
}

async function identityOf(repo: string, sandboxDir: string, name: string): Promise<Identity> {
  const folder = join(sandboxDir, "people");
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Identity;
  const azure = await connect((await sandboxTarget(repo)).env);
  const graph = <T>(path: string, body: unknown): Promise<T> =>
    azure.post<T>(`${azure.cloud.resourceManager}/graph/v1.0/${path}`, body, { scope: azure.cloud.resourceManagerScope });
  const { id, appId } = await graph<{ id: string; appId: string }>("applications", { displayName: name });
  await graph("servicePrincipals", { appId });
  const { secretText } = await graph<{ secretText: string }>(`applications/${id}/addPassword`, {
    passwordCredential: { displayName: "mlops sandbox env --as" },
  });
  const identity: Identity = { clientId: appId, clientSecret: secretText };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(identity), { mode: 0o600 });
  return identity;
}
