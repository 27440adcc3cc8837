// Keys in vaults: sign a digest, read the public half that tells whether a signature is one. The private half never leaves the vault.
import type { Azure } from "./client.ts";
import { apiVersions } from "./ids.ts";

/** Data plane: https://learn.microsoft.com/rest/api/keyvault/keys */
const dataPlane = "7.4";

/** The public half of one version of an elliptic-curve key. */
export interface PublicKey {
  readonly crv: string;
  /** Coordinates of the point, base64url (RFC 7518, 6.2.1). */
  readonly x: string;
  readonly y: string;
  /** False: somebody took it out of service. A vault still verifies with such a key, so whoever verifies has to look. */
  readonly enabled: boolean;
}

/**
 * Where a key answers, `https://{vault}/keys/{name}`, by its Resource Manager id; undefined when there is none. Needs Key Vault Reader.
 * @throws AzureError
 */
export async function findKeyUri(azure: Azure, keyId: string, signal?: AbortSignal): Promise<string | undefined> {
  const options = { apiVersion: apiVersions.keyVault, ...(signal ? { signal } : {}) };
  const key = await azure.find<{ properties: { keyUri: string } }>(keyId, options);
  return key && plainUri(key.properties.keyUri);
}

/**
 * Signs with the key's newest version: ECDSA with P-256 and SHA-256, `r` and `s` one after the other (ES256, RFC 7518, 3.4). Needs Key Vault Crypto User.
 * @param digest SHA-256 of the message, 32 bytes. @returns the version that signed, and the signature in base64url. @throws AzureError
 */
export async function signDigest(
  azure: Azure,
  keyUri: string,
  digest: Uint8Array,
  signal?: AbortSignal,
): Promise<{ readonly kid: string; readonly value: string }> {
  const body = { alg: "ES256", value: Buffer.from(digest).toString("base64url") };
  const { kid, value } = await azure.post<{ kid: string; value: string }>(`${keyUri}/sign`, body, toVault(azure, signal));
  return { kid: plainUri(kid), value };
}

/** The version's public half; undefined when the vault has no such version. Needs Key Vault Reader. @throws AzureError */
export async function findPublicKey(azure: Azure, kid: string, signal?: AbortSignal): Promise<PublicKey | undefined> {
  interface Bundle {
    readonly key: { readonly crv: string; readonly x: string; readonly y: string };
    readonly attributes?: { readonly enabled?: boolean };
  }
  const bundle = await azure.find<Bundle>(kid, toVault(azure, signal));
  if (!bundle) return undefined;
  const { crv, x, y } = bundle.key;
  return { crv, x, y, enabled: bundle.attributes?.enabled !== false };
}

/** Resource Manager writes `https://{vault}:443/…`, the vault itself does not. */
function plainUri(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return origin + pathname.replace(/\/+$/, "");
}

const toVault = (azure: Azure, signal: AbortSignal | undefined) => ({
  apiVersion: dataPlane,
  scope: azure.cloud.vaultScope,
  ...(signal ? { signal } : {}),
});
