// Pulumi's azuread provider as far as the sandbox models Microsoft Graph: applications, service principals, federated credentials.
import { checkInputs } from "../check.ts";
import type { Failure } from "../check.ts";
import { applyDrift, diffInputs } from "../diff.ts";
import type { InputDiff } from "../diff.ts";
import { claim, Cloud } from "../http/cloud.ts";
import type { Config } from "../http/cloud.ts";
import type { Json } from "../http/request.ts";
import type { ChangeArgs, CheckArgs, Provider, Read } from "../rpc/provider.ts";
import type { Properties } from "../rpc/values.ts";
import { equal, text, unknown } from "../rpc/values.ts";
import type { Scoped, TypeTables } from "../table/load.ts";
import { fromBody, outputsAsInputs, previewOutputs, toBody } from "../wire/convert.ts";
import { graphTypes, objects } from "./catalog.ts";
import type { GraphType } from "./catalog.ts";
import { Graph } from "./graph.ts";

/** Inputs that steer this provider and are no property of Graph's. */
const STEERING = new Set(["owners", "preventDuplicateNames", "useExisting", "applicationId"]);
/** Outputs that no update changes. */
const STABLE_OUTPUTS = ["clientId", "objectId", "credentialId", "applicationTenantId", "publisherDomain"];

const tables: TypeTables = {
  object({ t }): Scoped {
    const table = objects[t];
    if (!table) throw new Error(`no table for type ${t}`);
    return { table, module: "index" };
  },
};

export class AzureAdProvider implements Provider {
  readonly version: string;
  readonly #env: NodeJS.ProcessEnv;
  #config: Config = {};
  #connected: { cloud: Cloud; graph: Graph } | undefined;

  constructor(version: string, env: NodeJS.ProcessEnv) {
    this.version = version;
    this.#env = env;
  }

  configure(variables: Config): void {
    this.#config = variables;
  }

  async check(args: CheckArgs): Promise<{ inputs: Properties; failures: readonly Failure[] }> {
    const type = typeOf(args.token);
    const failures: Failure[] = [];
    const modeled = { ...args.news };
    for (const property of type.notModeled) {
      if (modeled[property] === undefined) continue;
      failures.push({
        property,
        reason: `NotModeledInSandbox: '${property}' of ${args.token} is not modeled in the sandbox; it works against real Azure`,
      });
      delete modeled[property];
    }
    delete modeled["__defaults"];
    failures.push(...checkInputs(modeled, type.in, "index", tables));
    return { inputs: args.news, failures };
  }

  diff(args: ChangeArgs): InputDiff {
    return diffInputs(args.oldInputs, args.news, new Set(typeOf(args.token).replaces), args.oldState);
  }

  async create(args: ChangeArgs): Promise<{ id: string; outputs: Properties }> {
    const type = typeOf(args.token);
    if (args.preview) return { id: "", outputs: preview(type, args.news) };
    const { graph } = this.#connect();
    const body = bodyOf(type, args.news);
    const owners = (args.news["owners"] ?? []) as string[];
    if (owners.length > 0) body["owners@odata.bind"] = await Promise.all(owners.map((o) => graph.reference(o)));
    if (args.news["preventDuplicateNames"] === true) await this.#refuseDuplicate(type, args);
    const existing = args.news["useExisting"] === true && type.existingBy ? await this.#find(type, type.existingBy, args) : undefined;
    const made = existing ?? (await graph.post(collection(type, args.news), body, args.signal));
    const id = type.id(String(made["id"]), text(args.news["applicationId"] ?? ""));
    if (existing) await graph.patch(path(type, id), body, args.signal);
    return { id, outputs: await this.#outputs(type, id, args) };
  }

  async update(args: ChangeArgs): Promise<Properties> {
    const type = typeOf(args.token);
    if (args.preview) {
      const outputs = preview(type, args.news);
      for (const name of STABLE_OUTPUTS) if (args.oldState[name] !== undefined) outputs[name] = args.oldState[name];
      return outputs;
    }
    const { graph } = this.#connect();
    const body = bodyOf(type, args.news);
    // Graph keeps what a PATCH does not name: what was taken out of the program is emptied.
    for (const name of Object.keys(args.oldInputs)) {
      if (args.news[name] === undefined && type.in.p[name] !== undefined && !STEERING.has(name))
        body[type.in.w?.[name]?.[0] ?? name] = typeof type.in.p[name] === "object" && "l" in type.in.p[name] ? [] : null;
    }
    await graph.patch(path(type, args.id), body, args.signal);
    if (type.owners && !equal(args.oldInputs["owners"], args.news["owners"])) await this.#setOwners(type, args);
    return this.#outputs(type, args.id, args);
  }

  async read(args: ChangeArgs): Promise<Read | undefined> {
    const type = typeOf(args.token);
    const body = await this.#connect().graph.get(path(type, args.id), args.signal);
    if (!body) return undefined;
    const outputs = await this.#outputs(type, args.id, args, body);
    const shown = outputsAsInputs(outputs, type.in, "index", tables);
    if (Object.keys(args.oldInputs).length === 0) return { id: args.id, outputs, inputs: shown };
    const before = outputsAsInputs(args.oldState, type.in, "index", tables);
    return { id: args.id, outputs, inputs: applyDrift(args.oldInputs, before, shown) };
  }

  async delete(args: ChangeArgs): Promise<void> {
    const type = typeOf(args.token);
    if (args.oldInputs["useExisting"] === true) return;
    await this.#connect().graph.delete(path(type, args.id), args.signal);
  }

  async invoke(token: string, args: Properties, signal: AbortSignal): Promise<Properties> {
    const { cloud } = this.#connect();
    const name = token.split(":").at(-1)!;
    if (name === "getClientConfig") {
      const objectId = claim(await cloud.token(await cloud.audience()), "oid");
      return { id: `${cloud.tenantId}-${cloud.clientId}-${objectId}`, clientId: cloud.clientId, objectId, tenantId: cloud.tenantId };
    }
    const type = graphTypes[name.replace(/^get/, "")];
    const by = ["objectId", "clientId", "displayName"].find((key) => args[key] !== undefined);
    if (!type || !by || type.collection.includes("{")) throw refusal(`function ${token}`);
    const body = await this.#find(type, by, { news: args, signal });
    if (!body) throw new Error(`${token}: there is none with ${by} '${text(args[by])}'`);
    const outputs = withRoleIds(fromBody(body, type.out, "index", tables));
    return { ...outputs, id: type.id(String(body["id"]), "") };
  }

  async #outputs(type: GraphType, id: string, args: ChangeArgs, body?: Json): Promise<Properties> {
    const { graph } = this.#connect();
    const found = body ?? (await graph.get(path(type, id), args.signal)) ?? {};
    const outputs = withRoleIds(fromBody(found, type.out, "index", tables));
    const parent = /([^/]+)\/federatedIdentityCredential\//.exec(id)?.[1];
    if (parent !== undefined)
      outputs["applicationId"] = args.news["applicationId"] ?? args.oldInputs["applicationId"] ?? `/applications/${parent}`;
    for (const name of ["useExisting", "preventDuplicateNames"]) if (args.news[name] !== undefined) outputs[name] = args.news[name];
    const wanted = args.news["owners"] ?? args.oldInputs["owners"];
    if (type.owners && wanted !== undefined)
      outputs["owners"] = (await graph.list(`${path(type, id)}/owners`, args.signal)).map((o) => String(o["id"])).toSorted();
    return outputs;
  }

