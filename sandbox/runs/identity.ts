// Tokens for processes in jobs: the managed-identity endpoint that Azure's credential classes find by MSI_ENDPOINT or IDENTITY_ENDPOINT.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Hono } from "hono";
import type { SandboxContext } from "../core.ts";
import { secretSetting } from "../state/database.ts";

const path = "/msi/token";

/** Secret that lets a process have tokens for one principal; it says nothing to anyone else. */
export function identitySecret(sandbox: SandboxContext, principalId: string): string {
  return `${principalId}.${createHmac("sha256", secretSetting(sandbox.db, "runs.identitySecret")).update(principalId).digest("base64url")}`;
}

/** Variables with which DefaultAzureCredential and ManagedIdentityCredential work, and azure-ai-ml's on-behalf-of one. */
export function identityVariables(sandbox: SandboxContext, principalId: string): Record<string, string> {
  const secret = identitySecret(sandbox, principalId);
  const url = `${sandbox.urls.base}${path}`;
  return { MSI_ENDPOINT: url, MSI_SECRET: secret, OBO_ENDPOINT: `${url}?secret=${encodeURIComponent(secret)}` };
}

/** App Service's (2017-09-01, 2019-08-01) and Azure ML's protocol: the resource by query, the secret by header. */
export function mountIdentity(app: Hono, sandbox: SandboxContext): void {
  app.get(path, async (c) => {
    const given = c.req.header("secret") ?? c.req.header("x-identity-header") ?? c.req.query("secret") ?? "";
    const principalId = given.split(".")[0] ?? "";
    const right = Buffer.from(identitySecret(sandbox, principalId));
    if (Buffer.byteLength(given) !== right.length || !timingSafeEqual(Buffer.from(given), right))
      return c.json({ error: "unauthorized_client", error_description: "The identity endpoint's secret is missing or wrong." }, 401);
    const resource = (c.req.query("resource") ?? c.req.query("scope") ?? "").replace(/\/\.default$/, "");
    if (resource === "") return c.json({ error: "invalid_request", error_description: "Query parameter 'resource' is missing." }, 400);
    const seconds = 86_400;
    const now = Math.floor(Date.now() / 1000);
    return c.json({
      access_token: await sandbox.issueToken(resource, principalId, seconds, { inNetwork: true }),
      expires_on: String(now + seconds),
      expires_in: String(seconds),
      not_before: String(now),
      resource,
      token_type: "Bearer",
      client_id: c.req.query("clientid") ?? c.req.query("client_id") ?? principalId,
    });
  });
}
