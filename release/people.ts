// People of the sandbox: identities of their own, so that one person at one machine can try what takes several.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../azure/client.ts";
import { UsageError } from "./command.ts";
import { sandboxTarget } from "./target.ts";

/**
 * What an admin would have given to a member of the team: to look at everything, to work in workspaces, to read and write data (approvals
 * are blobs), to verify releases. Reader, AzureML Data Scientist, Storage Blob Data Contributor, Key Vault Reader, on the subscription.
 */
export const teamRoles: readonly string[] = [
  "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  "f6c7c914-8db3-469d-8ca1-694a8f32e121",
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "21090545-7ca7-4776-b22c-e363652d74d2",
];

interface Identity {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Variables that sign a client in as this person; the identity is made at first, by Microsoft Graph, as an application with a secret.
 * @param roles what a person is given at first: a team member's roles, or none (then the stacks' own assignments are all that there is)
 */
export async function personEnv(
  repo: string,
  sandboxDir: string,
  name: string,
  roles: readonly string[] = teamRoles,
): Promise<Record<string, string>> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new UsageError(`--as is "${name}"; it must be lower-case letters, digits and hyphens, a letter first`);
  const { clientId, clientSecret } = await identityOf(repo, sandboxDir, name, roles);
  return { AZURE_CLIENT_ID: clientId, ARM_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret, ARM_CLIENT_SECRET: clientSecret };
}

async function identityOf(repo: string, sandboxDir: string, name: string, roles: readonly string[]): Promise<Identity> {
  const folder = join(sandboxDir, "people");
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Identity;
  const azure = await connect((await sandboxTarget(repo)).env);
  const graph = <T>(path: string, body: unknown): Promise<T> =>
    azure.post<T>(`${azure.cloud.resourceManager}/graph/v1.0/${path}`, body, { scope: azure.cloud.resourceManagerScope });
  const { id, appId } = await graph<{ id: string; appId: string }>("applications", { displayName: name });
  const { id: principalId } = await graph<{ id: string }>("servicePrincipals", { appId });
  for (const role of roles) {
    const scope = `/subscriptions/${azure.subscriptionId}`;
    const properties = {
      principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId: `${scope}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    };
    await azure.put(
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`,
      { properties },
      { apiVersion: "2022-04-01" },
    );
  }
  const { secretText } = await graph<{ secretText: string }>(`applications/${id}/addPassword`, {
    passwordCredential: { displayName: "mlops sandbox env --as" },
  });
  const identity: Identity = { clientId: appId, clientSecret: secretText };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(identity), { mode: 0o600 });
  return identity;
}
