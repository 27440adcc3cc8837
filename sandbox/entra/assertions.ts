// Sign-in with an assertion instead of a secret: a token of another issuer that a federated credential of the application
// trusts (workload identity federation, as pipelines use it).
import { decodeJwt } from "jose";
import type { EntraOptions } from "./http.ts";

/** Why the assertion does not sign the application in; undefined when it does. */
export async function assertedClient(
  assertion: string,
  clientId: string,
  { tokens }: EntraOptions,
): Promise<{ code: number; message: string } | undefined> {
  let issuer: string | undefined;
  let subject: string | undefined;
  try {
    ({ iss: issuer, sub: subject } = decodeJwt(assertion));
  } catch {
    return { code: 50027, message: "JWT token is invalid or malformed." };
  }
  if (issuer !== tokens.issuer) {
    // The sandbox opens no connection to the outside, so it cannot fetch another issuer's keys to check a signature.
    return {
      code: 700211,
      message: `No matching federated identity record found for presented assertion issuer '${issuer ?? ""}' (subject '${subject ?? ""}'). The sandbox only trusts assertions that it signed itself; sign in to it with the client secret that \`mlops sandbox env\` prints.`,
    };
  }
  try {
    const caller = await tokens.verify(`Bearer ${assertion}`, [/^api:\/\/AzureADTokenExchange$/]);
    if (caller.clientId?.toLowerCase() === clientId.toLowerCase()) return undefined;
    return { code: 700213, message: `No matching federated identity record found for presented assertion subject '${subject ?? ""}'.` };
  } catch (error) {
    return { code: 700212, message: (error as Error).message };
  }
}
