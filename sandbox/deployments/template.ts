// An ARM template with its parameters: which resources it describes, in what order, and its outputs.
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";
import { isObject } from "../arm/body.ts";
import { groupId } from "../arm/ids.ts";
import { text } from "../state/values.ts";
import { every, resolve } from "./expressions.ts";
import type { Call } from "./expressions.ts";
import { callPlain } from "./functions.ts";
import { invalid, resourceId, templateResourceId } from "./ids.ts";

type Json = Record<string, unknown>;

export interface Surroundings {
  /** Resource group's or subscription's id. */
  readonly scope: string;
  readonly deployment: ArmResource;
  readonly tenantId: string;
  find(id: string): ArmResource | undefined;
  /** `list*` functions: the action's answer. */
  act(id: string, action: string, body: unknown): Promise<unknown>;
  /** Resolves when a resource of this template is there. */
  deployed(id: string): Promise<void>;
}

export interface Described {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly dependsOn: readonly string[];
  readonly condition: boolean;
  /** The request's body, resolved when what it depends on is there. */
  body(): Promise<Json>;
}

export class Template {
  readonly #template: Json;
  readonly #parameters: Json;
  readonly #around: Surroundings;
  readonly #variables = new Map<string, Promise<unknown>>();

  constructor(template: unknown, parameters: unknown, around: Surroundings) {
    if (!isObject(template)) throw invalid("The template must be a JSON object");
    this.#template = template;
    this.#parameters = (parameters ?? {}) as Json;
    this.#around = around;
    this.#checkParameters();
  }

  #checkParameters(): void {
    const known = (this.#template["parameters"] ?? {}) as Record<string, Json>;
    const extra = Object.keys(this.#parameters).filter(
      (name) => !Object.keys(known).some((one) => one.toLowerCase() === name.toLowerCase()),
    );
    if (extra.length)
      throw invalid(
        `The template parameters '${extra.join(", ")}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${Object.keys(known).join(", ")}'`,
      );
    for (const [name, definition] of Object.entries(known)) {
      const given = this.#given(name);
      if (given === undefined && definition["defaultValue"] === undefined && definition["nullable"] !== true)
        throw invalid(`The value for the template parameter '${name}' is not provided`);
      const allowed = definition["allowedValues"] as unknown[] | undefined;
      if (given !== undefined && allowed && !allowed.includes(given))
        throw invalid(
          `The provided value '${text(given)}' for the template parameter '${name}' is not valid. The parameter value is not part of the allowed value(s): '${allowed.join(",")}'`,
        );
      const type = String(definition["type"]).toLowerCase().replace("secure", "");
      const actual = Array.isArray(given)
        ? "array"
        : given === null
          ? type
          : typeof given === "number"
            ? "int"
            : typeof given === "boolean"
              ? "bool"
              : typeof given;
      if (given !== undefined && actual !== type)
        throw invalid(
          `Template parameter '${name}' was provided an invalid value. Expected a value of type '${type}', but received a value of type '${actual}'`,
        );
    }
  }

