// Sharing: an asset version of a workspace is copied into a registry, bytes and all, and what it needs with it.
import { randomUUID } from "node:crypto";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { copy } from "../blob/transfer.ts";
import { locate, workspaceByGuid } from "../ml/locate.ts";
import type { AssetKind } from "./bodies.ts";
import { azureUrl } from "./fill.ts";
import { forbidReuse } from "./tombstones.ts";
import { accountOf } from "./uploads.ts";
import { latestVersion } from "./versions.ts";

/** What a copy takes in Azure, under the latency profile. */
export const importSeconds = 10;

const shareable = new Set<string>(["models", "data", "environments", "components", "codes"]);

/** `{sourceAssetId, destinationName?, destinationVersion?}` (POST registries/{r}/import). Throws ArmError 400, 404, 409. */
export async function importAsset(registry: ArmResource, body: unknown, sandbox: SandboxContext): Promise<void> {
  const given = (body ?? {}) as Record<string, unknown>;
  const asked = (typeof given["properties"] === "object" && given["properties"] ? given["properties"] : given) as Record<
    string,
    string | undefined
  >;
  const { source, kind } = sourceOf(asked["sourceAssetId"] ?? "", sandbox);
  const name = asked["destinationName"] || nameOf(parentId(source.id));
  const version = asked["destinationVersion"] || source.name;
  await sandbox.latency(importSeconds);
  await share(sandbox, source, kind, registry, name, version, false);
}

function sourceOf(reference: string, sandbox: SandboxContext): { source: ArmResource; kind: AssetKind } {
  const place = /^azureml:\/\/locations\/[^/]+\/workspaces\/([^/]+)\/(\w+)\/([^/]+)\/versions\/([^/]+)$/i.exec(reference);
  const plain = /^(?:azureml:)?(\/subscriptions\/.+\/(?:workspaces|registries)\/[^/]+)\/(\w+)\/([^/]+)\/versions\/([^/]+)$/i.exec(
    reference,
  );
  const found = place ? [workspaceByGuid(sandbox, place[1]!), ...place.slice(2)] : plain?.slice(1);
  const kind = String(found?.[1]).toLowerCase();
  if (!found || !shareable.has(kind)) {
    throw new ArmError(
      400,
      "UserError",
      `sourceAssetId: '${reference}' must be azureml://locations/{location}/workspaces/{id}/{models|data|environments|components}/{name}/versions/{version}.`,
    );
  }
  const id = `${found[0]}/${kind}/${found[2]}/versions/${found[3]}`;
  const source = sandbox.resources.get(id);
  if (!source) throw new ArmError(404, "UserError", `The asset '${reference}' was not found.`);
  return { source, kind: kind as AssetKind };
}

/** Copies one version; with `reuse`, one that is there already is taken as it is. Returns the registry version's id. */
async function share(
  sandbox: SandboxContext,
  source: ArmResource,
  kind: AssetKind,
  registry: ArmResource,
  name: string,
  version: string,
  reuse: boolean,
): Promise<string> {
  const id = `${registry.id}/${kind}/${name}/versions/${version}`;
  const there = sandbox.resources.get(id);
  if (there && reuse) return id;
  if (there)
    throw new ArmError(
      409,
      "UserError",
      `${kind} '${name}' version '${version}' is already in registry '${registry.name}'. Use another version.`,
    );
  forbidReuse(sandbox, id);
  const moved = await movedProperties(sandbox, source, kind, registry);
  const { stage: _, ...properties } = { ...source.properties, ...moved };
  const now = new Date().toISOString();
  const systemData = { createdBy: source.systemData?.["createdBy"], createdByType: "Application", createdAt: now, lastModifiedAt: now };
  const container = parentId(id);
  if (!sandbox.resources.get(container)) {
    sandbox.resources.put({
      id: container,
      name,
      type: `Microsoft.MachineLearningServices/registries/${kind}`,
      systemData,
      properties: { description: null, tags: {}, properties: {}, isArchived: false, provisioningState: "Succeeded" },
    });
  }
  sandbox.resources.put({
    id,
    name: version,
    type: `Microsoft.MachineLearningServices/registries/${kind}/versions`,
    systemData,
    properties: { ...properties, isArchived: false, provisioningState: "Succeeded" },
  });
  return id;
}

async function movedProperties(
  sandbox: SandboxContext,
  source: ArmResource,
  kind: AssetKind,
  registry: ArmResource,
): Promise<Record<string, unknown>> {
  const home = parentId(parentId(source.id));
  const { account } = accountOf(sandbox, `${registry.id}/x`);
  const move = async (reference: string): Promise<string> => {
    const from = locate(sandbox, reference, home);
    if ("url" in from) return from.url;
    const container = randomUUID();
    const leaf = from.path.replace(/\/+$/, "").split("/").at(-1) ?? "";
    const count = await copy(sandbox, from, { account, container, path: leaf });
    if (!count) throw new ArmError(404, "UserError", `Nothing is stored at '${reference}', which ${source.id} points at.`);
    return azureUrl(`${sandbox.urls.blob(account)}/${container}/${leaf}${reference.endsWith("/") ? "/" : ""}`, sandbox);
  };
  const { properties } = source;
  switch (kind) {
    case "models":
      return { modelUri: await move(String(properties["modelUri"])) };
    case "data":
      return { dataUri: await move(String(properties["dataUri"])) };
    case "codes":
      return { codeUri: await move(String(properties["codeUri"])) };
    case "environments": {
      const build = properties["build"] as { contextUri: string } | null | undefined;
      return build ? { build: { ...build, contextUri: await move(build.contextUri) } } : {};
    }
    case "components": {
      const spec = properties["componentSpec"] as Record<string, unknown>;
      const code = await needed(sandbox, spec["code"], "codes", home, registry);
      const environment = await needed(sandbox, spec["environment"], "environments", home, registry);
      return { componentSpec: { ...spec, ...(code ? { code } : {}), ...(environment ? { environment } : {}) } };
    }
  }
}

/** Code and environment that a component names in its workspace come along under their own name and version. */
async function needed(
  sandbox: SandboxContext,
  reference: unknown,
  kind: AssetKind,
  home: string,
  registry: ArmResource,
): Promise<string | undefined> {
  if (typeof reference !== "string" || /^azureml:\/\/registries\//i.test(reference)) return undefined;
  const long = new RegExp(`/${kind}/([^/]+)/versions/([^/]+)$`, "i").exec(reference);
  const short = /^azureml:([^/:@]+)(?::([^/:@]+)|@latest)$/.exec(reference);
  const [name, version] = (long ?? short)?.slice(1) ?? [];
  if (!name) return undefined;
  const source = version
    ? sandbox.resources.get(`${home}/${kind}/${name}/versions/${version}`)
    : latestVersion(sandbox, `${home}/${kind}/${name}`);
  if (!source) throw new ArmError(404, "UserError", `The component names '${reference}', which was not found.`);
  const id = await share(sandbox, source, kind, registry, name, source.name, true);
  return `azureml://registries/${registry.name}/${kind}/${name}/versions/${nameOf(id)}`;
}
