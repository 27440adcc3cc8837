// From a reference as Azure Machine Learning writes it (an asset, a datastore path, a job's output, a URL) to the bytes behind it.
import { ArmError } from "../core.ts";
import type { ArmResource, BlobLocation, SandboxContext } from "../core.ts";
import { notModeled } from "../arm/errors.ts";
import { sameId } from "../arm/ids.ts";
import { blobUrl } from "../blob/urls.ts";
import { latestVersion } from "../assets/versions.ts";

const provider = "Microsoft.MachineLearningServices";
/** Which property of a version points at its bytes. */
const pointers: Readonly<Record<string, string>> = { data: "dataUri", models: "modelUri", codes: "codeUri" };

/**
 * Where a reference's bytes are: in a container, or (plain https) at a URL outside. Understands `azureml://datastores/…`,
 * the long `azureml://subscriptions/…/datastores/…`, `azureml:name:version` and `@latest` (data first, then models),
 * `azureml://registries/…`, `azureml://jobs/{j}/outputs/{o}[/paths/…]`, `azureml://locations/…`, `runs:/…`, resource ids of
 * data, model and code versions, blob URLs, `wasbs://` and `abfss://`.
 *
 * @param workspaceId What short references are relative to.
 * @throws ArmError 400 for what is no reference, 404 for what is not there.
 */
export function locate(sandbox: SandboxContext, reference: string, workspaceId?: string): BlobLocation | { url: string } {
  return follow(sandbox, reference.trim(), workspaceId, 0);
}

/** As `locate`, for callers that can only use a container. Throws ArmError 400 for a URL outside. */
export function locateBlob(sandbox: SandboxContext, reference: string, workspaceId?: string): BlobLocation {
  const found = locate(sandbox, reference, workspaceId);
  if ("url" in found)
    throw new ArmError(400, "UserError", `'${reference}' is outside the sandbox's storage; upload it to a datastore first.`);
  return found;
}

