// What a request to Blob storage is called in role definitions.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#permissions-for-blob-service-operations
import type { IncomingHttpHeaders } from "node:http";
import type { Wish } from "../rbac/grants.ts";

const service = "Microsoft.Storage/storageAccounts/blobServices";
const blobs = `${service}/containers/blobs`;

/** @param path decoded, below the account: `/container/blob` */
export function blobWish(method: string, path: string, query: URLSearchParams, headers: IncomingHttpHeaders, accountId: string): Wish {
  const [, container = "", ...rest] = path.split("/");
  const blob = rest.join("/");
  const comp = query.get("comp")?.toLowerCase() ?? "";
  const root = `${accountId}/blobServices/default`;
  const reads = method === "GET" || method === "HEAD";
  if (container === "" || (query.get("restype")?.toLowerCase() === "service" && blob === "")) return ofService(comp, reads, accountId);
  const scope = `${root}/containers/${container}`;
  if (blob === "" && query.get("restype")?.toLowerCase() === "container") {
    if (reads && (comp === "list" || comp === "blobs"))
      return { operation: `${blobs}/${comp === "list" ? "read" : "filter/action"}`, scope, data: true };
    return { operation: `${service}/containers/${reads ? "read" : method === "DELETE" ? "delete" : "write"}`, scope };
  }
  const at = { scope: `${scope}/blobs/${blob}`, data: true };
  if (comp === "tags") return { operation: `${blobs}/tags/${reads ? "read" : "write"}`, ...at };
  if (reads) return { operation: `${blobs}/read`, ...at };
  if (method === "DELETE") return { operation: `${blobs}/delete`, ...at };
  if (comp === "immutabilitypolicies" || comp === "legalhold")
    return { operation: `${blobs}/immutableStorage/runAsSuperUser/action`, ...at };
  if (headers["x-ms-tags"] !== undefined) return { operation: `${blobs}/tags/write`, ...at };
  return { operation: `${blobs}/write`, ...at };
}

function ofService(comp: string, reads: boolean, accountId: string): Wish {
  const scope = accountId;
  if (comp === "userdelegationkey") return { operation: `${service}/generateUserDelegationKey/action`, scope };
  if (comp === "list") return { operation: `${service}/containers/read`, scope };
  if (comp === "blobs") return { operation: `${blobs}/filter/action`, scope, data: true };
  // Each part of a batch is a request of its own, with its own signature; the batch itself is a write of the service's.
  if (comp === "batch") return { operation: `${blobs}/write`, scope, data: true };
  return { operation: `${service}/${reads ? "read" : "write"}`, scope };
}
