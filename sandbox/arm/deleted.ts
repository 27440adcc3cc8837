// What was deleted and can still be recovered or purged: `/subscriptions/{s}/providers/{ns}/deleted{Types}` and below
// `…/locations/{l}/deleted{Types}/{name}[/purge]`. Azure has these for vaults and log workspaces; the sandbox for all types.
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import type { DeletedResource } from "../state/resources.ts";
import type { Engine } from "./engine.ts";
import type { AnyType } from "./registry.ts";

export function mountDeleted(app: Hono, engine: Engine, sandbox: SandboxContext): void {
  const typeFor = (namespace: string, segment: string): AnyType | undefined =>
    engine.registry.all().find((type) => {
      const [own, kind, ...more] = type.type.split("/");
      return (
        type.softDelete &&
        !more.length &&
        own!.toLowerCase() === namespace.toLowerCase() &&
        `deleted${kind}`.toLowerCase() === segment.toLowerCase()
      );
    });
  const found = (type: AnyType, name: string): DeletedResource => {
    const one = engine.store.deletedByName(type.type, name);
    if (!one)
      throw new ArmError(
        404,
        type.type.endsWith("vaults") ? "DeletedVaultNotFound" : "ResourceNotFound",
        `No deleted ${type.type} called '${name}' was found.`,
      );
    return one;
  };

  const permitted = async (c: Context, type: AnyType, what: string): Promise<void> => {
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    const [namespace, kind] = type.type.split("/") as [string, string];
    const operation = `${namespace}/locations/deleted${kind[0]!.toUpperCase()}${kind.slice(1)}/${what}`;
    sandbox.access.demand(caller, { operation, scope: `/subscriptions/${sandbox.subscriptionId}` });
  };

  app.get("/subscriptions/:s/providers/:ns/:kind{deleted[A-Za-z]+}", async (c, next) => {
    const type = typeFor(c.req.param("ns"), c.req.param("kind"));
    if (!type) return await next();
    await permitted(c, type, "read");
    return c.json({ value: engine.store.deleted(type.type).map((one) => shown(type, one)) });
  });
  app.get("/subscriptions/:s/providers/:ns/locations/:l/:kind{deleted[A-Za-z]+}/:name", async (c, next) => {
    const type = typeFor(c.req.param("ns"), c.req.param("kind"));
    if (!type) return await next();
    await permitted(c, type, "read");
    return c.json(shown(type, found(type, c.req.param("name"))));
  });
  app.post("/subscriptions/:s/providers/:ns/locations/:l/:kind{deleted[A-Za-z]+}/:name/purge", async (c, next) => {
    const type = typeFor(c.req.param("ns"), c.req.param("kind"));
    if (!type) return await next();
    await permitted(c, type, "purge/action");
    const { resource } = found(type, c.req.param("name"));
    if (type.softDelete!.protected?.(resource)) {
      throw new ArmError(
        400,
        "MethodNotAllowed",
        `Operation 'DeletedVaultPurge' is not allowed: '${resource.name}' has purge protection and stays until its retention ends.`,
      );
    }
    engine.store.purge(resource.id);
    return c.body(null, 200);
  });
}

function shown(type: AnyType, { resource, deletedAt, purgeAt }: DeletedResource): object {
  const [namespace, kind] = type.type.split("/") as [string, string];
  const plural = `deleted${kind[0]!.toUpperCase()}${kind.slice(1)}`;
  return {
    id: `/${resource.id.split("/").slice(1, 3).join("/")}/providers/${namespace}/locations/${resource.location}/${plural}/${resource.name}`,
    name: resource.name,
    type: `${namespace}/${plural}`,
    properties: {
      // Key Vault's name, then the one of the others.
      vaultId: resource.id,
      resourceId: resource.id,
      location: resource.location,
      deletionDate: deletedAt.toISOString(),
      scheduledPurgeDate: purgeAt.toISOString(),
      tags: resource.tags ?? {},
      ...(type.softDelete?.protected?.(resource) ? { purgeProtectionEnabled: true } : {}),
    },
  };
}
