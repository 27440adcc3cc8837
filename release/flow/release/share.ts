// Copies a release to the registry: model, components, environments, and the data if asked. Repeating it changes nothing.
import { AzureError, isConflict } from "../../../azure/errors.ts";
import { apiVersions, registryId } from "../../../azure/ids.ts";
import { findAsset, importAsset, labelModel, type Shareable } from "../../../azure/models.ts";
import { type Call, CommandError } from "../../command.ts";
import { fileDifferences } from "../../core/digest.ts";
import { eventNow, type ReleaseRecord } from "../../core/history.ts";
import { releaseLabels, type ReleaseManifest } from "../../core/manifest.ts";
import type { History } from "./history.ts";
import { modelDigests } from "./modelDigests.ts";
import { short } from "./story.ts";

/** The registry that all stages share. */
export interface RegistryPlace {
  readonly id: string;
  readonly name: string;
}

export function registryPlace(subscriptionId: string, outputs: Readonly<Record<string, unknown>> | undefined): RegistryPlace {
  const { registryName, registryResourceGroupName } = outputs ?? {};
  if (typeof registryName !== "string" || typeof registryResourceGroupName !== "string")
    throw new CommandError("there is no registry: the shared stack is not up", "pulumi up --stack shared");
  return { id: registryId(subscriptionId, registryResourceGroupName, registryName), name: registryName };
}

export interface SharedAsset {
  readonly collection: Shareable;
  readonly name: string;
  readonly version: string;
  /** False: it was there already, with the same content. */
  readonly copied: boolean;
}

export async function shareRelease(
  call: Call,
  history: History,
  record: ReleaseRecord,
  registry: RegistryPlace,
  withData: boolean,
): Promise<SharedAsset[]> {
  const { manifest } = record;
  const { azure } = history;
  if (!manifest.gate.passed)
    throw new CommandError(`${manifest.id} failed the gate and goes nowhere`, `mlops releases show ${manifest.id}`);
  type WorkspaceBody = { location: string; properties: { workspaceId: string } };
  const workspace = await azure.get<WorkspaceBody>(manifest.run.workspace, {
    apiVersion: apiVersions.machineLearning,
    signal: call.signal,
  });
  const copy = async (collection: Shareable, { name, version }: { name: string; version: string }): Promise<boolean> => {
    const source = { location: workspace.location, workspaceGuid: workspace.properties.workspaceId, collection, name, version };
    try {
      await importAsset(azure, source, registry.id, call.signal);
      return true;
    } catch (error) {
      // Another run was first, or this command was killed before: what is there is compared, as anything else there would be.
      if (isConflict(error) && (await findAsset(azure, registry.id, collection, name, version))) return false;
      if (error instanceof AzureError)
        throw new CommandError(
          `the registry ${registry.name} refused ${collection} ${name}:${version}: ${error.message}`,
          "Run mlops share again once that is mended. What has been copied is not copied again.",
        );
      throw error;
    }
  };

  const share = async (collection: Shareable, asset: { name: string; version: string }): Promise<SharedAsset> => {
    const there = await findAsset(azure, registry.id, collection, asset.name, asset.version);
    const copied = there === undefined && (await copy(collection, asset));
    if (!copied) await sameContent(history, manifest, registry, collection, asset);
    call.out.progress(`share  ${collection.replace(/s$/, "")} ${asset.name}:${asset.version} ${copied ? "copied" : "is there"}`);
    return { collection, ...asset, copied };
  };
  const all = async (collection: Shareable, assets: readonly { name: string; version: string }[]): Promise<SharedAsset[]> =>
    await ended(assets.map(({ name, version }) => share(collection, { name, version })));
  const { name, version } = manifest.model;
  // A component names its environment, which therefore is there first. Each copy takes Azure a while, whatever its size.
  const environments = await all("environments", manifest.environments);
  const others = await ended([
    all("components", manifest.components),
    all("data", withData ? manifest.data : []),
    all("models", [{ name, version }]),
  ]);
  const shared = [...environments, ...others.flat()];

  const id = `${registry.id}/models/${name}/versions/${version}`;
  await checkModel(call, history, manifest, registry);
  await labelModel(azure, id, releaseLabels(manifest), releaseLabels(manifest), call.signal);
  if (!record.events.some(({ kind }) => kind === "shared")) {
    await history.add(
      manifest.id,
      eventNow("shared", await history.caller(), { note: `registry ${registry.name}, model digest ${short(manifest.model.digest)}` }),
    );
  }
  return shared;
}

/** All of them, each at its end: none goes on after an error was told. */
async function ended<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

/** The registry's model has the bytes of the manifest. */
async function checkModel(call: Call, history: History, manifest: ReleaseManifest, registry: RegistryPlace): Promise<void> {
  const { name, version, files } = manifest.model;
  const found = await modelDigests(history.azure, `${registry.id}/models/${name}/versions/${version}`, call.signal);
  const differences = fileDifferences(files, found?.files ?? []);
  if (differences.length > 0) {
    throw new CommandError(
      `registry ${registry.name} has a model ${name}:${version} with other content than release ${manifest.id}: ${differences.slice(0, 3).join("; ")}`,
      "A version never changes. Train again: the new model gets a version of its own.",
    );
  }
}

/** Something is there under the name and version. Models are compared byte by byte when all is shared; of others, what says what they are. */
async function sameContent(
  history: History,
  manifest: ReleaseManifest,
  registry: RegistryPlace,
  collection: Shareable,
  asset: { name: string; version: string },
): Promise<void> {
  if (collection === "models") return;
  const { azure } = history;
  const [mine, theirs] = await Promise.all(
    [manifest.run.workspace, registry.id].map((scope) => findAsset(azure, scope, collection, asset.name, asset.version)),
  );
  const [a, b] = [essence(collection, mine?.properties), essence(collection, theirs?.properties)];
  if (a !== b) {
    throw new CommandError(
      `registry ${registry.name} has ${collection} ${asset.name}:${asset.version} with other content than workspace ${manifest.run.workspace.split("/").at(-1)}`,
      "A version never changes: give the changed asset another version.",
    );
  }
}

/** What an asset is, without where it is kept: a registry keeps copies of code, data and build contexts under addresses of its own. */
function essence(collection: Shareable, properties: Record<string, unknown> | undefined): string {
  if (!properties) return "nothing";
  switch (collection) {
    case "environments": {
      const { condaFile, image, inferenceConfig, osType } = properties;
      return JSON.stringify([condaFile ?? null, image ?? null, inferenceConfig ?? null, osType ?? null]);
    }
    case "components": {
      const spec = (properties["componentSpec"] ?? {}) as Record<string, unknown>;
      return JSON.stringify(["type", "command", "inputs", "outputs"].map((key) => spec[key] ?? null));
    }
    case "data":
      return JSON.stringify([
        properties["dataType"] ?? null,
        (typeof properties["dataUri"] === "string" ? properties["dataUri"] : "").split("/").at(-1),
      ]);
    case "models":
      return JSON.stringify(properties["modelType"] ?? null);
  }
}
