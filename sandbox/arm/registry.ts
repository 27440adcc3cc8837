// The types the sandbox models, found by name; and which api-versions a provider can plausibly have.
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { notModeled } from "./errors.ts";

// Each type knows its own body; the router hands it back what it has validated.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyType = ResourceType<any>;

export class Registry {
  readonly #types = new Map<string, AnyType>();

  constructor(types: readonly AnyType[]) {
    for (const type of types) {
      const key = type.type.toLowerCase();
      if (this.#types.has(key)) throw new Error(`Resource type ${type.type} is listed twice in sandbox/types/index.ts.`);
      this.#types.set(key, type);
    }
  }

  find(type: string): AnyType | undefined {
    return this.#types.get(type.toLowerCase());
  }

  /** Throws ArmError 501 by name. */
  get(type: string): AnyType {
    const found = this.find(type);
    if (found) return found;
    throw notModeled(
      `resource type '${type}'`,
      "no type of that name is in sandbox/types. Types of the same provider that it has: " + this.#kin(type),
    );
  }

  all(): AnyType[] {
    return [...this.#types.values()];
  }

  namespaces(): string[] {
    return [...new Set(this.all().map((type) => type.type.split("/")[0]!))].sort();
  }

  #kin(type: string): string {
    const prefix = type.split("/")[0]!.toLowerCase() + "/";
    const kin = this.all()
      .filter((one) => one.type.toLowerCase().startsWith(prefix))
      .map((one) => one.type);
    return kin.length ? `${kin.sort().join(", ")}.` : "none.";
  }
}

/** First api-version of each provider's Resource Manager API; older ones cannot exist. */
const firstVersion: Readonly<Record<string, string>> = {
  "microsoft.machinelearningservices": "2018-03-01",
  "microsoft.storage": "2015-05-01",
  "microsoft.keyvault": "2015-06-01",
  "microsoft.containerregistry": "2016-06-27",
  "microsoft.authorization": "2014-07-01",
  "microsoft.managedidentity": "2015-08-31",
  "microsoft.operationalinsights": "2015-03-20",
  "microsoft.insights": "2014-04-01",
  "microsoft.resources": "2014-04-01",
  "microsoft.eventgrid": "2017-06-15",
  "microsoft.logic": "2015-02-01",
  "microsoft.web": "2014-04-01",
  "microsoft.network": "2014-12-01",
};

/** Throws 400 for a missing api-version, and for one that no such provider can have. */
export function checkApiVersion(version: string | undefined, namespace: string | undefined, type: string): string {
  if (!version) {
    throw new ArmError(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
  }
  const match = /^(\d{4}-\d{2}-\d{2})(-[a-z]+)?$/i.exec(version);
  const first = firstVersion[(namespace ?? "microsoft.resources").toLowerCase()] ?? "2014-04-01";
  const date = match?.[1];
  if (!date || Number.isNaN(Date.parse(date))) {
    throw new ArmError(
      400,
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. It has the form YYYY-MM-DD, optionally with '-preview'.`,
    );
  }
  if (date < first || Date.parse(date) > Date.now() + 366 * 86_400_000) {
    throw new ArmError(
      400,
      "NoRegisteredProviderFound",
      `No registered resource provider found for API version '${version}' for type '${type}'. Versions of '${namespace ?? "Microsoft.Resources"}' start at ${first}.`,
    );
  }
  return version;
}
