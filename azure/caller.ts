// Who is calling: read from the token that Entra gives this process.
import type { Azure } from "./client.ts";

export interface Caller {
  /** Entra object id of the user or service principal. */
  readonly id: string;
  /** User principal name; for an application its name, or its client id when the token has no name. */
  readonly name: string;
  readonly kind: "user" | "app";
}

/**
 * The signed-in identity by the claims of its own token for Resource Manager.
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export async function callerOf(azure: Azure): Promise<Caller> {
  return callerIn(await azure.token(azure.cloud.resourceManagerScope));
}

/** The caller that a token stands for. Its signature is for Azure to check, which sees the same token. @throws Error when it names nobody */
export function callerIn(token: string): Caller {
  let claims: Record<string, unknown>;
  try {
    claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    throw new Error("the access token is not a JWT, so it does not say who is calling");
  }
  const text = (...names: string[]): string | undefined =>
    names.map((name) => claims[name]).find((value): value is string => typeof value === "string" && value !== "");
  const id = text("oid");
  if (!id) throw new Error("the access token names no object id (claim oid); sign in as a user or a service principal of the tenant");
  const user = text("idtyp") === "user" || (text("idtyp") === undefined && text("upn", "unique_name", "preferred_username") !== undefined);
  const name = user ? text("upn", "preferred_username", "unique_name", "name") : text("app_displayname", "appid", "azp");
  return { id, name: name ?? id, kind: user ? "user" : "app" };
}