function follow(
  sandbox: SandboxContext,
  reference: string,
  workspaceId: string | undefined,
  depth: number,
): BlobLocation | { url: string } {
  if (depth > 8) throw new ArmError(400, "UserError", `'${reference}' refers to itself over and over.`);
  const next = (one: string, home = workspaceId): BlobLocation | { url: string } => follow(sandbox, one, home, depth + 1);
  const blob = blobUrl(sandbox, reference);
  if (blob) return blob;
  if (/^https?:\/\//i.test(reference)) return { url: reference };

  const store = /^azureml:\/\/datastores\/([^/]+)(?:\/paths)?(?:\/(.*))?$/i.exec(reference);
  if (store) return inDatastore(sandbox, home(reference, workspaceId), store[1]!, store[2] ?? "");

  const long = /^(?:azureml:)?(?:azureml:\/)?(\/subscriptions\/.+)$/i.exec(
    reference.replace(/^azureml:\/\/subscriptions/i, "azureml://subscriptions").replace(/^azureml:\/\//i, "azureml:/"),
  );
  if (long) return byId(sandbox, long[1]!, reference, next);

  const registry = /^azureml:\/\/registries\/([^/]+)\/(\w+)\/([^/]+)\/(versions|labels)\/([^/]+)$/i.exec(reference);
  if (registry) {
    const id = registryId(sandbox, registry[1]!);
    return ofVersion(
      sandbox,
      version(sandbox, id, registry[2]!, registry[3]!, registry[4]!.toLowerCase() === "labels" ? undefined : registry[5]!),
      next,
      id,
    );
  }

  const place = /^azureml:\/\/locations\/[^/]+\/(workspaces|registries)\/([^/]+)\/(\w+)\/([^/]+)\/(versions|labels)\/([^/]+)$/i.exec(
    reference,
  );
  if (place) {
    const id = place[1]!.toLowerCase() === "workspaces" ? workspaceByGuid(sandbox, place[2]!) : registryId(sandbox, place[2]!);
    return ofVersion(sandbox, version(sandbox, id, place[3]!, place[4]!, place[6]), next, id);
  }

  const job = /^azureml:\/\/jobs\/([^/]+)\/outputs\/([^/]+)(?:\/paths)?(?:\/(.*))?$/i.exec(reference);
  if (job) return ofOutput(sandbox, home(reference, workspaceId), job[1]!, job[2]!, job[3] ?? "", next);
  const run = /^(?:azureml:\/\/)?runs:\/([^/]+)\/(.*)$/i.exec(reference);
  if (run) return inDatastore(sandbox, home(reference, workspaceId), "workspaceartifactstore", `ExperimentRun/dcid.${run[1]}/${run[2]}`);

  const short = /^azureml:([^/:@]+)(?::([^/:@]+)|@latest)$/.exec(reference) ?? /^([\w.-]+)(?::([\w.-]+)|@latest)$/.exec(reference);
  if (short) {
    const id = home(reference, workspaceId);
    const found = maybe(sandbox, id, "data", short[1]!, short[2]) ?? maybe(sandbox, id, "models", short[1]!, short[2]);
    if (!found)
      throw new ArmError(
        404,
        "UserError",
        `Neither a data asset nor a model called '${short[1]}' with ${short[2] ? `version '${short[2]}'` : "any version"} was found in the workspace.`,
      );
    return ofVersion(sandbox, found, next, id);
  }
  throw new ArmError(
    400,
    "UserError",
    `'${reference}' is not a reference that the sandbox understands; examples are azureml:name:1, azureml://datastores/workspaceblobstore/paths/folder, azureml://jobs/name/outputs/model.`,
  );
}

function byId(
  sandbox: SandboxContext,
  path: string,
  reference: string,
  next: (reference: string, home?: string) => BlobLocation | { url: string },
): BlobLocation | { url: string } {
  // Both `…/resourcegroups/G/workspaces/W/…` and the full resource id are in use.
  const match =
    /^\/subscriptions\/([^/]+)\/resourcegroups\/([^/]+)\/(?:providers\/Microsoft\.MachineLearningServices\/)?(workspaces|registries)\/([^/]+)\/(.+)$/i.exec(
      path,
    );
  if (!match)
    throw new ArmError(400, "UserError", `'${reference}' is not an id of a data, model or code version, nor a path in a datastore.`);
  const [, subscription, group, kind, name, rest] = match as unknown as string[];
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${provider}/${kind!.toLowerCase()}/${name}`;
  const store = /^datastores\/([^/]+)(?:\/paths)?(?:\/(.*))?$/i.exec(rest!);
  if (store) return inDatastore(sandbox, id, store[1]!, store[2] ?? "");
  const job = /^jobs\/([^/]+)\/outputs\/([^/]+)(?:\/paths)?(?:\/(.*))?$/i.exec(rest!);
  if (job) return ofOutput(sandbox, id, job[1]!, job[2]!, job[3] ?? "", next);
  const asset = /^(\w+)\/([^/]+)\/(versions|labels)\/([^/]+)(?:\/(.*))?$/i.exec(rest!);
  if (!asset)
    throw new ArmError(400, "UserError", `'${reference}' is not an id of a data, model or code version, nor a path in a datastore.`);
  return ofVersion(
    sandbox,
    version(sandbox, id, asset[1]!, asset[2]!, asset[3]!.toLowerCase() === "labels" ? undefined : asset[4]!),
    next,
    id,
  );
}

/** Follows a version's pointer; short references in it are relative to where the version lives. */
function ofVersion(
  _sandbox: SandboxContext,
  resource: ArmResource,
  next: (reference: string, home?: string) => BlobLocation | { url: string },
  home: string,
): BlobLocation | { url: string } {
  const kind = resource.type.split("/")[2]!;
  const uri = resource.properties[pointers[kind] ?? ""];
  if (typeof uri !== "string" || uri === "") throw new ArmError(400, "UserError", `${resource.id} has no ${pointers[kind] ?? "files"}.`);
  return next(uri, home);
}

function version(sandbox: SandboxContext, home: string, kind: string, name: string, wanted: string | undefined): ArmResource {
  const found = maybe(sandbox, home, kind, name, wanted);
  if (found) return found;
  throw new ArmError(404, "UserError", `${kind} '${name}' ${wanted ? `version '${wanted}'` : "(any version)"} was not found in ${home}.`);
}

function maybe(sandbox: SandboxContext, home: string, kind: string, name: string, wanted: string | undefined): ArmResource | undefined {
  const container = `${home}/${kind}/${name}`;
  return wanted === undefined || wanted === "latest"
    ? latestVersion(sandbox, container)
    : sandbox.resources.get(`${container}/versions/${wanted}`);
}

function ofOutput(
  sandbox: SandboxContext,
  workspaceId: string,
  job: string,
  output: string,
  path: string,
  next: (reference: string, home?: string) => BlobLocation | { url: string },
): BlobLocation | { url: string } {
  const resource = sandbox.resources.get(`${workspaceId}/jobs/${job}`);
  const outputs = resource?.properties["outputs"] as Record<string, { uri?: string } | null> | undefined;
  const uri = outputs?.[output]?.uri;
  if (uri) {
    const base = next(uri, workspaceId);
    if ("url" in base) return base;
    return { ...base, path: joined(base.path, path) };
  }
  if (output === "artifacts" || output === "default")
    return inDatastore(sandbox, workspaceId, "workspaceartifactstore", joined(`ExperimentRun/dcid.${job}`, path));
  return inDatastore(sandbox, workspaceId, "workspaceblobstore", joined(`azureml/${job}/${output}`, path));
}

function inDatastore(sandbox: SandboxContext, workspaceId: string, name: string, path: string): BlobLocation {
  const store = sandbox.resources.get(`${workspaceId}/datastores/${name}`);
  if (!store) throw new ArmError(404, "UserError", `Datastore '${name}' was not found in ${workspaceId}.`);
  const { accountName, containerName, filesystem, fileShareName } = store.properties as Record<string, string | undefined>;
  const container = containerName ?? filesystem;
  if (!accountName || !container) {
    throw new ArmError(
      501,
      "NotModeledInSandbox",
      `The sandbox keeps bytes in blob containers only; datastore '${name}' is of type '${String(store.properties["datastoreType"])}'${fileShareName ? ` (share '${fileShareName}')` : ""}.`,
    );
  }
  return { account: accountName, container, path: decoded(path).replace(/^\/+/, "") };
}

/** The workspace whose `workspaceId` (a GUID) or name this is. */
export function workspaceByGuid(sandbox: SandboxContext, guid: string): string {
  const found = sandbox.resources
    .all(`${provider}/workspaces`)
    .find((one) => one.properties["workspaceId"] === guid.toLowerCase() || sameId(one.name, guid));
  if (!found) throw new ArmError(404, "UserError", `No workspace of the sandbox has the id '${guid}'.`);
  return found.id;
}

/** A registry's resource id, found by its name. */
export function registryId(sandbox: SandboxContext, name: string): string {
  const found = sandbox.resources.all(`${provider}/registries`).find((one) => sameId(one.name, name));
  if (!found && /^azureml/i.test(name))
    throw notModeled(
      `the public registry '${name}'`,
      "it has the curated environments of registry 'azureml', and no other asset of Microsoft's.",
    );
  if (!found) throw new ArmError(404, "UserError", `Registry '${name}' was not found in the sandbox.`);
  return found.id;
}

function home(reference: string, workspaceId: string | undefined): string {
  if (workspaceId) return workspaceId;
  throw new ArmError(400, "UserError", `'${reference}' is relative to a workspace, and none is known here; write it in its long form.`);
}

const joined = (base: string, path: string): string =>
  [base.replace(/\/+$/, ""), path.replace(/^\/+/, "")].filter((part) => part !== "").join("/");

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
