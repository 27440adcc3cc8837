// Credentials of connections, and their form in a request.
import { object, union, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { camelToSnake, oneOf, str } from "../schema/scalars.ts";
import { confidential, secret } from "../schema/secret.ts";

const typed = <const T extends string>(type: T) => required(oneOf([type], { transform: camelToSnake }));

export const pat = object({ type: typed("pat"), pat: required(secret) });
export const sas = object({ type: typed("sas"), sas_token: required(secret) });
export const usernamePassword = object({ type: typed("username_password"), username: required(str), password: required(secret) });
export const managedIdentity = object({ type: typed("managed_identity"), client_id: str, resource_id: str });
export const servicePrincipal = object({
  type: typed("service_principal"),
  client_id: required(str),
  client_secret: required(secret),
  tenant_id: required(str),
});
export const accessKey = object({ type: typed("access_key"), access_key_id: required(secret), secret_access_key: required(secret) });
export const apiKey = object({ type: typed("api_key"), key: required(secret) });
export const accountKey = object({ type: typed("account_key"), account_key: required(secret) });
export const aad = object({ type: typed("aad") });
export const none = object({ type: typed("none") });

/** What most connections take. */
export const anyCredentials = confidential(
  union(pat, sas, usernamePassword, managedIdentity, servicePrincipal, accessKey, apiKey, accountKey, aad, none),
);
export const blobCredentials = confidential(union(sas, accountKey, aad));
export const fabricCredentials = confidential(union(servicePrincipal, aad));

export type ConnectionCredentials =
  | Entity<typeof pat.fields>
  | Entity<typeof sas.fields>
  | Entity<typeof usernamePassword.fields>
  | Entity<typeof managedIdentity.fields>
  | Entity<typeof servicePrincipal.fields>
  | Entity<typeof accessKey.fields>
  | Entity<typeof apiKey.fields>
  | Entity<typeof accountKey.fields>
  | Entity<typeof aad.fields>
  | Entity<typeof none.fields>;

/** `authType` and `credentials` of a connection's properties. Entra ID and none have no credentials. */
export function connectionAuth(value: ConnectionCredentials): { authType: string; credentials?: unknown } {
  switch (value.type) {
    case "pat":
      return { authType: "PAT", credentials: { pat: value.pat } };
    case "sas":
      return { authType: "SAS", credentials: { sas: value.sas_token } };
    case "username_password":
      return { authType: "UsernamePassword", credentials: { username: value.username, password: value.password } };
    case "managed_identity":
      return { authType: "ManagedIdentity", credentials: { clientId: value.client_id, resourceId: value.resource_id } };
    case "service_principal":
      return {
        authType: "ServicePrincipal",
        credentials: { clientId: value.client_id, clientSecret: value.client_secret, tenantId: value.tenant_id },
      };
    case "access_key":
      return { authType: "AccessKey", credentials: { accessKeyId: value.access_key_id, secretAccessKey: value.secret_access_key } };
    case "api_key":
      return { authType: "ApiKey", credentials: { key: value.key } };
    case "account_key":
      return { authType: "AccountKey", credentials: { sas: value.account_key } };
    case "aad":
      return { authType: "AAD" };
    default:
      return { authType: "None" };
  }
}
