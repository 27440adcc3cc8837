// Resource Manager over HTTP: one router for every resource id, whatever its type.
import type { Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { act } from "./act.ts";
import type { Engine, Asked } from "./engine.ts";
import { isGroups, parsePath, typeOf } from "./ids.ts";
import { notModeled } from "./errors.ts";
import type { ParsedId } from "./ids.ts";
import type { Operation } from "./operations.ts";
import { page } from "./paging.ts";
import { authorize, authorizeBody } from "../rbac/arm.ts";
import { checkApiVersion } from "./registry.ts";
import { readJson } from "../server/bodies.ts";

/** Registries' asset service answers the same paths below this prefix (`primaryRegionResourceProviderUri`). */
export const assetServicePrefix = "/mferp/managementfrontend";

const bodyLimit = 4 * 1024 * 1024;

/** Mounts `/subscriptions/…` and `/providers/…`. Routes that others put before it win. */
export function mountArm(app: Hono, engine: Engine, sandbox: SandboxContext): void {
  const answer = async (c: Context): Promise<Response> => await handle(c, engine, sandbox);
  for (const prefix of ["", assetServicePrefix]) {
    app.all(`${prefix}/subscriptions/*`, answer);
    app.all(`${prefix}/providers/*`, answer);
  }
}

async function handle(c: Context, engine: Engine, sandbox: SandboxContext): Promise<Response> {
  const url = new URL(c.req.url);
  const onAssets = url.pathname.startsWith(assetServicePrefix);
  const caller = await sandbox.authenticate(c.req.header("authorization"), onAssets ? "aml" : "arm");
  const id = parsePath(onAssets ? url.pathname.slice(assetServicePrefix.length) : url.pathname);
  const type = typeOf(id);
  const apiVersion = checkApiVersion(url.searchParams.get("api-version") ?? undefined, id.namespace, type);
  const asked: Asked = {
    id,
    service: onAssets ? "machinelearning" : "management",
    apiVersion,
    principalId: caller.principalId,
    query: url.searchParams,
    ifMatch: c.req.header("if-match"),
    ifNoneMatch: c.req.header("if-none-match"),
  };
  const relaxed = /^Microsoft\.Resources\/deployments/i.test(type);
  const links = new Links(c, id, apiVersion);
  const operation = operationPath(id);
  if (operation) return operationAnswer(c, engine, links, operation.id, operation.result);
  const shownOnly = authorize(c.req.method, id, caller, sandbox);

  const isResource = id.namespace ? id.segments.length > 0 && id.segments.length % 2 === 0 : !isGroups(id);
  if (!id.namespace && id.segments.length && !isGroups(id))
    throw notModeled(`the path '${url.pathname}'`, "it is neither a resource, nor a list, nor an action of one.");
  switch (c.req.method) {
    case "GET":
    case "HEAD": {
      if (isResource) return shown(c, engine.read(asked));
      const rows = shownOnly ? engine.list(asked).filter(shownOnly) : undefined;
      const part = (offset: number, count: number): ArmResource[] =>
        rows ? rows.slice(offset, offset + count) : engine.list(asked, offset, count);
      return c.json(page((offset, count) => part(offset, count).map((one) => named(c, one)), url, links.origin));
    }
    case "PUT":
    case "PATCH": {
      if (!isResource) throw methodNotAllowed(c, type);
      const body = await readJson(c, bodyLimit, { relaxed });
      authorizeBody(c.req.method, id, body, caller, sandbox);
      const { resource, created, operation } = await engine.write(asked, body, c.req.method);
      const fixed = c.req.method === "PUT" ? engine.registry.get(type).putStatus : 200;
      const status = operation && fixed === 200 ? 202 : (fixed ?? (created ? 201 : 200));
      return shown(c, resource, status, operation && links.of(operation));
    }
    case "DELETE": {
      if (!isResource) throw methodNotAllowed(c, type);
      const removed = await engine.remove(asked);
      if (!removed) return c.body(null, 204);
      if (removed.operation) return c.body(null, 202, links.of(removed.operation));
      return removed.resource && engine.registry.get(type).showsDeleted ? c.json(removed.resource) : c.body(null, 200);
    }
    case "POST": {
      if (isResource) throw methodNotAllowed(c, type);
      const result = await act(engine, asked, await readJson(c, bodyLimit, { relaxed }), sandbox);
      const headers = { ...result.headers, ...(result.kept ? links.of(result.kept) : {}) };
      const status = (result.status ?? (result.kept ? 202 : result.body === undefined ? 204 : 200)) as ContentfulStatusCode;
      return result.body === undefined ? c.body(null, status, headers) : c.json(result.body as object, status, headers);
    }
    default:
      throw methodNotAllowed(c, type);
  }
}

/** The asset service names a registry's assets `azureml://registries/…`; Resource Manager by their resource id. */
function named(c: Context, resource: ArmResource): ArmResource {
  if (!c.req.path.startsWith(assetServicePrefix)) return resource;
  const asset = /\/registries\/([^/]+\/\w+\/[^/]+(?:\/versions\/[^/]+)?)$/i.exec(resource.id)?.[1];
  return asset ? { ...resource, id: `azureml://registries/${asset}` } : resource;
}

function shown(c: Context, resource: ArmResource, status: ContentfulStatusCode = 200, headers: Record<string, string> = {}): Response {
  const all = { ...headers, ...(resource.etag ? { etag: resource.etag } : {}) };
  // Whether it exists, as clients of Resource Manager ask.
  if (c.req.method === "HEAD") return c.body(null, 204, all);
  return c.json(named(c, resource), status, all);
}

function methodNotAllowed(c: Context, type: string): ArmError {
  return new ArmError(405, "MethodNotAllowed", `The HTTP method '${c.req.method}' is not supported at this path (type '${type}').`);
}

/** `…/providers/Ns/locations/{l}/operationsStatus|operationResults/{id}` */
function operationPath({ namespace, segments }: ParsedId): { id: string; result: boolean } | undefined {
  if (!namespace || segments.length !== 4 || segments[0]!.toLowerCase() !== "locations") return undefined;
  const kind = segments[2]!.toLowerCase();
  if (kind !== "operationsstatus" && kind !== "operationresults") return undefined;
  return { id: segments[3]!, result: kind === "operationresults" };
}

function operationAnswer(c: Context, engine: Engine, links: Links, id: string, result: boolean): Response {
  const operation = engine.operations.get(id);
  if (!operation) throw new ArmError(404, "OperationNotFound", `The operation '${id}' could not be found.`);
  const underWay = operation.status === "InProgress";
  if (!result) {
    const body = {
      id: new URL(c.req.url).pathname,
      name: id,
      status: operation.status,
      startTime: operation.startTime,
      ...(operation.endTime ? { endTime: operation.endTime } : {}),
      ...(operation.error ? { error: operation.error } : {}),
      ...(operation.status === "Succeeded" && operation.result !== undefined ? { properties: operation.result } : {}),
    };
    return c.json(body, 200, underWay ? soon : {});
  }
  if (underWay) return c.body(null, 202, links.of(operation));
  if (operation.error) return c.json({ error: operation.error }, 409);
  if (operation.kind === "action") return operation.result === undefined ? c.body(null, 204) : c.json(operation.result);
  const resource = operation.kind === "put" ? engine.find(operation.resourceId) : undefined;
  return resource ? shown(c, engine.shown(resource)) : c.body(null, 204);
}

/**
 * When to look again. Clients that know Azure's finer header (azure-core and this project's) wait a tenth of a second: nothing
 * here is as far away as Azure, and with scaled latencies a second would be a third of a minute.
 */
const soon = { "retry-after": "1", "retry-after-ms": "100" };

/** Addresses of operations, on the host and below the prefix that the client used. */
class Links {
  readonly origin: string;
  readonly #prefix: string;
  readonly #id: ParsedId;
  readonly #apiVersion: string;

  constructor(c: Context, id: ParsedId, apiVersion: string) {
    const url = new URL(c.req.url);
    this.origin = `https://${c.req.header("host") ?? url.host}`;
    this.#prefix = url.pathname.startsWith(assetServicePrefix) ? assetServicePrefix : "";
    this.#id = id;
    this.#apiVersion = apiVersion;
  }

  of(operation: Operation): Record<string, string> {
    const namespace = this.#id.namespace ?? "Microsoft.Resources";
    const base = `${this.origin}${this.#prefix}/subscriptions/${this.#id.subscriptionId}/providers/${namespace}/locations/local`;
    return {
      "azure-asyncoperation": `${base}/operationsStatus/${operation.id}?api-version=${this.#apiVersion}`,
      location: `${base}/operationResults/${operation.id}?api-version=${this.#apiVersion}`,
      ...soon,
    };
  }
}
