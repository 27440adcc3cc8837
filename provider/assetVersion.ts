// mlops:assets:AssetVersion: the version of data, an environment or a component that the files say now. azure-native has such types,
// but deletes a version when the next one comes (jobs and kept deployments still name it) and cannot go back to an earlier one.
import { isConflict } from "../azure/errors.ts";
import { apiVersions } from "../azure/ids.ts";
import { differences, hasUnknown, isObject } from "./kind.ts";
import type { Call, Properties, ResourceKind } from "./kind.ts";
import { whileRolesSettle } from "./patience.ts";

/** Inputs of a version. */
export interface AssetVersionInputs {
  readonly workspaceId: string;
  /** The collection's name in the resource id. */
  readonly collection: "data" | "environments" | "components";
  readonly name: string;
  readonly version: string;
  /** Whether the version was derived from the content, so that the same version always means the same content. */
  readonly contentVersion: boolean;
  /** `properties` of the request, REST shape of api-version 2024-10-01. */
  readonly properties: Properties;
  /** File that says all this, for messages. */
  readonly source: string;
}

/** Parts of a version that Azure lets one change. */
const changeable = ["description", "tags", "isArchived"];

const content = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !changeable.includes(name)));

/** `/…/environments/diabetes-prod/versions/3f…` */
export const assetVersionId = (i: Pick<AssetVersionInputs, "workspaceId" | "collection" | "name" | "version">): string =>
  `${i.workspaceId}/${i.collection}/${i.name}/versions/${i.version}`;

const asset = ["workspaceId", "collection", "name"] as const;

export const assetVersion: ResourceKind<AssetVersionInputs> = {
  type: "mlops:assets:AssetVersion",

  check(inputs, old) {
    const sameOne = old !== undefined && [...asset, "version" as const].every((name) => old[name] === inputs[name]);
    if (!sameOne || hasUnknown(inputs.properties) || hasUnknown(old.properties)) return [];
    const changed = differences(content(old.properties), content(inputs.properties), "properties");
    return changed.length === 0 ? [] : [{ property: "version", reason: immutable(inputs) }];
  },

  // A new version is an update of the asset: nothing is deleted, the versions before it stay.
  diff({ inputs: before }, after) {
    const moved = asset.flatMap((name) =>
      differences(before[name], after[name], name).map((difference) => ({ ...difference, replace: true })),
    );
    return [
      ...moved,
      ...differences(before.version, after.version, "version"),
      ...differences(before.properties, after.properties, "properties"),
    ];
  },

  foresee: (inputs) => (hasUnknown(inputs.workspaceId) ? {} : { versionId: assetVersionId(inputs) }),

  async create(inputs, call) {
    return { id: `${inputs.workspaceId}/${inputs.collection}/${inputs.name}`, outputs: await publish(inputs, call) };
  },

  async read({ inputs, outputs }, call) {
    const azure = await call.azure();
    const found = await azure.find(assetVersionId(inputs), { apiVersion: apiVersions.machineLearning, signal: call.signal });
    return found ? { inputs, outputs } : undefined;
  },

  async update({ inputs: before, outputs }, inputs, call) {
    if (before.version !== inputs.version) return publish(inputs, call);
    // Only what Azure lets one change comes here; `check` has refused the rest.
    const azure = await call.azure();
    await azure.put(
      assetVersionId(inputs),
      { properties: inputs.properties },
      { apiVersion: apiVersions.machineLearning, signal: call.signal },
    );
    return outputs;
  },
};

/** Makes the version, unless it is there: left from an earlier state (a revert, a recovered workspace, a killed run). */
async function publish(inputs: AssetVersionInputs, call: Call): Promise<Properties> {
  const id = assetVersionId(inputs);
  const options = { apiVersion: apiVersions.machineLearning, signal: call.signal };
  const azure = await call.azure();
  await whileRolesSettle(call, async () => {
    const there = await azure.find<{ properties: Properties }>(id, options);
    if (there && !inputs.contentVersion && !isWithin(content(inputs.properties), there.properties)) throw new Error(immutable(inputs));
    if (there && there.properties["isArchived"] !== true) return;
    try {
      await azure.put(id, { properties: inputs.properties }, options);
    } catch (error) {
      // Versions are immutable: a conflict means that another run was first, or that an answer was lost and the write was sent again.
      if (!isConflict(error)) throw error;
      const made = await azure.find<{ properties: Properties }>(id, options);
      if (!made || (!inputs.contentVersion && !isWithin(content(inputs.properties), made.properties))) throw error;
    }
  });
  return { versionId: id };
}

const immutable = ({ name, version, source }: AssetVersionInputs): string =>
  `${name}:${version} exists with other content, and versions are immutable; give the new content a new version in ${source}`;

/** True when everything in `part` is in `whole` too; Azure adds what it fills in by itself. */
function isWithin(part: unknown, whole: unknown): boolean {
  if (!isObject(part) || !isObject(whole)) return JSON.stringify(part) === JSON.stringify(whole);
  return Object.entries(part).every(([name, value]) => isWithin(value, whole[name]));
}