  #given(name: string): unknown {
    const key = Object.keys(this.#parameters).find((one) => one.toLowerCase() === name.toLowerCase());
    const entry = key === undefined ? undefined : this.#parameters[key];
    if (isObject(entry) && "reference" in entry)
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        `The sandbox does not model secrets from a key vault in template parameters ('${name}').`,
      );
    // A null says nothing: the default holds.
    return isObject(entry) && entry["value"] !== null ? entry["value"] : undefined;
  }

  /** Parameters as the deployment shows them: secure ones without their value. */
  async shownParameters(): Promise<Json> {
    const known = Object.entries((this.#template["parameters"] ?? {}) as Record<string, Json>);
    const entries = await Promise.all(
      known.map(
        async ([name, { type }]) =>
          [name, { type, ...(/^secure/i.test(String(type)) ? {} : { value: await this.#parameter(name) }) }] as const,
      ),
    );
    return Object.fromEntries(entries);
  }

  async #parameter(name: string): Promise<unknown> {
    const known = (this.#template["parameters"] ?? {}) as Record<string, Json>;
    const key = Object.keys(known).find((one) => one.toLowerCase() === name.toLowerCase());
    if (key === undefined) throw invalid(`The template parameter '${name}' is not found`);
    return this.#given(key) ?? (await resolve(known[key]!["defaultValue"] ?? null, this.#call()));
  }

  async #variable(name: string): Promise<unknown> {
    const known = (this.#template["variables"] ?? {}) as Json;
    const key = Object.keys(known).find((one) => one.toLowerCase() === name.toLowerCase());
    if (key === undefined) throw invalid(`The template variable '${name}' is not found`);
    if (!this.#variables.has(key)) this.#variables.set(key, resolve(known[key], this.#call()));
    return await this.#variables.get(key);
  }

  async resources(): Promise<Described[]> {
    const listed = this.#template["resources"] ?? [];
    const all = (Array.isArray(listed) ? listed : Object.values(listed as Json)) as Json[];
    return (await Promise.all(all.map(async (one) => await this.#described(one)))).flat();
  }

  async #described(one: Json, parent?: { type: string; name: string; id: string }): Promise<Described[]> {
    const copy = one["copy"] as { name?: string; count?: unknown } | undefined;
    const count = copy ? Number(await resolve(copy.count, this.#call())) : undefined;
    const indices = count === undefined ? [undefined] : Array.from({ length: count }, (_, index) => index);
    return (await Promise.all(indices.map(async (index) => await this.#single(one, parent, index)))).flat();
  }

  async #single(
    one: Json,
    parent: { type: string; name: string; id: string } | undefined,
    index: number | undefined,
  ): Promise<Described[]> {
    const call = this.#call(index);
    const condition = (await resolve(one["condition"] ?? true, call)) === true;
    if (!condition) return [];
    const own = String(one["type"]);
    const type = parent && !own.includes(".") ? `${parent.type}/${own}` : own;
    const ownName = String(await resolve(one["name"], call));
    const name = parent && ownName.split("/").length < type.split("/").length - 1 ? `${parent.name}/${ownName}` : ownName;
    const scope = one["scope"] === undefined ? await this.#home(one, call) : String(await resolve(one["scope"], call));
    const id = resourceId(scope.startsWith("/") ? scope : `${this.#around.scope}/providers/${scope}`, type, name.split("/"));
    const depends = ((await resolve(one["dependsOn"] ?? [], call)) as string[]).concat(parent ? [parent.id] : []);
    const { copy: _c, condition: _o, dependsOn: _d, resources, scope: _s, type: _t, name: _n, apiVersion, comments: _m, ...rest } = one;
    // A nested template keeps its own expressions when it says so.
    const inner =
      (
        rest["properties"] as { expressionEvaluationOptions?: { scope?: string } } | undefined
      )?.expressionEvaluationOptions?.scope?.toLowerCase() === "inner";
    const keep = (path: readonly string[]): boolean => inner && path[0] === "properties" && path[1] === "template" && path.length === 2;
    const described: Described = {
      id,
      type,
      apiVersion: String(apiVersion),
      condition,
      dependsOn: depends,
      body: async () => (await resolve(rest, call, keep)) as Json,
    };
    const children = await Promise.all(
      ((resources ?? []) as Json[]).map(async (child) => await this.#described(child, { type, name, id })),
    );
    return [described, ...children.flat()];
  }

  async #home(one: Json, call: Call): Promise<string> {
    const group = one["resourceGroup"] === undefined ? undefined : String(await resolve(one["resourceGroup"], call));
    const subscription = this.#around.scope.split("/").slice(0, 3).join("/");
    return group ? `${subscription}/resourceGroups/${group}` : this.#around.scope;
  }

  async outputs(): Promise<Json> {
    const entries = await Promise.all(
      Object.entries((this.#template["outputs"] ?? {}) as Record<string, Json>).map(async ([name, output]) => {
        if ((await resolve(output["condition"] ?? true, this.#call())) !== true) return [];
        return [[name, { type: output["type"], value: await resolve(output["value"], this.#call()) }] as const];
      }),
    );
    return Object.fromEntries(entries.flat());
  }

  #call(index?: number): Call {
    return async (name, args, value) => {
      const key = name.toLowerCase();
      // These do not want all of their arguments.
      if (key === "if") return await value((await value(args[0]!)) === true ? args[1]! : args[2]!);
      if (key === "and") return await every(args, value, true);
      if (key === "or") return !(await every(args, value, false));
      const given = await Promise.all(args.map(value));
      if (key === "coalesce") return given.find((one) => one !== null && one !== undefined) ?? null;
      const plain = callPlain(name, given);
      return plain ? plain.value : await this.#outside(key, given, index);
    };
  }

  async #outside(name: string, args: readonly unknown[], index: number | undefined): Promise<unknown> {
    const { scope, deployment, tenantId } = this.#around;
    const subscription = scope.split("/").slice(0, 3).join("/");
    const [first, ...rest] = args as [string, ...unknown[]];
    switch (name) {
      case "parameters":
        return await this.#parameter(first);
      case "variables":
        return await this.#variable(first);
      case "copyindex":
        return (index ?? 0) + (typeof first === "number" ? first : Number(rest[0] ?? 0));
      case "resourceid":
        return templateResourceId(scope, args.map(String));
      case "subscriptionresourceid":
        return resourceId(
          subscription,
          first.includes("/") ? first : String(rest[0]),
          (first.includes("/") ? rest : rest.slice(1)).map(String),
        );
      case "tenantresourceid":
        return resourceId("", first, rest.map(String));
      case "extensionresourceid":
        return resourceId(first, String(rest[0]), rest.slice(1).map(String));
      case "resourcegroup": {
        const group = this.#around.find(groupId(scope) ?? "");
        return group
          ? { id: group.id, name: group.name, location: group.location, tags: group.tags ?? {}, properties: group.properties }
          : null;
      }
      case "subscription":
        return { id: subscription, subscriptionId: subscription.split("/")[2], tenantId, displayName: "mlops sandbox" };
      case "tenant":
        return { tenantId, countryCode: "NL", displayName: "mlops sandbox" };
      case "deployment":
        return { name: deployment.name, properties: { mode: deployment.properties["mode"], provisioningState: "Running" } };
      case "environment":
        return {
          name: "MlopsSandbox",
          suffixes: { storage: "core.windows.net", keyvaultDns: ".vault.azure.net", acrLoginServer: ".azurecr.io" },
        };
      case "reference":
        return await this.#reference(first, rest);
      default:
        if (name.startsWith("list")) return await this.#around.act(first, name, rest[1]);
        throw new ArmError(501, "NotModeledInSandbox", `The sandbox does not model the template function '${name}'.`);
    }
  }

  async #reference(what: string, rest: readonly unknown[]): Promise<unknown> {
    const id = what.startsWith("/")
      ? what
      : (await this.resources()).find((one) => one.id.toLowerCase().endsWith(`/${what.toLowerCase()}`))?.id;
    if (!id) throw invalid(`The resource '${what}' is not defined in the template`);
    await this.#around.deployed(id);
    const found = this.#around.find(id);
    if (!found) throw new ArmError(404, "ResourceNotFound", `The template refers to '${id}', which was not found.`);
    return String(rest[1]).toLowerCase() === "full" ? found : found.properties;
  }
}
