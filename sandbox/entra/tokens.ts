// Bearer tokens of the sandbox's own directory: made and checked with one RSA key (RS256), as Entra does.
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { SignJWT, errors, exportJWK, generateKeyPair, importJWK, jwtVerify } from "jose";
import type { CryptoKey as JoseKey, JWK } from "jose";
import { ArmError } from "../core.ts";
import type { Caller } from "../core.ts";
import { saveSetting, setting } from "../state/database.ts";

export interface TokenRequest {
  readonly audience: string;
  readonly principalId: string;
  readonly clientId?: string;
  /** The application's display name; Azure's own tokens name it too. */
  readonly displayName?: string | undefined;
  readonly seconds: number;
  readonly idtyp?: "app" | "user";
  /** See {@link Caller.runIn}. */
  readonly runIn?: string | undefined;
  /** See {@link Caller.inNetwork}. */
  readonly inNetwork?: boolean | undefined;
}

export interface Tokens {
  issue(request: TokenRequest): Promise<string>;
  /** Who the token stands for. Throws ArmError 401 as Resource Manager does. */
  verify(authorization: string | undefined, audiences: readonly RegExp[]): Promise<Caller>;
  /** Public keys, for `/discovery/v2.0/keys` and for the blob service's process. */
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly issuer: string;
}

interface Known {
  readonly caller: Caller;
  readonly audience: string;
  readonly expires: number;
}

/** Tokens carry the issuer `https://sts.windows.net/{tenant}/`, as Azure's do for its own services. */
export async function openTokens(db: DatabaseSync, tenantId: string): Promise<Tokens> {
  let kept = setting(db, "entra.signingKey", () => "");
  if (kept === "") {
    const pair = await generateKeyPair("RS256", { extractable: true });
    kept = JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid: randomUUID(), alg: "RS256", use: "sig" });
    saveSetting(db, "entra.signingKey", kept);
  }
  const secret = JSON.parse(kept) as JWK;
  const { kty, n, e, kid, alg, use } = secret;
  const open: JWK = { kty, n, e, kid, alg, use };
  const signingKey = (await importJWK(secret, "RS256")) as JoseKey;
  const publicKey = (await importJWK(open, "RS256")) as JoseKey;
  const issuer = `https://sts.windows.net/${tenantId}/`;
  // A client sends the same token with every request; its signature is checked once.
  const checked = new Map<string, Known>();

  const check = async (token: string): Promise<Known> => {
    const before = checked.get(token);
    if (before) {
      if (before.expires > Date.now()) return before;
      throw expired(before.expires);
    }
    try {
      const { payload } = await jwtVerify(token, publicKey, { issuer, algorithms: ["RS256"], requiredClaims: ["exp", "oid"] });
      const known: Known = {
        caller: {
          principalId: String(payload["oid"]),
          clientId: payload["appid"] as string | undefined,
          runIn: payload["run_in"] as string | undefined,
          inNetwork: payload["in_network"] === true,
        },
        audience: String(payload.aud),
        expires: payload.exp! * 1000,
      };
      if (checked.size > 2000) checked.clear();
      checked.set(token, known);
      return known;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired(Number(error.payload.exp) * 1000);
      throw new ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.");
    }
  };

  return {
    issuer,
    jwks: { keys: [open] },
    async issue({ audience, principalId, clientId, displayName, seconds, idtyp = "app", runIn, inNetwork }) {
      return await new SignJWT({
        oid: principalId,
        tid: tenantId,
        ...(clientId ? { appid: clientId, appidacr: "1" } : {}),
        ...(displayName ? { app_displayname: displayName } : {}),
        ...(runIn ? { run_in: runIn.toLowerCase() } : {}),
        ...(inNetwork || runIn ? { in_network: true } : {}),
        idtyp,
        ver: "1.0",
        uti: randomUUID(),
      })
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: kid! })
        .setIssuer(issuer)
        .setSubject(principalId)
        .setAudience(audience)
        .setIssuedAt()
        .setNotBefore("0s")
        .setExpirationTime(`${seconds}s`)
        .sign(signingKey);
    },
    async verify(authorization, audiences) {
      if (!authorization) {
        throw new ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
      }
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (!token) {
        throw new ArmError(
          401,
          "AuthenticationFailedInvalidHeader",
          "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        );
      }
      const known = await check(token);
      if (!audiences.some((audience) => audience.test(known.audience))) {
        throw new ArmError(
          401,
          "InvalidAuthenticationTokenAudience",
          `The access token has been obtained for wrong audience or resource '${known.audience}'. It should exactly match with one of the allowed audiences of this endpoint.`,
        );
      }
      return known.caller;
    },
  };
}

const expired = (at: number): ArmError =>
  new ArmError(
    401,
    "ExpiredAuthenticationToken",
    `The access token expiry UTC time '${new Date(at).toISOString()}' is earlier than current UTC time '${new Date().toISOString()}'.`,
  );
