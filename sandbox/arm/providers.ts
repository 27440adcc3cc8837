// What Resource Manager answers about itself: tenants, subscriptions, regions, providers, and lists of all resources.
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { ArmResource, Caller, SandboxContext } from "../core.ts";
import type { Engine } from "./engine.ts";
import { notModeled } from "./errors.ts";
import { parsePath } from "./ids.ts";
import { regions } from "./locations.ts";
import { page } from "./paging.ts";
import { isRegistered, setRegistered } from "./registrations.ts";
import { checkApiVersion } from "./registry.ts";

export function mountProviders(app: Hono, engine: Engine, sandbox: SandboxContext): void {
  const get = (path: string, answer: (c: Context, caller: Caller) => object): void => {
    app.get(path, async (c) => {
      const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
      checkApiVersion(c.req.query("api-version"), undefined, "Microsoft.Resources");
      return c.json(answer(c, caller));
    });
  };
  const subscription = {
    id: `/subscriptions/${sandbox.subscriptionId}`,
    subscriptionId: sandbox.subscriptionId,
    tenantId: sandbox.tenantId,
    homeTenantId: sandbox.tenantId,
    displayName: "mlops sandbox",
    state: "Enabled",
    authorizationSource: "RoleBased",
    subscriptionPolicies: { locationPlacementId: "Internal_2014-09-01", quotaId: "Sandbox_2014-09-01", spendingLimit: "Off" },
    managedByTenants: [],
  };
  const known = (c: Context): void => {
    const asked = c.req.param("subscription") ?? "";
    if (asked.toLowerCase() !== sandbox.subscriptionId)
      throw new ArmError(404, "SubscriptionNotFound", `The subscription '${asked}' could not be found.`);
  };

  get("/tenants", () => ({
    value: [{ id: `/tenants/${sandbox.tenantId}`, tenantId: sandbox.tenantId, tenantCategory: "Home", displayName: "mlops sandbox" }],
  }));
  // A subscription is seen by whoever has a role anywhere in it.
  get("/subscriptions", (_c, { principalId }) => ({ value: sandbox.access.any(principalId) ? [subscription] : [] }));
  get("/subscriptions/:subscription", (c, caller) => {
    known(c);
    if (!sandbox.access.any(caller.principalId))
      sandbox.access.demand(caller, { operation: "Microsoft.Resources/subscriptions/read", scope: subscription.id });
    return subscription;
  });
  get("/subscriptions/:subscription/locations", (c) => {
    known(c);
    const value = Object.entries(regions).map(([name, displayName]) => ({
      id: `${subscription.id}/locations/${name}`,
      name,
      displayName,
      regionalDisplayName: displayName,
      type: "Region",
      metadata: { regionType: "Physical", regionCategory: "Recommended" },
    }));
    return { value };
  });
  get("/subscriptions/:subscription/providers", (c) => {
    known(c);
    return { value: engine.registry.namespaces().map((namespace) => provider(namespace, engine, sandbox)) };
  });
  get("/subscriptions/:subscription/providers/:namespace", (c) => {
    known(c);
    return provider(c.req.param("namespace")!, engine, sandbox);
  });
  app.post("/subscriptions/:subscription/providers/:namespace/:what{register|unregister}", async (c) => {
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    known(c);
    const { namespace, what } = c.req.param();
    sandbox.access.demand(caller, { operation: `${namespace}/${what}/action`, scope: subscription.id });
    provider(namespace, engine, sandbox);
    setRegistered(sandbox, namespace, what === "register");
    return c.json(provider(namespace, engine, sandbox));
  });
  for (const scope of ["/subscriptions/:subscription", "/subscriptions/:subscription/:groups{resource[gG]roups}/:group"]) {
    get(`${scope}/resources`, (c, caller) => {
      known(c);
      const url = new URL(c.req.url);
      const scopeId = url.pathname.replace(/\/resources\/?$/, "");
      if (c.req.param("group")) engine.read({ id: parsePath(scopeId), apiVersion: "", principalId: "", query: url.searchParams });
      const all = resourcesBelow(engine, scopeId, url.searchParams.get("$filter") ?? "").filter(({ id, type }) =>
        sandbox.access.may(caller.principalId, { operation: `${type}/read`, scope: id }),
      );
      return page((offset, count) => all.slice(offset, offset + count), url, `https://${c.req.header("host") ?? url.host}`);
    });
  }
}

function provider(namespace: string, engine: Engine, sandbox: SandboxContext): object {
  const name = engine.registry.namespaces().find((one) => one.toLowerCase() === namespace.toLowerCase());
  if (!name) throw notModeled(`resource provider '${namespace}'`, `it has ${engine.registry.namespaces().join(", ")}.`);
  const resourceTypes = engine.registry
    .all()
    .filter((type) => type.type.startsWith(`${name}/`))
    .map((type) => ({
      resourceType: type.type.slice(name.length + 1),
      locations: Object.values(regions),
      apiVersions: ["2025-06-01", "2024-10-01", "2023-04-01", "2021-04-01"],
    }));
  return {
    id: `/subscriptions/${sandbox.subscriptionId}/providers/${name}`,
    namespace: name,
    registrationState: isRegistered(sandbox, name) ? "Registered" : "NotRegistered",
    registrationPolicy: "RegistrationRequired",
    resourceTypes,
  };
}

/** Tracked resources below a scope, thinned by `$filter` (resourceType eq, name eq, tagName eq … and tagValue eq …). */
export function resourcesBelow(engine: Engine, scope: string, filter = ""): ArmResource[] {
  const wanted = filterOf(filter);
  return engine.registry
    .all()
    .filter((type) => type.tracked && type.type !== "Microsoft.Resources/resourceGroups")
    .flatMap((type) => engine.store.list(scope, type.type).map((resource) => engine.shown(resource, type)))
    .filter((resource) => wanted(resource))
    .map(
      ({ id, type, location, tags, kind, sku, identity }) =>
        ({ id, name: nameWithin(id), type, location, tags, kind, sku, identity }) as ArmResource,
    )
    .sort((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
}

/** A child is listed as `parent/child`. */
const nameWithin = (id: string): string =>
  parsePath(id)
    .segments.filter((_, index) => index % 2 === 1)
    .join("/");

function filterOf(text: string): (resource: ArmResource) => boolean {
  if (text.trim() === "") return () => true;
  const terms = text
    .split(/ and /i)
    .map((term) => /^\s*(resourceType|name|tagName|tagValue|resourceGroup|location) eq '((?:[^']|'')*)'\s*$/i.exec(term));
  if (terms.some((term) => !term)) {
    throw new ArmError(
      400,
      "InvalidFilterInQueryString",
      `Invalid $filter '${text}' specified in the query string. The sandbox understands resourceType, name, resourceGroup, location, tagName and tagValue, each with eq, joined by and.`,
    );
  }
  const value = (name: string): string | undefined => terms.find((term) => term![1]!.toLowerCase() === name)?.[2]?.replaceAll("''", "'");
  const same = (wanted: string | undefined, actual: string | undefined): boolean =>
    wanted === undefined || wanted.toLowerCase() === actual?.toLowerCase();
  const tag = value("tagname");
  return (resource) =>
    same(value("resourcetype"), resource.type) &&
    same(value("name"), resource.name) &&
    same(value("location"), resource.location) &&
    same(value("resourcegroup"), parsePath(resource.id).resourceGroup) &&
    (tag === undefined || (resource.tags?.[tag] !== undefined && same(value("tagvalue"), resource.tags[tag])));
}