  async #setOwners(type: GraphType, args: ChangeArgs): Promise<void> {
    const { graph } = this.#connect();
    const before = (args.oldInputs["owners"] ?? []) as string[];
    const after = (args.news["owners"] ?? []) as string[];
    const owners = `${path(type, args.id)}/owners`;
    for (const owner of after.filter((o) => !before.includes(o)))
      await graph.post(`${owners}/$ref`, { "@odata.id": await graph.reference(owner) }, args.signal);
    for (const owner of before.filter((o) => !after.includes(o))) await graph.delete(`${owners}/${owner}/$ref`, args.signal);
  }

  async #refuseDuplicate(type: GraphType, args: ChangeArgs): Promise<void> {
    const other = await this.#find(type, "displayName", args);
    if (other)
      throw new Error(
        `an application named '${text(args.news["displayName"])}' exists already (${String(other["id"])}), and preventDuplicateNames is set`,
      );
  }

  async #find(type: GraphType, by: string, args: { news: Properties; signal: AbortSignal }): Promise<Json | undefined> {
    const value = text(args.news[by]);
    if (by === "objectId") return this.#connect().graph.get(`${type.collection}/${encodeURIComponent(value)}`, args.signal);
    const field = type.out.w?.[by]?.[0] ?? by;
    const filter = encodeURIComponent(`${field} eq '${value.replaceAll("'", "''")}'`);
    return (await this.#connect().graph.list(`${type.collection}?$filter=${filter}`, args.signal))[0];
  }

  #connect(): { cloud: Cloud; graph: Graph } {
    if (!this.#connected) {
      const cloud = new Cloud(this.#config, this.#env);
      this.#connected = { cloud, graph: new Graph(cloud) };
    }
    return this.#connected;
  }
}

function typeOf(token: string): GraphType {
  const type = graphTypes[token.split(":").at(-1) ?? ""];
  if (!type) throw refusal(`resource type ${token}`);
  return type;
}

function refusal(what: string): Error {
  return new Error(
    `NotModeledInSandbox: azuread ${what} is not modeled in the sandbox. It works against real Azure; here it needs an entry in sandbox/providers/azuread/catalog.ts`,
  );
}

function bodyOf(type: GraphType, inputs: Properties): Json {
  return toBody(inputs, type.in, "index", tables, STEERING);
}

function preview(type: GraphType, inputs: Properties): Properties {
  const outputs = previewOutputs(inputs, type.out, "index", tables);
  // What the program leaves out stays out, as in the bridged provider.
  for (const name of Object.keys(type.in.p))
    if (inputs[name] === undefined && outputs[name] === unknown && !STABLE_OUTPUTS.includes(name)) delete outputs[name];
  return outputs;
}

/** `value` → id of roles and scopes, which the SDK shows as maps. */
function withRoleIds(outputs: Properties): Properties {
  const ids = (list: unknown): Properties =>
    Object.fromEntries(
      ((list as Properties[] | undefined) ?? []).flatMap((r) =>
        typeof r["value"] === "string" && r["value"] !== "" ? [[r["value"], r["id"]]] : [],
      ),
    );
  const scopes = outputs["oauth2PermissionScopes"] ?? (outputs["api"] as Properties | undefined)?.["oauth2PermissionScopes"];
  return { ...outputs, appRoleIds: ids(outputs["appRoles"]), oauth2PermissionScopeIds: ids(scopes) };
}

function collection(type: GraphType, inputs: Properties): string {
  return type.collection.replace("{applicationId}", () => text(inputs["applicationId"]).split("/").at(-1)!);
}

/** Graph path of an id: `/applications/x`, `x/federatedIdentityCredential/y`. */
function path(type: GraphType, id: string): string {
  const parts = id.split("/").filter((p) => p !== "");
  return `${type.collection.replace("{applicationId}", parts.at(-3) ?? "")}/${parts.at(-1)}`;
}
