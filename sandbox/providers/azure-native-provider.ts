// Pulumi's azure-native provider as far as the sandbox goes: the same checks, requests, outputs and diffs, found in its source
// (pulumi/pulumi-azure-native provider/pkg/provider) and written down in docs/decisions/providers.md.
import type { ResourceTable } from "./table/format.ts";
import { checkInputs } from "./check.ts";
import type { Failure } from "./check.ts";
import { applyDrift, diffInputs } from "./diff.ts";
import type { InputDiff } from "./diff.ts";
import { ResourceManager } from "./http/arm.ts";
import type { Json } from "./http/request.ts";
import { Cloud } from "./http/cloud.ts";
import type { Config } from "./http/cloud.ts";
import { invokeFunction } from "./invoke.ts";
import { dropPath, fillName, keep } from "./inputs.ts";
import { fillPath, parseId, resourceOf, withoutTrivial } from "./resource.ts";
import type { Resource } from "./resource.ts";
import { InitFailed } from "./rpc/provider.ts";
import type { ChangeArgs, CheckArgs, Provider, Read } from "./rpc/provider.ts";
import { hasUnknown, text, unknown } from "./rpc/values.ts";
import type { Properties, Value } from "./rpc/values.ts";
import type { Tables } from "./table/load.ts";
import { fromBody, get, outputsAsInputs, previewOutputs, toBody } from "./wire/convert.ts";

/** Outputs that no update changes; a preview may pass them on. */
const STABLE_OUTPUTS = ["name", "location"];
/** Provider configuration that says which cloud, and as whom. */
const CLOUD_SETTINGS = ["metadataHost", "subscriptionId", "tenantId", "clientId", "clientSecret"];
const RESOURCE_GROUP_API = "2024-03-01";

export class AzureNativeProvider implements Provider {
  readonly version: string;
  readonly #tables: Tables;
  readonly #env: NodeJS.ProcessEnv;
  #config: Config = {};
  #connected: { cloud: Cloud; arm: ResourceManager } | undefined;
  readonly #groupLocations = new Map<string, string | undefined>();

  constructor(version: string, tables: Tables, env: NodeJS.ProcessEnv) {
    this.version = version;
    this.#tables = tables;
    this.#env = env;
  }

  configure(variables: Config): void {
    this.#config = variables;
    if (CLOUD_SETTINGS.some((name) => variables[name] !== undefined)) this.#connected = undefined;
  }

  /**
   * Signs in while the engine is still shaking hands: nearly every program asks first who it is (getClientConfig).
   * Without a sandbox nothing happens here; whoever needs one later is told.
   */
  warmUp(): void {
    try {
      const { cloud } = this.#connect();
      cloud
        .audience()
        .then((audience) => cloud.token(audience))
        .catch(() => undefined);
    } catch {
      // The environment is not prepared; a preview may do without.
    }
  }

