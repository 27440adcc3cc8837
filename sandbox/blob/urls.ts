// Blob URLs in all the forms that clients and files write them.
import type { BlobLocation, SandboxContext } from "../core.ts";
import { accountsIn } from "./accounts.ts";
import { containersIn } from "./containers.ts";

/**
 * The place a blob URL names: `https://a.blob.core.windows.net/c/p`, `https://a.blob.core.sandbox@localhost:B/c/p`,
 * `https://localhost:B/a/c/p`, `https://localhost:B/c/p`, `wasbs://c@a.blob…/p`, `abfss://c@a.dfs…/p`. Undefined for others.
 * A query (SAS) is left out.
 */
export function blobUrl(sandbox: SandboxContext, text: string): BlobLocation | undefined {
  const hadoop = /^(?:wasbs?|abfss?):\/\/([^@/]+)@([a-z0-9]+)\.(?:blob|dfs)\.[^/]+(?:\/([^?]*))?/i.exec(text);
  if (hadoop) return place(hadoop[2]!, hadoop[1]!, hadoop[3] ?? "");
  const named = /^https?:\/\/([a-z0-9]{3,24})\.(?:blob|dfs)\.[^/]+\/([^/?]+)(?:\/([^?]*))?/i.exec(text);
  if (named) return place(named[1]!, named[2]!, named[3] ?? "");
  const own = new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1):${sandbox.ports.blob}/([^?]*)`, "i").exec(text);
  if (!own) return undefined;
  const [first = "", second = "", ...rest] = own[1]!.split("/");
  if (accountsIn(sandbox.db).find(first) && second) return place(first, second, rest.join("/"));
  const owner = containersIn(sandbox).owners(first)[0];
  return owner
    ? place(owner, first, [second, ...rest].filter((part, index, all) => part !== "" || index < all.length - 1).join("/"))
    : undefined;
}

function place(account: string, container: string, path: string): BlobLocation {
  let plain = path;
  try {
    plain = decodeURIComponent(path);
  } catch {
    // A path with a bare % is what it says.
  }
  return { account: account.toLowerCase(), container, path: plain.replace(/^\/+/, "") };
}
