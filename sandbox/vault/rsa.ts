// RSA keys of a vault, as customer-managed keys are: they wrap the keys that other services encrypt with.
import { constants, createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, privateDecrypt, publicEncrypt } from "node:crypto";
import { promisify } from "node:util";
import { ArmError } from "../core.ts";

export interface RsaMaterial {
  readonly kty: "RSA";
  /** Modulus and public exponent, base64url. */
  readonly n: string;
  readonly e: string;
  /** The whole key (RFC 7517). */
  readonly secret: JsonWebKey;
}

const sizes = [2048, 3072, 4096];

/** @throws ArmError 400 for a size that vaults do not make */
export async function rsaMaterial(bits: number): Promise<RsaMaterial> {
  if (!sizes.includes(bits))
    throw new ArmError(400, "BadParameter", `Property key_size has an invalid value: ${bits}. Allowed are ${sizes.join(", ")}.`);
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: bits });
  const secret = privateKey.export({ format: "jwk" });
  return { kty: "RSA", n: secret.n!, e: secret.e!, secret };
}

/** Algorithm of JSON Web Algorithms → hash of OAEP. PKCS 1.5 is not among them: vaults advise against it. */
const hashes: Readonly<Record<string, string>> = { "RSA-OAEP": "sha1", "RSA-OAEP-256": "sha256" };

const padded = (algorithm: string): { oaepHash: string; padding: number } => {
  const oaepHash = hashes[algorithm];
  if (!oaepHash)
    throw new ArmError(
      400,
      "BadParameter",
      `Key and algorithm '${algorithm}' are incompatible; the sandbox has ${Object.keys(hashes).join(" and ")}.`,
    );
  return { oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING };
};

/** @throws ArmError 400 for another algorithm, or more bytes than fit */
export function wrap({ n, e }: RsaMaterial, algorithm: string, value: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  return attempt(() => publicEncrypt({ key, ...padded(algorithm) }, value));
}

/** @throws ArmError 400 for another algorithm, or what this key has not wrapped */
export function unwrap({ secret }: RsaMaterial, algorithm: string, value: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: secret, format: "jwk" });
  return attempt(() => privateDecrypt({ key, ...padded(algorithm) }, value));
}

function attempt(work: () => Uint8Array): Uint8Array {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArmError) throw error;
    throw new ArmError(400, "BadParameter", "The parameter 'value' does not fit the key and the algorithm.");
  }
}
