// What Azure adds to an asset version, and how it writes references: long datastore paths, resolved job outputs.
import { ArmError } from "../core.ts";
import type { ArmResource, Change, SandboxContext } from "../core.ts";
import { parentId, segment } from "../arm/ids.ts";
import { blobUrl } from "../blob/urls.ts";
import { datastoreUri, longForm } from "../ml/datastores.ts";
import { locate } from "../ml/locate.ts";
import type { AssetKind } from "./bodies.ts";

export function filledVersion(kind: AssetKind, { after }: Change, sandbox: SandboxContext): ArmResource {
  const home = parentId(parentId(after.id));
  const given = Object.fromEntries(Object.entries(after.properties).filter(([, value]) => value !== undefined));
  const base = { description: null, tags: {}, properties: {}, isArchived: false, isAnonymous: false, ...given };
  return { ...after, properties: { ...base, ...extra(kind, given, home, after, sandbox) } };
}

function extra(
  kind: AssetKind,
  given: Record<string, unknown>,
  home: string,
  after: ArmResource,
  sandbox: SandboxContext,
): Record<string, unknown> {
  switch (kind) {
    case "data":
      return { dataUri: azureUrl(long(String(given["dataUri"]), home), sandbox), referencedUris: given["referencedUris"] ?? null };
    case "models":
      return { ...model(given, home, sandbox), modelType: given["modelType"] || "custom_model", flavors: given["flavors"] ?? {} };
    case "codes":
      return { codeUri: azureUrl(String(given["codeUri"]), sandbox) };
    case "environments":
      return { osType: given["osType"] ?? "Linux", environmentType: "UserCreated", ...build(given, sandbox) };
    case "components": {
      const spec = given["componentSpec"] as Record<string, unknown>;
      const name = segment(after.id, "components")!;
      return { componentSpec: { ...spec, name: spec["name"] ?? name, version: spec["version"] ?? after.name } };
    }
  }
}

/** Where a model's files come from: a run's output is resolved now, so that it stays when the run is forgotten. */
function model(given: Record<string, unknown>, home: string, sandbox: SandboxContext): Record<string, unknown> {
  const uri = String(given["modelUri"]);
  const output =
    /^azureml:\/\/(?:subscriptions\/.+\/)?jobs\/([^/]+)\/outputs\//i.exec(uri) ?? /^(?:azureml:\/\/)?runs:\/([^/]+)\//i.exec(uri);
  if (!output || /\/registries\//i.test(home)) return { modelUri: azureUrl(long(uri, home), sandbox) };
  const job = output[1]!;
  if (!sandbox.resources.get(`${home}/jobs/${job}`) && !/^(?:azureml:\/\/)?runs:/i.test(uri)) {
    throw new ArmError(404, "UserError", `modelUri: job '${job}' was not found in the workspace.`, { target: "properties.modelUri" });
  }
  const place = locate(sandbox, uri, home);
  const resolved = "url" in place ? undefined : datastoreUri(sandbox, home, place);
  return { modelUri: resolved ?? uri, jobName: given["jobName"] ?? job };
}

function build(given: Record<string, unknown>, sandbox: SandboxContext): Record<string, unknown> {
  const context = given["build"] as { contextUri?: string; dockerfilePath?: string } | null | undefined;
  if (!context) return {};
  return {
    build: {
      ...context,
      contextUri: azureUrl(String(context.contextUri), sandbox),
      dockerfilePath: context.dockerfilePath ?? "Dockerfile",
    },
  };
}

/** `azureml://datastores/…` → its long form. */
function long(uri: string, home: string): string {
  const short = /^azureml:\/\/(datastores\/.+)$/i.exec(uri);
  return short && /\/workspaces\//i.test(home) ? `${longForm(home)}/${short[1]}` : uri;
}

/** Clients recognise blob URLs by Azure's own host name only. */
export function azureUrl(uri: string, sandbox: SandboxContext): string {
  if (!/^https?:/i.test(uri)) return uri;
  const place = blobUrl(sandbox, uri);
  return place ? `https://${place.account}.blob.core.windows.net/${place.container}${place.path === "" ? "" : `/${place.path}`}` : uri;
}
