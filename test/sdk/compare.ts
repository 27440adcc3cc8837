// Brings our request and the SDK's into one form: what only a live workspace or an upload decides is taken out of both.
import { inPlace, type Asset } from "../../assets/index.ts";
import type { Answer } from "./setup.ts";

type Json = unknown;
interface Body {
  location?: string;
  properties?: Record<string, unknown>;
}

/** Our body, with local paths as `LOCAL:<path>` and what is registered before in its place. */
export function oursComparable(asset: Asset): Json {
  const values = new Map<string, Json>();
  for (const upload of asset.uploads)
    values.set(upload.pointer, inPlace(upload, upload.includes.length ? "LOCAL:merged" : `LOCAL:${upload.localPath}${upload.suffix}`));
  for (const dependency of asset.dependencies)
    values.set(dependency.pointer, { registered: withoutLabels(oursComparable(dependency.asset)) });
  return withoutLabels(walk(asset.body, values, ""));
}

function walk(value: Json, values: ReadonlyMap<string, Json>, pointer: string): Json {
  if (values.has(pointer)) return values.get(pointer);
  if (Array.isArray(value)) return value.map((item, index) => walk(item, values, `${pointer}/${index}`));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, walk(item, values, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`)]),
  );
}

/** The SDK's body in the same form. */
export function theirsComparable(answer: Answer): Json {
  const registered = new Map((answer.also ?? []).map((item) => [item.url, item.body]));
  const expand = (value: Json): Json => {
    if (typeof value === "string") {
      if (value.startsWith("azureml:azureml:")) return value.slice("azureml:".length);
      if (value.includes("code_with_additional_includes")) return "LOCAL:merged";
      if (/^azureml:(azureml_anonymous|CliV2AnonymousEnvironment):/.test(value) && registered.has(value))
        return { registered: expand(registered.get(value)) };
      return registered.has(value) && registered.get(value) !== undefined ? { registered: expand(registered.get(value)) } : value;
    }
    if (Array.isArray(value)) return value.map(expand);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, item]) => item !== null && key !== "client_component_hash")
        .map(([key, item]) => [key, expand(item)]),
    );
  };
  return expand(answer.body);
}

// The recording workspace says that the latest version of everything is LATEST.
function withoutLabels(value: Json): Json {
  if (typeof value === "string")
    return value
      .replace(/^(azureml:(?!AzureML-)[^/@]+)@latest$/, "$1:LATEST")
      .replaceAll("{subscriptionId}", "S")
      .replaceAll("{location}", "westeurope")
      .replaceAll("{workspaceId}", "None")
      .replaceAll("{resourceGroupName}", "G");
  if (Array.isArray(value)) return value.map(withoutLabels);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutLabels(item)]));
}

/** Takes out what the SDK fills from the workspace or the machine where the file says nothing. */
export function settle(ours: Json, theirs: Json, asset: Asset): [Json, Json] {
  const [mine, other] = [structuredClone(ours), structuredClone(theirs)] as [Body, Body];
  if (mine.location === undefined) delete other.location;
  // Requests that are not of Azure's resource form have no properties.
  if (!mine.properties || !other.properties) return [mine, other];
  if (mine.properties.computeLocation === undefined) delete other.properties.computeLocation;
  if (asset.noun === "job")
    for (const key of ["displayName", "experimentName"]) if (mine.properties[key] === undefined) delete other.properties[key];
  // The SDK sends the short name of a registered component, unresolved.
  if (asset.kind === "pipelineJob" && typeof mine.properties.componentId === "string")
    mine.properties.componentId = mine.properties.componentId.replace(/^azureml:(?!\/)/, "");
  if (asset.kind === "monitorSchedule") dropCollected(mine, other);
  // The SDK applies these by a template of its own, not in the workspace's own body.
  if (asset.noun === "workspace" || asset.noun === "featureStore")
    for (const key of ["encryption", "networkAcls"]) delete mine.properties[key];
  return [mine, other];
}

/** What a deployment collects is only known in Azure: data that we leave to it is left out of theirs. */
function dropCollected(ours: unknown, theirs: unknown): void {
  if (ours === null || typeof ours !== "object" || theirs === null || typeof theirs !== "object") return;
  const [mine, other] = [ours as Record<string, unknown>, theirs as Record<string, unknown>];
  for (const key of ["productionData", "referenceData"]) if (mine[key] === undefined) delete other[key];
  for (const [key, item] of Object.entries(mine)) dropCollected(item, other[key]);
}
