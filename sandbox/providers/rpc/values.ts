// Pulumi's property values on the wire: JSON-like, with sentinels for what is not known yet and signatures for assets and secrets.
/** A value that the engine will only know after another resource was made. */
export const unknown: unique symbol = Symbol("unknown");

/** A file that a program handed over (pulumi.asset). One of the three is set. */
export class Asset {
  readonly text: string | undefined;
  readonly path: string | undefined;
  readonly uri: string | undefined;
  readonly hash: string | undefined;

  constructor(from: { text?: string; path?: string; uri?: string; hash?: string }) {
    this.text = from.text;
    this.path = from.path;
    this.uri = from.uri;
    this.hash = from.hash;
  }
}

export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | typeof unknown
  | Asset
  | readonly Value[]
  | { readonly [key: string]: Value };
export type Properties = { [key: string]: Value };

/** The engine's stand-ins for an unknown of each kind (pulumi/pulumi sdk/go/common/resource/plugin/rpc.go). */
const UNKNOWNS = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

/** Values of a Struct as properties. Secrets come unwrapped: the engine itself remembers which inputs were secret. Nulls are left out. */
export function fromWire(struct: unknown): Properties {
  const result: Properties = {};
  for (const [key, value] of Object.entries((struct ?? {}) as { [key: string]: unknown })) {
    if (value !== null) result[key] = fromValue(value);
  }
  return result;
}

function fromValue(value: unknown): Value {
  if (typeof value === "string") return UNKNOWNS.has(value) ? unknown : value;
  if (Array.isArray(value)) return value.map(fromValue);
  if (typeof value !== "object" || value === null) return value as null | boolean | number;
  const plain = fromWire(value);
  const signature = plain[SIGNATURE];
  if (signature === undefined) return plain;
  if (signature === SECRET) return plain["value"];
  if (signature === OUTPUT) return "value" in plain ? plain["value"] : unknown;
  if (signature === RESOURCE) return plain["id"] ?? plain["urn"];
  if (signature === ASSET) return new Asset(plain);
  throw new Error("this provider takes files (pulumi.asset.FileAsset, StringAsset), not archives");
}

/** Properties as values of a Struct; undefined ones are left out. */
export function toWire(properties: { readonly [key: string]: Value }): { [key: string]: unknown } {
  const struct: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(properties)) if (value !== undefined) struct[key] = toValue(value);
  return struct;
}

function toValue(value: Value): unknown {
  if (value === unknown) return UNKNOWN_STRING;
  if (Array.isArray(value)) return value.map(toValue);
  if (value instanceof Asset) return toWire({ [SIGNATURE]: ASSET, text: value.text, path: value.path, uri: value.uri, hash: value.hash });
  return isObject(value) ? toWire(value) : value;
}

/** Whether anything inside is not known yet. */
export function hasUnknown(value: Value): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

export function isObject(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Asset);
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return a !== unknown;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i] as Value));
  if (a instanceof Asset && b instanceof Asset)
    return a.hash !== undefined ? a.hash === b.hash : a.text === b.text && a.path === b.path && a.uri === b.uri;
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key], b[key]));
}

/** A plain value as text; an object or an unknown here would be an error of the check before it. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`expected a plain value, found ${value === null ? "null" : typeof value}`);
}
