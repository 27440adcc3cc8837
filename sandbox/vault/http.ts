// The data plane of one vault: keys are made, read, listed, sign and wrap. Key Vault REST 7.4 and later (learn.microsoft.com/rest/api/keyvault/keys).
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { errorBody, notModeled } from "../arm/errors.ts";
import { ArmError } from "../core.ts";
import type { Caller, SandboxContext } from "../core.ts";
import { fromOf, mayReach, openTo } from "../network/reach.ts";
import { readJson } from "../server/bodies.ts";
import { Keys, KeyWish, sign, usable, verify } from "./keys.ts";
import type { Key } from "./keys.ts";
import { unwrap, wrap } from "./rsa.ts";

const names = /^[0-9a-zA-Z-]{1,127}$/;
const limit = 64 * 1024;
const base64url = z
  .string()
  .regex(/^[\w-]*={0,2}$/, "must be base64url")
  .transform((text) => Buffer.from(text, "base64url"));
const toSign = z.looseObject({ alg: z.string(), value: base64url });
const toVerify = z.looseObject({ alg: z.string(), digest: base64url, value: base64url });

/** Last part of the address → the operation, and what it does. */
const wrapping = {
  wrapkey: { operation: "wrapKey", work: wrap },
  unwrapkey: { operation: "unwrapKey", work: unwrap },
  encrypt: { operation: "encrypt", work: wrap },
  decrypt: { operation: "decrypt", work: unwrap },
} as const;

/** @param vault key of the vault's resource; @param address without a slash at its end */
export function vaultApp(sandbox: SandboxContext, vault: string, address: string): Hono {
  const keys = new Keys(sandbox.db);
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof ArmError)) sandbox.log("vault", `${c.req.method} ${c.req.path}: ${error.stack ?? String(error)}`);
    const status = error instanceof ArmError ? error.status : 500;
    // Clients ask without a token first, and learn here which one the vault takes.
    if (status === 401)
      c.header("www-authenticate", `Bearer authorization="${sandbox.urls.base}/${sandbox.tenantId}", resource="https://vault.azure.net"`);
    return c.json({ error: errorBody(error) }, status as ContentfulStatusCode);
  });
  app.use(async (c, next) => {
    const caller = await sandbox.authenticate(c.req.header("authorization"), "vault");
    reach(sandbox, caller, vault, getConnInfo(c).remote.address);
    permit(sandbox, caller, vault, c.req.method, c.req.path);
    if (!c.req.query("api-version"))
      throw new ArmError(400, "BadParameter", "The request URI does not have the query parameter 'api-version'.");
    await next();
  });
  const bundle = (key: Key) => ({
    key: {
      kid: idOf(address, key),
      key_ops: key.operations,
      ...(key.kty === "EC" ? { kty: "EC", crv: "P-256", x: key.x, y: key.y } : { kty: "RSA", n: key.n, e: key.e }),
    },
    attributes: attributes(key),
    ...(Object.keys(key.tags).length > 0 ? { tags: key.tags } : {}),
  });
  const item = (key: Key, kid = idOf(address, key)) => ({ kid, attributes: attributes(key), tags: key.tags });

  app.post("/keys/:name/create", async (c) => {
    const name = c.req.param("name");
    if (!names.test(name)) throw new ArmError(400, "BadParameter", `The request URI contains an invalid name: ${name}`);
    return c.json(bundle(await keys.create(vault, name, await body(c, KeyWish))));
  });
  app.get("/keys", (c) => c.json({ value: keys.newest(vault).map((key) => item(key, `${address}/keys/${key.name}`)), nextLink: null }));
  app.get("/keys/:name/versions", (c) =>
    c.json({ value: keys.versions(vault, c.req.param("name")).map((key) => item(key)), nextLink: null }),
  );
  for (const path of ["/keys/:name", "/keys/:name/", "/keys/:name/:version"])
    app.get(path, (c) => c.json(bundle(keys.get(vault, c.req.param("name")!, c.req.param("version")))));
  // Without a version the newest signs.
  for (const path of ["/keys/:name", "/keys/:name/:version"]) {
    app.post(`${path}/sign`, async (c) => {
      const key = keys.get(vault, c.req.param("name")!, c.req.param("version"));
      const { alg, value } = await body(c, toSign);
      return c.json({ kid: idOf(address, key), value: Buffer.from(sign(key, alg, value)).toString("base64url") });
    });
    app.post(`${path}/verify`, async (c) => {
      const key = keys.get(vault, c.req.param("name")!, c.req.param("version"));
      const { alg, digest, value } = await body(c, toVerify);
      return c.json({ value: verify(key, alg, digest, value) });
    });
    for (const [ending, { operation, work }] of Object.entries(wrapping))
      app.post(`${path}/${ending}`, async (c) => {
        const key = keys.get(vault, c.req.param("name")!, c.req.param("version"));
        const { alg, value } = await body(c, toSign);
        usable(key, operation);
        if (key.kty !== "RSA")
          throw new ArmError(400, "BadParameter", `Key and algorithm '${alg}' are incompatible. Key type is '${key.kty}'.`);
        return c.json({ kid: idOf(address, key), value: Buffer.from(work(key, alg, value)).toString("base64url") });
      });
  }
  app.all("*", (c) => {
    throw notModeled(
      `${c.req.method} ${c.req.path} of vaults`,
      "it has keys that are made, read, listed, and that sign, verify, wrap and unwrap.",
    );
  });
  return app;
}

