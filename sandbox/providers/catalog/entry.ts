// What the catalog says of one Azure resource type: the facts azure-native keeps in metadata that its npm package does not carry.

/** How a name is made when the program gives none (azure-native "auto-naming"). */
export type AutoName =
  /** logical name + 8 hex digits: resources of their own under a resource group or subscription */
  | "random"
  /** logical name as it is: resources under a parent, where it only has to be unique there */
  | "copy"
  /** a GUID: role assignments, role definitions */
  | "uuid";

/** One resource type of azure-native, keyed by `module:Type` as in the token `azure-native:module:Type`. */
export interface CatalogEntry {
  /** ARM path; `{x}` is the SDK input of the same name, except `subscriptionId`, which the provider's config gives. */
  readonly path: string;
  /** Default: `copy` for a path with more than one name below the provider's namespace, else `random`. */
  readonly autoName?: AutoName;
  /**
   * SDK name → path in the REST body (dots part objects, `\.` is a dot in a name), where it is not what the rule gives.
   * The rule: a type with an input `properties` keeps every name; any other puts all but the ARM envelope
   * (location, tags, identity, sku, kind, …) under `properties`.
   */
  readonly wire?: Readonly<Record<string, string>>;
  /** Inputs that go into the query string. */
  readonly query?: readonly string[];
  /** Inputs, besides path parameters and `location`, whose change replaces the resource (azure-native "forceNew"). */
  readonly replaces?: readonly string[];
  /** The ARM envelope applies to all inputs: nothing is put under `properties`. */
  readonly unwrapped?: true;
  /** Exists with its parent: create adopts it, delete writes this body back (azure-native "singleton"). */
  readonly singleton?: Readonly<Record<string, unknown>>;
  /** `location` is not filled in from the provider's config or the resource group. */
  readonly noDefaultLocation?: true;
  /** Sub-resources that may also stand alone: an update that does not name them sends what is there now. */
  readonly keeps?: readonly string[];
  /** Value azure-native writes back when an input that was set is taken away. */
  readonly whenRemoved?: Readonly<Record<string, unknown>>;
  /** Lives in a storage account, not in Resource Manager: blob.ts. */
  readonly dataPlane?: true;
  /** ARM api-version when the SDK's documentation names none. */
  readonly apiVersion?: string;
}

/** How an object inside a body differs from its SDK shape; key: the SDK type's name without `Args`/`Response`. */
export interface WireType {
  /** Every property but these goes under `properties` (swagger's x-ms-client-flatten). */
  readonly flat?: readonly string[];
  /** SDK name → REST path, where they differ. */
  readonly wire?: Readonly<Record<string, string>>;
}

/** A function of azure-native that is not the GET of a catalogued type. */
export interface CatalogFunction {
  /** ARM path of the POST. */
  readonly post: string;
}

/** One or more modules of azure-native. */
export interface Catalog {
  readonly resources: Readonly<Record<string, CatalogEntry>>;
  /** `module` → type name → difference. */
  readonly types?: Readonly<Record<string, Readonly<Record<string, WireType>>>>;
  readonly functions?: Readonly<Record<string, CatalogFunction>>;
}

const GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";

/** Path of a type that lives in a resource group: `inGroup("Microsoft.X/things/{thingName}")`. */
export function inGroup(type: string): string {
  return `${GROUP}/providers/${type}`;
}
