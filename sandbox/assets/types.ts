// The asset types: containers and versions of data, models, code, environments and components, in workspaces and registries.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import type { AnyType } from "../arm/registry.ts";
import { assetKinds, containerBody, versionBodies } from "./bodies.ts";
import type { AssetKind } from "./bodies.ts";
import { curatedContainer, curatedVersion } from "./curated.ts";
import { modelRegistered } from "../events/announce.ts";
import { archiveViews, hasAll, listView } from "../ml/views.ts";
import { pendingUpload } from "./uploads.ts";
import { filledVersion } from "./fill.ts";
import { forbidReuse, rememberDeleted } from "./tombstones.ts";
import { latestVersion, nextVersion, versionsOf } from "./versions.ts";

type Home = "workspaces" | "registries";
const provider = "Microsoft.MachineLearningServices";
const name = {
  pattern: /^[a-zA-Z0-9](?:[\w.-]{0,254})$/,
  rule: "1-255 letters, digits, hyphens, underscores and dots, a letter or digit first",
};

export const assetTypes: readonly AnyType[] = (["workspaces", "registries"] as const).flatMap((home) =>
  assetKinds.flatMap((kind) => [container(home, kind), version(home, kind)]),
);

function container(home: Home, kind: AssetKind): ResourceType<z.infer<typeof containerBody>> {
  const type = `${provider}/${home}/${kind}`;
  return {
    type,
    body: containerBody,
    names: name,
    fill: ({ after }) => ({
      ...after,
      properties: { description: null, tags: {}, properties: {}, isArchived: false, ...after.properties },
    }),
    find: (id, sandbox) => (kind === "environments" ? curatedContainer(id, sandbox) : undefined),
    show(resource, sandbox) {
      const versions = versionsOf(sandbox, resource.id);
      const latest = latestVersion(sandbox, resource.id)?.name ?? (resource.properties["latestVersion"] as string | undefined) ?? null;
      const dataType = kind === "data" ? { dataType: resource.properties["dataType"] ?? versions[0]?.properties["dataType"] } : {};
      return {
        ...resource,
        properties: { ...resource.properties, ...dataType, latestVersion: latest, nextVersion: nextVersion(versions) },
      };
    },
    list(scope, query, sandbox) {
      // What was made without a name of its own is not listed.
      const found = sandbox.resources
        .list(scope, type)
        .filter((one) => one.name !== "azureml_anonymous" && one.properties["isAnonymous"] !== true);
      return viewed(found, query);
    },
  };
}

function version(home: Home, kind: AssetKind): AnyType {
  const type = `${provider}/${home}/${kind}/versions`;
  const asset: ResourceType<{ properties: Record<string, unknown> }> = {
    type,
    body: z.looseObject({ properties: versionBodies[kind] }),
    names: { pattern: /^[a-zA-Z0-9][\w.-]{0,254}$/, rule: "1-255 letters, digits, hyphens, underscores and dots" },
    makesParent: true,
    immutable: true,
    ...(home === "registries" ? { latencySeconds: 3 } : {}),
    check({ before, after }, sandbox) {
      if (!before && home === "registries") forbidReuse(sandbox, after.id);
      if (!before && !name.pattern.test(nameOf(parentId(after.id)))) {
        throw new ArmError(400, "UserError", `The asset name '${nameOf(parentId(after.id))}' must be ${name.rule}.`, { target: "name" });
      }
    },
    fill: (change, sandbox) => filledVersion(kind, change, sandbox),
    ...(home === "workspaces" && kind === "models"
      ? { done: (resource: ArmResource, sandbox: SandboxContext, created: boolean) => created && modelRegistered(sandbox, resource) }
      : {}),
    find: (id, sandbox) => implied(kind, id, sandbox),
    show: kind === "codes" ? (resource): ArmResource => resource : undefined,
    list: (scope, query, sandbox) => listed(sandbox, scope, query, kind),
    remove(resource, sandbox) {
      if (resource.properties["environmentType"] === "Curated")
        throw new ArmError(403, "AuthorizationFailed", `'${resource.id}' belongs to the public registry 'azureml' and cannot be deleted.`);
      if (home === "registries") rememberDeleted(sandbox, resource.id);
    },
    actionsBefore: ["startPendingUpload", "createOrGetStartPendingUpload"],
    actions: {
      startPendingUpload: async (resource, body, sandbox) => ({ body: await pendingUpload(resource, body, sandbox) }),
      createOrGetStartPendingUpload: async (resource, body, sandbox) => ({ body: await pendingUpload(resource, body, sandbox) }),
    },
  };
  return Object.fromEntries(Object.entries(asset).filter(([, value]) => value !== undefined)) as unknown as AnyType;
}

/** A version that nobody put there: a curated environment's, or a component's default one, which azure-ai-ml asks for by this name. */
function implied(kind: AssetKind, id: string, sandbox: SandboxContext): ArmResource | undefined {
  if (kind === "environments") return curatedVersion(id, sandbox);
  return kind === "components" && /\/azureml_default$/i.test(id) ? latestVersion(sandbox, parentId(id)) : undefined;
}

/** Newest first; `hash` finds code by its content. */
function listed(sandbox: SandboxContext, scope: string, query: URLSearchParams, kind: AssetKind): ArmResource[] {
  let found = versionsOf(sandbox, scope);
  if (!found.length && kind === "environments") {
    const one = curatedContainer(scope, sandbox);
    const only = one && curatedVersion(`${scope}/versions/${String(one.properties["latestVersion"])}`, sandbox);
    if (only) found = [only];
  }
  const hash = query.get("hash");
  if (hash !== null) {
    const all = sandbox.resources.list(parentId(scope), `${provider}/workspaces/codes/versions`);
    return all.filter((one) => (one.properties["properties"] as Record<string, string> | undefined)?.["hash_sha256"] === hash);
  }
  if (/asc$/i.test(query.get("$orderBy") ?? "")) found.reverse();
  const stage = query.get("stage");
  const version = query.get("version");
  return viewed(found, query).filter((one) => (!stage || one.properties["stage"] === stage) && (!version || one.name === version));
}

/** What the view, `tags` and `properties` leave. */
function viewed(found: ArmResource[], query: URLSearchParams): ArmResource[] {
  const view = listView(query, archiveViews);
  return found.filter(
    ({ properties }) =>
      (view === "All" || (properties["isArchived"] === true) === (view === "ArchivedOnly")) &&
      hasAll(properties["tags"], query.get("tags") ?? query.get("$tags")) &&
      hasAll(properties["properties"], query.get("properties")),
  );
}
