// azure-native's functions: the caller's identity, the GET of every catalogued type, and the POSTs that list keys and the like.
import { functions, resources } from "./catalog/index.ts";
import { checkInputs } from "./check.ts";
import type { Failure } from "./check.ts";
import type { ResourceManager } from "./http/arm.ts";
import { claim } from "./http/cloud.ts";
import type { Cloud } from "./http/cloud.ts";
import { fillPath } from "./resource.ts";
import type { Properties } from "./rpc/values.ts";
import { isObject } from "./rpc/values.ts";
import type { Tables } from "./table/load.ts";
import { fromBody, toBody } from "./wire/convert.ts";

interface Surroundings {
  readonly tables: Tables;
  readonly arm: ResourceManager;
  readonly cloud: Cloud;
  readonly signal: AbortSignal;
}

/** The function's result, or what is wrong with its arguments. */
export async function invokeFunction(
  token: string,
  args: Properties,
  { tables, arm, cloud, signal }: Surroundings,
): Promise<Properties | readonly Failure[]> {
  const [, module = "", name = ""] = token.split(":");
  if (module === "authorization" && name === "getClientConfig") {
    const oid = claim(await cloud.token(await cloud.audience()), "oid");
    return { clientId: cloud.clientId, objectId: oid, subscriptionId: cloud.subscriptionId, tenantId: cloud.tenantId };
  }
  if (module === "authorization" && name === "getClientToken") {
    const endpoint = typeof args["endpoint"] === "string" ? args["endpoint"] : await cloud.audience();
    return { token: await cloud.token(endpoint) };
  }
  const fn = tables.fn(module, name);
  const action = functions[`${module}:${name}`];
  const path = action?.post ?? resources[`${module}:${name.replace(/^get/, "")}`]?.path;
  if (!fn || path === undefined) {
    throw new Error(
      `NotModeledInSandbox: function ${token} is not modeled in the sandbox. It works against real Azure; here it needs an entry in sandbox/providers/catalog/`,
    );
  }
  const failures = checkInputs(args, fn.table.in, module, tables);
  if (failures.length > 0) return failures;
  const id = fillPath(path, args, cloud.subscriptionId);
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!));
  const request = { apiVersion: fn.table.api, signal };
  const body = action
    ? await arm.post(id, { ...request, body: toBody(args, fn.table.in, module, tables, inPath) })
    : await arm.get(id, request);
  if (!body) throw new Error(`${token}: there is no ${id}`);
  const result = fromBody(body, fn.table.out, module, tables);
  return isObject(result) ? { ...result } : {};
}
