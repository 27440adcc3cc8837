// `GET {scope}/providers/Microsoft.Authorization/permissions`: what the caller may do there.
// https://learn.microsoft.com/rest/api/authorization/permissions (2022-04-01)
import type { Hono } from "hono";
import { idOf, parsePath, typeOf } from "../arm/ids.ts";
import { checkApiVersion } from "../arm/registry.ts";
import type { SandboxContext } from "../core.ts";

const PATH = /^(\/subscriptions\/.+?)\/providers\/Microsoft\.Authorization\/permissions$/i;

/** `exists` throws as a GET of the scope would. */
export function mountPermissions(app: Hono, sandbox: SandboxContext, exists: (scope: string) => void): void {
  app.get("/subscriptions/*", async (c, next) => {
    const path = PATH.exec(new URL(c.req.url).pathname)?.[1];
    if (path === undefined) return await next();
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    checkApiVersion(c.req.query("api-version"), "Microsoft.Authorization", "Microsoft.Authorization/permissions");
    const id = parsePath(path);
    if (typeOf(id) !== "Microsoft.Resources/subscriptions") exists(id.namespace ? idOf(id) : id.scope);
    return c.json({ value: sandbox.access.permissions(caller.principalId, id.namespace ? idOf(id) : id.scope) });
  });
}
