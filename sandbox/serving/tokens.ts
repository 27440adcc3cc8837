// Tokens of an endpoint with authMode AMLToken: JWTs signed with a secret of the endpoint's own.
import { SignJWT, jwtVerify } from "jose";

/** A token for one endpoint (its ARM id), good for `seconds`. */
export async function signToken(secret: string, endpoint: string, seconds: number): Promise<string> {
  return await new SignJWT({ canRefresh: "False" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(endpoint.toLowerCase())
    .setIssuer("azureml")
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(Buffer.from(secret, "base64url"));
}

/** When the token ends, in milliseconds since the epoch; undefined when it is not one of this endpoint or has ended. */
export async function tokenExpiry(token: string, secret: string, endpoint: string): Promise<number | undefined> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret, "base64url"), {
      algorithms: ["HS256"],
      issuer: "azureml",
      subject: endpoint.toLowerCase(),
      requiredClaims: ["exp"],
    });
    return payload.exp! * 1000;
  } catch {
    return undefined;
  }
}