/** Throws ArmError 403 for who comes from the internet to a vault that is closed to it. */
function reach(sandbox: SandboxContext, caller: Caller, vault: string, address: string | undefined): void {
  const resource = sandbox.resources.get(vault);
  if (!resource || mayReach(openTo(resource, sandbox.links), caller.inNetwork ? "inside" : fromOf(address))) return;
  throw new ArmError(
    403,
    "Forbidden",
    `Public network access is disabled and request is not from a trusted service nor via an approved private link. Caller: appid=${caller.clientId ?? ""};oid=${caller.principalId} Vault: ${resource.name};location=${resource.location}`,
  );
}

/** Throws ArmError 403 for what no role covers, where the vault goes by roles. */
function permit(sandbox: SandboxContext, caller: Caller, vault: string, method: string, path: string): void {
  const resource = sandbox.resources.get(vault);
  if (resource?.properties["enableRbacAuthorization"] !== true) return;
  // `wrapkey` in the address, `wrap` in roles.
  const what = method === "GET" ? "read" : `${path.split("/").at(-1)!.replace(/key$/, "")}/action`;
  const operation = `Microsoft.KeyVault/vaults/keys/${what}`;
  const scope = [resource.id, ...path.split("/").slice(1, 3)].join("/");
  // Who may read a key has its public half, and so may verify.
  const enough = what === "verify/action" ? [operation, "Microsoft.KeyVault/vaults/keys/read"] : [operation];
  if (enough.some((operation) => sandbox.access.may(caller.principalId, { operation, scope, data: true }))) return;
  throw new ArmError(
    403,
    "Forbidden",
    `Caller is not authorized to perform action on resource. If role assignments, deny assignments or role definitions were changed recently, please observe propagation time. Caller: appid=${caller.clientId ?? ""};oid=${caller.principalId} Action: '${operation}' Resource: '${scope}' Assignment: (not found)`,
  );
}

/** `https://…/keys/name/version` */
export const idOf = (address: string, { name, version }: Pick<Key, "name" | "version">): string => `${address}/keys/${name}/${version}`;

const attributes = ({ attributes }: Key) => ({
  ...attributes,
  updated: attributes.created,
  recoveryLevel: "Recoverable+Purgeable",
  exportable: false,
});

async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const read = schema.safeParse((await readJson(c, limit)) ?? {});
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new ArmError(400, "BadParameter", `Property ${first!.path.join(".") || "(body)"}: ${first!.message}`);
}
