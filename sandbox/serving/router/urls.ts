// What the router reads from a request's address and its tracing header.
import type { IncomingHttpHeaders } from "node:http";

/** `/region/endpoint/score?x=1` → [`region/endpoint`, `/score?x=1`]. */
export function splitPath(url: string): [string, string] {
  const second = url.indexOf("/", 1);
  if (second < 0) return [url.slice(1).toLowerCase(), "/"];
  let third = second + 1;
  while (third < url.length && url[third] !== "/" && url[third] !== "?") third++;
  const rest = url.slice(third);
  return [url.slice(1, third).toLowerCase(), rest.startsWith("/") ? rest : `/${rest}`];
}

/** `x-ms-client-request-id`, of which Azure keeps letters, digits, hyphens and underscores, at most 40. */
export function clientRequestId(headers: IncomingHttpHeaders): string | undefined {
  const header = headers["x-ms-client-request-id"];
  if (typeof header !== "string") return undefined;
  const clean = header.replace(/[^A-Za-z0-9_-]/g, "").slice(0, 40);
  return clean === "" ? undefined : clean;
}
