// Keys of a vault: versions of elliptic-curve and RSA keys in SQLite, and what the former sign. What RSA keys do: rsa.ts.
import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { p256 } from "@noble/curves/nist.js";
import { z } from "zod";
import { notModeled } from "../arm/errors.ts";
import { ArmError } from "../core.ts";
import { type RsaMaterial, rsaMaterial } from "./rsa.ts";

const operations = ["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "import", "export"] as const;

/** What a key is asked to be, by Resource Manager and by the data plane alike. */
export const KeyWish = z.looseObject({
  kty: z.string(),
  crv: z.string().nullish(),
  key_size: z.number().nullish(),
  key_ops: z.array(z.enum(operations)).nullish(),
  attributes: z.looseObject({ enabled: z.boolean().nullish(), exp: z.number().nullish(), nbf: z.number().nullish() }).nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
});
export type KeyWish = z.infer<typeof KeyWish>;

/** Coordinates of the public point and the secret scalar, base64url. */
interface EcMaterial {
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
  readonly d: string;
}

/** One version of a key; times in seconds since 1970. */
export type Key = {
  readonly name: string;
  readonly version: string;
  readonly operations: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly attributes: { readonly enabled: boolean; readonly created: number; readonly exp?: number; readonly nbf?: number };
} & (EcMaterial | RsaMaterial);

export class Keys {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      "CREATE TABLE IF NOT EXISTS vault_keys (number INTEGER PRIMARY KEY, vault TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL)",
    );
  }

  /** Makes a version. @throws ArmError 501 for what is neither a P-256 nor an RSA key */
  async create(vault: string, name: string, wish: KeyWish): Promise<Key> {
    const material = await materialOf(wish);
    const { enabled, exp, nbf } = wish.attributes ?? {};
    const key: Key = {
      name,
      version: randomBytes(16).toString("hex"),
      operations:
        wish.key_ops ?? (material.kty === "EC" ? ["sign", "verify"] : ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]),
      tags: wish.tags ?? {},
      attributes: {
        enabled: enabled !== false,
        created: Math.floor(Date.now() / 1000),
        ...(typeof exp === "number" ? { exp } : {}),
        ...(typeof nbf === "number" ? { nbf } : {}),
      },
      ...material,
    };
    this.#db
      .prepare("INSERT INTO vault_keys (vault, name, version, body) VALUES (?, ?, ?, ?)")
      .run(vault, name.toLowerCase(), key.version, JSON.stringify(key));
    return key;
  }

  /** Oldest first. */
  versions(vault: string, name: string): Key[] {
    const rows = this.#db
      .prepare("SELECT body FROM vault_keys WHERE vault = ? AND name = ? ORDER BY number")
      .all(vault, name.toLowerCase()) as unknown as { body: string }[];
    // Rows of before there were RSA keys say no type.
    return rows.map(({ body }) => ({ kty: "EC", ...(JSON.parse(body) as object) }) as Key);
  }

  /** The newest version of each key. */
  newest(vault: string): Key[] {
    const names = this.#db.prepare("SELECT DISTINCT name FROM vault_keys WHERE vault = ? ORDER BY name").all(vault);
    return (names as unknown as { name: string }[]).map(({ name }) => this.versions(vault, name).at(-1)!);
  }

  /** The version, or the newest when none is named. @throws ArmError 404 */
  get(vault: string, name: string, version?: string): Key {
    const all = this.versions(vault, name);
    const key = version ? all.find((one) => one.version === version.toLowerCase()) : all.at(-1);
    if (!key)
      throw new ArmError(
        404,
        "KeyNotFound",
        `A key with (name/id) ${name}${version ? `/${version}` : ""} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command.`,
      );
    return key;
  }

  /** A vault of that name is made anew: nothing of an earlier one's is in it. */
  forget(vault: string): void {
    this.#db.prepare("DELETE FROM vault_keys WHERE vault = ?").run(vault);
  }
}

async function materialOf(wish: KeyWish): Promise<EcMaterial | RsaMaterial> {
  if (wish.kty === "RSA") return await rsaMaterial(wish.key_size ?? 2048);
  if (wish.kty !== "EC") throw notModeled(`keys of type ${wish.kty}`, "it has keys of type EC (P-256) and RSA, made in software.");
  if ((wish.crv ?? "P-256") !== "P-256") throw notModeled(`the curve ${wish.crv}`, "it has P-256");
  const { secretKey } = p256.keygen();
  const point = p256.getPublicKey(secretKey, false);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  return { kty: "EC", x: base64(point.slice(1, 33)), y: base64(point.slice(33)), d: base64(secretKey) };
}

/** Signs a SHA-256 digest, `r` and `s` one after the other (RFC 7518, 3.4). @throws ArmError as the vault refuses */
export function sign(key: Key, algorithm: string, digest: Uint8Array): Uint8Array {
  const { d } = signing(key, "sign", algorithm, digest);
  return p256.sign(digest, Buffer.from(d, "base64url"), { prehash: false, lowS: false });
}

export function verify(key: Key, algorithm: string, digest: Uint8Array, signature: Uint8Array): boolean {
  const { x, y } = signing(key, "verify", algorithm, digest);
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return signature.length === 64 && p256.verify(signature, digest, point, { prehash: false, lowS: false });
}

function signing(key: Key, operation: "sign" | "verify", algorithm: string, digest: Uint8Array): EcMaterial {
  usable(key, operation);
  if (key.kty !== "EC") throw notModeled(`signatures by keys of type ${key.kty}`, "those of type EC sign, those of type RSA wrap keys.");
  if (algorithm !== "ES256")
    throw new ArmError(
      400,
      "BadParameter",
      `Key and signing algorithm are incompatible. Key type is 'EC', curve 'P-256', algorithm '${algorithm}'; it takes ES256.`,
    );
  if (digest.length !== 32)
    throw new ArmError(400, "BadParameter", `Invalid length of 'value': ${digest.length} bytes. Required length is 32 bytes.`);
  return key;
}

/** What takes only the public half is answered for a disabled or expired key too, as Azure's vaults do. */
const publicHalf = ["verify", "encrypt", "wrapKey"];

/** @throws ArmError 403 when the key may not be used for that, or not now */
export function usable(key: Key, operation: (typeof operations)[number]): void {
  const { enabled, exp, nbf } = key.attributes;
  const now = Date.now() / 1000;
  const secret = !publicHalf.includes(operation);
  if (secret && !enabled) throw new ArmError(403, "Forbidden", `Operation ${operation} is not allowed on a disabled key.`);
  if (secret && ((exp !== undefined && exp <= now) || (nbf !== undefined && nbf > now)))
    throw new ArmError(403, "Forbidden", `Operation ${operation} is not allowed: the key is expired or not yet valid.`);
  if (!key.operations.includes(operation))
    throw new ArmError(403, "Forbidden", `Operation ${operation} is not permitted on this key (key_ops ${key.operations.join(", ")}).`);
}
