// Who is asking: the credential chain, from what the environment gives to what a person logged in with.
import type { TokenCredential } from "@azure/identity";
import type { Cloud } from "./cloud.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** How the sign-in happens, in the order tried. `kind` is named in messages; no value of it is secret. */
export type SignIn =
  | { readonly kind: "client secret"; readonly tenantId: string; readonly clientId: string; readonly clientSecret: string }
  | { readonly kind: "workload identity"; readonly tenantId: string; readonly clientId: string; readonly tokenFile: string }
  | { readonly kind: "oidc token"; readonly tenantId: string; readonly clientId: string; readonly token: string }
  | { readonly kind: "github oidc"; readonly tenantId: string; readonly clientId: string; readonly url: string; readonly token: string }
  | {
      readonly kind: "azure pipelines oidc";
      readonly tenantId: string;
      readonly clientId: string;
      readonly connectionId: string;
      readonly token: string;
    }
  | { readonly kind: "logged in" };

/**
 * What the environment's variables ask for. Both families are read, `AZURE_*` (Azure's SDKs) and `ARM_*` (azure-native),
 * so that one set of variables serves Pulumi and `mlops`.
 */
export function signInFrom(env: Env): SignIn {
  const value = (...names: string[]): string | undefined => names.map((name) => env[name]).find(Boolean);
  const tenantId = value("AZURE_TENANT_ID", "ARM_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID");
  const clientId = value("AZURE_CLIENT_ID", "ARM_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID");
  if (!tenantId || !clientId) return { kind: "logged in" };

  const clientSecret = value("AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET");
  if (clientSecret) return { kind: "client secret", tenantId, clientId, clientSecret };
  const tokenFile = value("AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH");
  if (tokenFile) return { kind: "workload identity", tenantId, clientId, tokenFile };
  const token = value("ARM_OIDC_TOKEN");
  if (token) return { kind: "oidc token", tenantId, clientId, token };

  const githubUrl = value("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL");
  const githubToken = value("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (githubUrl && githubToken) return { kind: "github oidc", tenantId, clientId, url: githubUrl, token: githubToken };
  const connectionId = value("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID");
  const pipelineToken = value("SYSTEM_ACCESSTOKEN");
  if (connectionId && pipelineToken) {
    return { kind: "azure pipelines oidc", tenantId, clientId, connectionId, token: pipelineToken };
  }
  return { kind: "logged in" };
}

/**
 * The credential for a cloud. Loads `@azure/identity` only now: a preview never needs a token.
 * Docs: https://learn.microsoft.com/javascript/api/overview/azure/identity-readme
 */
export async function credentialFor(env: Env, cloud: Cloud): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const options = {
    authorityHost: cloud.authority,
    // Instance discovery asks the public cloud whether the authority is known; a sandbox or a private cloud is not.
    disableInstanceDiscovery: !cloud.isPublic,
  };
  const signIn = signInFrom(env);
  switch (signIn.kind) {
    case "client secret":
      return new identity.ClientSecretCredential(signIn.tenantId, signIn.clientId, signIn.clientSecret, options);
    case "workload identity":
      return new identity.WorkloadIdentityCredential({
        tenantId: signIn.tenantId,
        clientId: signIn.clientId,
        tokenFilePath: signIn.tokenFile,
        ...options,
      });
    case "oidc token":
      return new identity.ClientAssertionCredential(signIn.tenantId, signIn.clientId, async () => signIn.token, options);
    case "github oidc":
      return new identity.ClientAssertionCredential(
        signIn.tenantId,
        signIn.clientId,
        () => githubAssertion(signIn.url, signIn.token),
        options,
      );
    case "azure pipelines oidc":
      return new identity.AzurePipelinesCredential(signIn.tenantId, signIn.clientId, signIn.connectionId, signIn.token, options);
    case "logged in":
      return new identity.ChainedTokenCredential(
        new identity.AzureCliCredential(),
        new identity.AzureDeveloperCliCredential(),
        new identity.AzurePowerShellCredential(),
        new identity.ManagedIdentityCredential(),
      );
  }
}

/** GitHub's own token for this workflow run, which Entra accepts through a federated credential. */
async function githubAssertion(url: string, requestToken: string): Promise<string> {
  const address = new URL(url);
  address.searchParams.set("audience", "api://AzureADTokenExchange");
  const answer = await fetch(address, {
    headers: { authorization: `Bearer ${requestToken}`, accept: "application/json" },
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) {
    throw new Error(`GitHub gave no OIDC token (${answer.status}); the workflow needs "permissions: id-token: write"`);
  }
  return ((await answer.json()) as { value: string }).value;
}
