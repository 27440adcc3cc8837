// What stands before Azurite: finds the storage account of a request, checks bearer tokens, and puts the address as Azurite
// reads it. Three forms of address come in: `https://localhost:B/account/container/…`, `https://localhost:B/container/…`
// (from `https://account.blob.core.sandbox@localhost:B/…`, whose account the client drops) and `account.blob.core.windows.net`.
import type { IncomingMessage } from "node:http";
import { fromOf, mayReach } from "../network/reach.ts";
import type { Grants } from "../rbac/grants.ts";
import type { Accounts, Account } from "./accounts.ts";
import { blobWish } from "./permission.ts";

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Record<string, string>;
}

/** Whom a token stands for. */
export interface Bearer {
  /** Object id. */
  readonly principal: string;
  /** A compute's token: it comes from the workspace's network. */
  readonly inNetwork: boolean;
}

export interface FrontOptions {
  readonly accounts: Accounts;
  /** Accounts that have a container of this name. */
  readonly owners: (container: string) => string[];
  /** Whom the token stands for; undefined for a bad signature, audience, or a token that has expired. */
  readonly verify: (token: string) => Promise<Bearer | undefined>;
  readonly grants: Grants;
  readonly tenantId: string;
}

const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;
const accountHost = /^([a-z0-9]{3,24})(-secondary)?\.blob\.(core\.[a-z.]+|localhost)(:\d+)?$/i;

/** Rewrites the request for Azurite, or says why not. */
export async function admit(request: IncomingMessage, options: FrontOptions): Promise<Refusal | undefined> {
  const host = request.headers.host ?? "";
  if (!ownHost.test(host) && !accountHost.test(host)) {
    return { status: 403, code: "HostNotAllowed", message: `The sandbox does not answer to the host '${host}'.` };
  }
  if (request.headers.origin !== undefined) {
    return { status: 403, code: "CorsPreflightFailure", message: "CORS not enabled or no matching rule found for this request." };
  }
  let path: string;
  try {
    path = decodeURIComponent((request.url ?? "/").split("?")[0]!);
  } catch {
    return {
      status: 400,
      code: "InvalidUri",
      message: "The requested URI does not represent any resource on the server: broken percent-encoding.",
    };
  }
  if (/[\u0000-\u001f\u007f]/.test(path)) return { status: 400, code: "InvalidUri", message: "The requested URI has control characters." };
  const query = new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
  const makes = request.method === "PUT" && query.get("restype") === "container" && !query.has("comp");
  const found = whose(host, path, request.headers.authorization, makes, options);
  if ("code" in found) return found;
  if (found.hostStyle) request.headers.host = `${found.account.name}.blob.localhost`;
  return await allowed(request, path, query, found, options);
}

function whose(
  host: string,
  path: string,
  authorization: string | undefined,
  makes: boolean,
  { accounts, owners }: FrontOptions,
): { account: Account; hostStyle: boolean } | Refusal {
  const named = accountHost.exec(host)?.[1];
  const first = path.split("/")[1] ?? "";
  const asAccount = !named && first ? accounts.find(first) : undefined;
  if (asAccount) return { account: asAccount, hostStyle: false };
  const signer = /^SharedKey(?:Lite)? ([^:]+):/.exec(authorization ?? "")?.[1];
  const name = named ?? signer ?? onlyOwner(first, makes, accounts, owners);
  if (typeof name === "object") return name;
  const account = accounts.find(name);
  if (account) return { account, hostStyle: true };
  return { status: 404, code: "ResourceNotFound", message: `The sandbox has no storage account '${name}'.` };
}

/** `makes`: the container is about to be made, so that it may be missing. */
function onlyOwner(container: string, makes: boolean, accounts: Accounts, owners: FrontOptions["owners"]): string | Refusal {
  const names = container ? owners(container) : [];
  if (names.length === 1) return names[0]!;
  const all = accounts.names();
  if (names.length === 0 && all.length === 1) return all[0]!;
  if (names.length === 0 && container && !makes)
    return {
      status: 404,
      code: "ContainerNotFound",
      message: `The specified container '${container}' does not exist in any storage account of the sandbox.`,
    };
  return {
    status: 400,
    code: "InvalidUri",
    message: `The address does not name its storage account, and '${container}' could be in ${(names.length ? names : all).join(", ") || "none"}. Use https://localhost:<port>/<account>/<container>.`,
  };
}

async function allowed(
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
  { account, hostStyle }: { account: Account; hostStyle: boolean },
  options: FrontOptions,
): Promise<Refusal | undefined> {
  const authorization = request.headers.authorization ?? "";
  const range = query.get("sip");
  if (range && query.has("sig") && !holdsLoopback(range)) {
    return {
      status: 403,
      code: "AuthorizationSourceIPMismatch",
      message: "This request is not authorized to perform this operation using this source IP.",
    };
  }
  const byKey = /^SharedKey/i.test(authorization) || (query.has("sig") && !query.has("skoid"));
  if (byKey && !account.allowSharedKeyAccess) {
    return {
      status: 403,
      code: "KeyBasedAuthenticationNotPermitted",
      message: "Key based authentication is not permitted on this storage account.",
    };
  }
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  const bearer = token === undefined ? undefined : await options.verify(token);
  if (token !== undefined && bearer === undefined) {
    return {
      status: 401,
      code: "InvalidAuthenticationInfo",
      message: "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
      headers: {
        "www-authenticate": `Bearer authorization_uri=https://login.microsoftonline.com/${options.tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
      },
    };
  }
  if (!authorization && !query.has("sig")) {
    return {
      status: 401,
      code: "NoAuthenticationInformation",
      message: "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
      headers: {
        "www-authenticate": `Bearer authorization_uri=https://login.microsoftonline.com/${options.tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
      },
    };
  }
  if (!mayReach(account.open, bearer?.inNetwork ? "inside" : fromOf(request.socket.remoteAddress)))
    return { status: 403, code: "AuthorizationFailure", message: "This request is not authorized to perform this operation." };
  // A user delegation signature can do no more than whoever asked for its key.
  const who = bearer?.principal ?? (byKey ? undefined : query.get("skoid"));
  if (!who) return undefined;
  const inAccount = hostStyle ? path : path.replace(/^\/[^/]+/, "");
  if (options.grants.may(who, blobWish(request.method ?? "GET", inAccount, query, request.headers, account.id))) return undefined;
  return {
    status: 403,
    code: "AuthorizationPermissionMismatch",
    message: "This request is not authorized to perform this operation using this permission.",
  };
}

/** Whether `a.b.c.d` or `a.b.c.d-e.f.g.h` has the one address from which requests come here. */
function holdsLoopback(range: string): boolean {
  const number = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const [from = "", to = from] = range.split("-");
  const own = number("127.0.0.1");
  return number(from) <= own && own <= number(to);
}

/** Storage's error document. */
export function errorDocument({ code, message }: Refusal): string {
  const text = message.replace(/[<&>]/g, (character) => ({ "<": "&lt;", "&": "&amp;", ">": "&gt;" })[character]!);
  return `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`;
}
