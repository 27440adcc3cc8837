// Azure's own host names, for clients that have them wired in: which of the sandbox's fronts answers to each (docs/sandbox.md, "Clients").
import { regions } from "../arm/locations.ts";

/** Where requests for a name go: Resource Manager's front (Entra, Graph and Azure ML's services too), blobs, scoring, or a vault's own. */
export type Front = "base" | "blob" | "scoring" | "vault";

interface Names {
  readonly front: Front;
  readonly pattern: RegExp;
  /** For the certificate; a star stands for one label. */
  readonly certified: readonly string[];
  /** The path below the front, when it is another one there. */
  readonly path?: (match: RegExpExecArray, path: string) => string;
}

const everyRegion = (name: (region: string) => string): string[] => Object.keys(regions).map(name);

const names: readonly Names[] = [
  { front: "base", pattern: /^(?:[a-z0-9]+\.)?management\.azure\.com$/, certified: ["management.azure.com", "*.management.azure.com"] },
  {
    front: "base",
    pattern: /^login\.(?:microsoftonline|microsoft|windows)\.(?:com|net)$/,
    certified: ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net"],
  },
  { front: "base", pattern: /^graph\.microsoft\.com$/, certified: ["graph.microsoft.com"], path: (_match, path) => `/graph${path}` },
  { front: "base", pattern: /^(?:[a-z0-9-]+\.)?api\.azureml\.ms$/, certified: ["api.azureml.ms", "*.api.azureml.ms"] },
  {
    front: "base",
    pattern: /^([a-z0-9-]+\.[a-z0-9]+-1)\.eventgrid\.azure\.net$/,
    certified: everyRegion((region) => `*.${region}-1.eventgrid.azure.net`),
    path: (match, path) => `/eventgrid/topics/${match[1]!}${path}`,
  },
  { front: "blob", pattern: /^[a-z0-9]{3,24}(?:-secondary)?\.blob\.core\.windows\.net$/, certified: ["*.blob.core.windows.net"] },
  { front: "vault", pattern: /^[a-z0-9-]{3,24}\.vault\.azure\.net$/, certified: ["*.vault.azure.net"] },
  {
    front: "scoring",
    pattern: /^([a-z0-9-]+)\.([a-z0-9]+)\.inference\.ml\.azure\.com$/,
    certified: everyRegion((region) => `*.${region}.inference.ml.azure.com`),
    path: (match, path) => `/${match[2]!}/${match[1]!}${path}`,
  },
];

/** Names in the certificate of all fronts. */
export const certifiedNames: readonly string[] = ["localhost", "127.0.0.1", "::1", ...names.flatMap(({ certified }) => certified)];

/** What a proxy that refuses a name can say of those it knows. */
export const knownNames: string = names
  .map(({ certified }) => certified[0]!.replace(/\*\.\w+(-1)?\.(eventgrid|inference)/, "*.$2"))
  .join(", ");

/** The front that answers to a host name of Azure (a port is ignored); undefined for every other name. */
export function azureFront(host: string | undefined): Front | undefined {
  return find(host)?.names.front;
}

/** The path of a request as its front has it. */
export function pathAtFront(host: string | undefined, path: string): string {
  const found = find(host);
  return found?.names.path?.(found.match, path) ?? path;
}

function find(host: string | undefined): { names: Names; match: RegExpExecArray } | undefined {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  if (name === "localhost") return undefined;
  for (const one of names) {
    const match = one.pattern.exec(name);
    if (match) return { names: one, match };
  }
  return undefined;
}
