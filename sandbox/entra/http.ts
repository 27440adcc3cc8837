// Signing in as with Entra: cloud metadata, OpenID configuration, keys, and the token endpoint (OAuth 2.0, v1 and v2).
import type { Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { randomUUID } from "node:crypto";
import type { Ports } from "../server/ports.ts";
import { readText } from "../server/bodies.ts";
import { azureFront } from "../server/azure-names.ts";
import type { Directory } from "./directory.ts";
import { assertedClient } from "./assertions.ts";
import type { Tokens } from "./tokens.ts";

export interface EntraOptions {
  readonly base: string;
  readonly ports: Ports;
  readonly entra: Directory;
  readonly tokens: Tokens;
}

const tokenSeconds = 3600;

export function mountEntra(app: Hono, options: EntraOptions): void {
  const { tokens } = options;
  app.get("/metadata/endpoints", (c) => {
    const cloud = azureFront(c.req.header("host")) ? publicMetadata : metadata(options);
    // 2019 answers a list; later versions an object with the endpoints of the one cloud.
    return c.json((c.req.query("api-version") ?? "") < "2020" ? [cloud] : cloud);
  });
  for (const version of ["/v2.0", ""]) {
    app.get(`/:tenant${version}/.well-known/openid-configuration`, (c) =>
      c.json(openid(origin(c, options), c.req.param("tenant"), version, tokens.issuer)),
    );
  }
  for (const path of ["/:tenant/discovery/v2.0/keys", "/:tenant/discovery/keys"]) app.get(path, (c) => c.json(tokens.jwks));
  app.get("/common/discovery/instance", (c) => {
    const authority = c.req.query("authorization_endpoint") ?? "";
    const tenant = new URL(authority, options.base).pathname.split("/")[1] ?? options.entra.tenantId;
    const at = origin(c, options);
    const names = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"];
    return c.json({
      tenant_discovery_endpoint: `${at}/${tenant}/v2.0/.well-known/openid-configuration`,
      "api-version": "1.1",
      metadata: at === options.base ? [] : [{ preferred_network: names[0], preferred_cache: names[1], aliases: names }],
    });
  });
  for (const path of ["/:tenant/oauth2/v2.0/token", "/:tenant/oauth2/token"]) app.post(path, async (c) => await token(c, options));
}

/** Where the client believes to be: at Azure's own name, which the proxy leads here, or at the sandbox. */
const origin = (c: Context, { base }: EntraOptions): string =>
  azureFront(c.req.header("host")) ? `https://${c.req.header("host")!.replace(/:443$/, "")}` : base;

/** As public Azure's `/metadata/endpoints`. The `@localhost` forms make clients connect here: what is before `@` is dropped. */
function metadata({ base, ports, entra }: EntraOptions): object {
  return {
    name: "MlopsSandbox",
    portal: `https://portal.azure.sandbox@localhost:${ports.base}/`,
    authentication: {
      loginEndpoint: `${base}/`,
      audiences: [`${base}/`, "https://management.core.windows.net/", "https://management.azure.com/"],
      tenant: entra.tenantId,
      identityProvider: "AAD",
    },
    resourceManager: `${base}/`,
    graph: `${base}/graph/`,
    graphAudience: `${base}/graph/`,
    microsoftGraphResourceId: `${base}/graph/`,
    gallery: `${base}/`,
    batch: "https://batch.core.windows.net/",
    media: "https://rest.media.azure.net",
    activeDirectoryDataLake: "https://datalake.azure.net/",
    sqlManagement: "https://management.core.windows.net:8443/",
    vmImageAliasDoc: `${base}/`,
    suffixes: {
      storage: `core.sandbox@localhost:${ports.blob}`,
      keyVaultDns: "vault.azure.net",
      acrLoginServer: "azurecr.io",
      sqlServerHostname: "database.windows.net",
      azureDataLakeStoreFileSystem: "azuredatalakestore.net",
      azureDataLakeAnalyticsCatalogAndJob: "azuredatalakeanalytics.net",
    },
  };
}

/** What `https://management.azure.com/metadata/endpoints` says, for clients that come through the proxy. */
const publicMetadata = {
  name: "AzureCloud",
  portal: "https://portal.azure.com",
  authentication: {
    loginEndpoint: "https://login.microsoftonline.com",
    audiences: ["https://management.core.windows.net/", "https://management.azure.com/"],
    tenant: "common",
    identityProvider: "AAD",
  },
  resourceManager: "https://management.azure.com/",
  graph: "https://graph.windows.net/",
  graphAudience: "https://graph.windows.net/",
  microsoftGraphResourceId: "https://graph.microsoft.com/",
  gallery: "https://gallery.azure.com/",
  batch: "https://batch.core.windows.net/",
  media: "https://rest.media.azure.net",
  activeDirectoryDataLake: "https://datalake.azure.net/",
  sqlManagement: "https://management.core.windows.net:8443/",
  vmImageAliasDoc: "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
  suffixes: {
    storage: "core.windows.net",
    keyVaultDns: "vault.azure.net",
    acrLoginServer: "azurecr.io",
    sqlServerHostname: "database.windows.net",
    azureDataLakeStoreFileSystem: "azuredatalakestore.net",
    azureDataLakeAnalyticsCatalogAndJob: "azuredatalakeanalytics.net",
  },
};

function openid(base: string, tenant: string, version: string, issuer: string): object {
  const oauth = version === "" ? "oauth2" : "oauth2/v2.0";
  return {
    issuer,
    token_endpoint: `${base}/${tenant}/${oauth}/token`,
    authorization_endpoint: `${base}/${tenant}/${oauth}/authorize`,
    device_authorization_endpoint: `${base}/${tenant}/${oauth}/devicecode`,
    jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    response_types_supported: ["code", "id_token", "token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    tenant_region_scope: "EU",
    cloud_instance_name: "localhost",
  };
}

async function token(c: Context, options: EntraOptions): Promise<Response> {
  const { entra, tokens } = options;
  const form = new URLSearchParams(await readText(c, 64 * 1024));
  const tenant = c.req.param("tenant") ?? "";
  if (![entra.tenantId, "common", "organizations"].includes(tenant.toLowerCase())) {
    return refusal(c, 400, "invalid_request", 90002, `Tenant '${tenant}' not found. This sandbox has the tenant '${entra.tenantId}'.`);
  }
  const grant = form.get("grant_type");
  if (grant !== "client_credentials") {
    return refusal(
      c,
      400,
      "unsupported_grant_type",
      70003,
      `The app requested an unsupported grant type '${grant ?? ""}'. The sandbox signs in service principals: client_credentials.`,
    );
  }
  const basic = /^Basic (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const [basicId, basicSecret] = basic ? Buffer.from(basic, "base64").toString().split(":").map(decodeURIComponent) : [];
  const clientId = form.get("client_id") ?? basicId ?? "";
  const principalId = entra.principalOf(clientId);
  if (!principalId) {
    return refusal(
      c,
      400,
      "unauthorized_client",
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${entra.tenantId}'.`,
    );
  }
  const secret = form.get("client_secret") ?? basicSecret;
  const assertion = form.get("client_assertion");
  if (assertion) {
    const problem = await assertedClient(assertion, clientId, options);
    if (problem) return refusal(c, 401, "invalid_client", problem.code, problem.message);
  } else if (!secret) {
    return refusal(
      c,
      401,
      "invalid_client",
      7000216,
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    );
  } else if (entra.checkSecret(clientId, secret) !== true) {
    return refusal(
      c,
      401,
      "invalid_client",
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    );
  }
  const audience = form.get("resource") ?? /^(\S+?)\/\.default( |$)/.exec(form.get("scope") ?? "")?.[1];
  if (!audience) {
    return refusal(
      c,
      400,
      "invalid_scope",
      1002012,
      `The provided value for scope '${form.get("scope") ?? ""}' is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  }
  const access = await tokens.issue({ audience, principalId, clientId, displayName: entra.displayNameOf(clientId), seconds: tokenSeconds });
  const now = Math.floor(Date.now() / 1000);
  return c.json({
    token_type: "Bearer",
    expires_in: tokenSeconds,
    ext_expires_in: tokenSeconds,
    ...(form.get("resource") ? { expires_on: String(now + tokenSeconds), not_before: String(now), resource: audience } : {}),
    access_token: access,
  });
}

function refusal(c: Context, status: ContentfulStatusCode, error: string, code: number, text: string): Response {
  const trace = randomUUID();
  const timestamp = new Date().toISOString().replace("T", " ").replace(/\.\d+/, "");
  return c.json(
    {
      error,
      error_description: `AADSTS${code}: ${text} Trace ID: ${trace} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id: trace,
      correlation_id: c.req.header("client-request-id") ?? randomUUID(),
    },
    status,
  );
}