  async check(args: CheckArgs): Promise<{ inputs: Properties; failures: readonly Failure[] }> {
    const resource = resourceOf(args.token, this.#tables);
    const inputs = { ...args.news };
    fillName(resource, inputs, args);
    if (inputs["location"] === undefined && "location" in resource.table.in.p && !resource.entry.noDefaultLocation) {
      const location = args.olds["location"] ?? this.#config["location"] ?? (await this.#groupLocation(inputs["resourceGroupName"]));
      if (location !== undefined) inputs["location"] = location;
    }
    if (resource.table.api !== "") inputs["azureApiVersion"] = resource.table.api;
    const failures = checkInputs(inputs, resource.table.in, resource.module, this.#tables);
    for (const name of resource.pathParameters) {
      if (inputs[name] === undefined && !failures.some((f) => f.property === name)) {
        failures.push({ property: name, reason: `missing required property '${name}'` });
      }
    }
    return { inputs, failures };
  }

  diff(args: ChangeArgs): InputDiff {
    return diffInputs(args.oldInputs, args.news, resourceOf(args.token, this.#tables).replaceKeys, args.oldState);
  }

  async create(args: ChangeArgs): Promise<{ id: string; outputs: Properties }> {
    const resource = resourceOf(args.token, this.#tables);
    if (args.preview) return { id: "", outputs: this.#preview(args.news, resource.table, resource.module) };
    const { arm, cloud } = this.#connect();
    const id = fillPath(resource.entry.path, args.news, cloud.subscriptionId);
    if (resource.entry.dataPlane) {
      const blob = await import("./blob.ts");
      return { id, outputs: await blob.create({ id, inputs: args.news, arm, cloud, signal: args.signal }) };
    }
    const request = { apiVersion: resource.table.api, signal: args.signal };
    const existing = await arm.get(id, request);
    if (existing && Object.keys(existing).length > 0 && !resource.entry.singleton) {
      throw new Error(`cannot create already existing resource '${id}'; take it over with: pulumi import ${args.token} <name> ${id}`);
    }
    return this.#write(resource, id, args, undefined);
  }

  async update(args: ChangeArgs): Promise<Properties> {
    const resource = resourceOf(args.token, this.#tables);
    if (args.preview) {
      const outputs = this.#preview(args.news, resource.table, resource.module);
      for (const name of STABLE_OUTPUTS) if (args.oldState[name] !== undefined) outputs[name] = args.oldState[name];
      return outputs;
    }
    if (resource.entry.dataPlane) {
      const { arm, cloud } = this.#connect();
      const blob = await import("./blob.ts");
      return blob.write({ id: args.id, inputs: args.news, arm, cloud, signal: args.signal });
    }
    const inputs = { ...args.news };
    for (const [name, value] of Object.entries(resource.entry.whenRemoved ?? {})) {
      if (inputs[name] === undefined && args.oldState[name] !== undefined) inputs[name] = value as Value;
    }
    const present = resource.entry.keeps
      ? await this.#connect().arm.get(args.id, { apiVersion: resource.table.api, signal: args.signal })
      : undefined;
    return (await this.#write(resource, args.id, { ...args, news: inputs }, present)).outputs;
  }

  async read(args: ChangeArgs): Promise<Read | undefined> {
    const resource = resourceOf(args.token, this.#tables);
    const { arm, cloud } = this.#connect();
    if (resource.entry.dataPlane) {
      const blob = await import("./blob.ts");
      const imported = Object.keys(args.oldInputs).length > 0 ? args.oldInputs : parseId(args.id, resource.entry.path);
      const outputs = await blob.read({ id: args.id, inputs: imported, arm, cloud, signal: args.signal });
      return outputs && { id: args.id, outputs, inputs: imported };
    }
    const body = await arm.get(args.id, { apiVersion: resource.table.api, signal: args.signal });
    if (!body) return undefined;
    const outputs = this.#outputs(resource, body);
    return { id: args.id, outputs, inputs: this.#readInputs(resource, args, outputs) };
  }

  async delete(args: ChangeArgs): Promise<void> {
    const resource = resourceOf(args.token, this.#tables);
    const { arm, cloud } = this.#connect();
    const request = { apiVersion: resource.table.api, signal: args.signal };
    if (resource.entry.dataPlane) {
      const blob = await import("./blob.ts");
      return blob.remove({ id: args.id, inputs: args.oldInputs, arm, cloud, signal: args.signal });
    }
    if (resource.entry.singleton) await arm.put(args.id, { ...request, body: { properties: resource.entry.singleton } });
    else await arm.delete(args.id, request);
  }

  async invoke(token: string, args: Properties, signal: AbortSignal): Promise<Properties | readonly Failure[]> {
    return invokeFunction(token, args, { tables: this.#tables, signal, ...this.#connect() });
  }

  /** PUT, then GET: what PUT answers is not always what a later refresh sees. */
  async #write(resource: Resource, id: string, args: ChangeArgs, present: Json | undefined): Promise<{ id: string; outputs: Properties }> {
    const { arm } = this.#connect();
    const body = toBody(args.news, resource.table.in, resource.module, this.#tables, resource.notInBody);
    for (const path of resource.entry.keeps ?? []) keep(body, path.split("."), present);
    const request = { apiVersion: resource.table.api, signal: args.signal };
    let accepted = false;
    try {
      const query = Object.fromEntries(
        (resource.entry.query ?? []).flatMap((name) => (args.news[name] === undefined ? [] : [[name, text(args.news[name])]])),
      );
      const answer = await arm.put(id, { ...request, body, query, accepted: () => (accepted = true) });
      const realId = typeof answer["id"] === "string" ? answer["id"] : id;
      return { id: realId, outputs: this.#outputs(resource, (await arm.get(realId, request)) ?? answer) };
    } catch (error) {
      if (!accepted) throw error;
      throw await this.#initFailed(error, resource, id, args.news);
    }
  }

  /** The resource stands, though not as it should: its present state goes along with the error. */
  async #initFailed(error: unknown, resource: Resource, id: string, inputs: Properties): Promise<InitFailed> {
    const message = error instanceof Error ? error.message : String(error);
    let body: Json | undefined;
    try {
      body = await this.#connect().arm.get(id, { apiVersion: resource.table.api, signal: AbortSignal.timeout(5_000) });
    } catch {
      // The first error is the one to tell; the state goes without outputs.
    }
    const outputs = body ? this.#outputs(resource, body) : {};
    return new InitFailed(message, typeof body?.["id"] === "string" ? body["id"] : id, outputs, inputs);
  }

  #outputs(resource: Resource, body: Json): Properties {
    const outputs = fromBody(body, resource.table.out, resource.module, this.#tables);
    return { ...outputs, azureApiVersion: resource.table.api };
  }

  #preview(inputs: Properties, table: ResourceTable, module: string): Properties {
    return {
      ...previewOutputs(inputs, table.out, module, this.#tables),
      ...(inputs["azureApiVersion"] !== undefined && { azureApiVersion: inputs["azureApiVersion"] }),
    };
  }

  #readInputs(resource: Resource, args: ChangeArgs, outputs: Properties): Properties {
    const { in: object } = resource.table;
    const shown = outputsAsInputs(outputs, object, resource.module, this.#tables);
    delete shown["id"];
    if (Object.keys(args.oldInputs).length === 0) {
      const inputs: Properties = { ...parseId(args.id, resource.entry.path), azureApiVersion: resource.table.api };
      for (const [name, value] of Object.entries(shown)) {
        if (!resource.notInBody.has(name)) inputs[name] = withoutTrivial(value);
      }
      return inputs;
    }
    const before = outputsAsInputs(args.oldState, object, resource.module, this.#tables);
    for (const name of resource.notInBody) {
      delete before[name];
      delete shown[name];
    }
    for (const path of resource.entry.keeps ?? []) {
      if (
        get(
          args.oldInputs,
          path.split(".").filter((p) => p !== "properties" || "properties" in object.p),
        ) === undefined
      ) {
        dropPath(before, path, object.p);
        dropPath(shown, path, object.p);
      }
    }
    delete before["id"];
    return applyDrift(args.oldInputs, before, shown);
  }

  async #groupLocation(group: Value): Promise<Value> {
    if (group === undefined || hasUnknown(group)) return group === undefined ? undefined : unknown;
    const name = text(group);
    if (!this.#groupLocations.has(name)) {
      const { arm, cloud } = this.#connect();
      const id = `/subscriptions/${cloud.subscriptionId}/resourceGroups/${encodeURIComponent(name)}`;
      const body = await arm.get(id, { apiVersion: RESOURCE_GROUP_API }).catch(() => undefined);
      if (!body) return undefined;
      this.#groupLocations.set(name, body["location"] as string | undefined);
    }
    return this.#groupLocations.get(name);
  }

  #connect(): { cloud: Cloud; arm: ResourceManager } {
    if (!this.#connected) {
      const cloud = new Cloud(this.#config, this.#env);
      this.#connected = { cloud, arm: new ResourceManager(cloud) };
    }
    return this.#connected;
  }
}
