// Registering a model version as Azure does for MLflow clients and for job outputs: container, version, flavours, lineage, event.
import { parse } from "yaml";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { placeOf, readFile } from "./artifacts.ts";
import { modelRegistered } from "../events/announce.ts";
import { transaction } from "../state/database.ts";

export const modelType = "Microsoft.MachineLearningServices/workspaces/models";
export const modelVersionType = `${modelType}/versions`;

export interface NewModel {
  readonly name: string;
  /** The next number when not given. */
  readonly version?: string;
  /** `mlflow_model`, `custom_model`, `triton_model`; told from the files when not given. */
  readonly modelType?: string;
  /** `azureml://…` folder or file. */
  readonly uri: string;
  /** Run that made it. */
  readonly jobName?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly principalId: string;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** Makes the model's container if there is none. Throws 400 for a name that Azure does not take. */
export function ensureModel(
  sandbox: SandboxContext,
  workspace: ArmResource,
  name: string,
  more: { description?: string; tags?: Readonly<Record<string, string>>; principalId: string },
): ArmResource {
  if (!namePattern.test(name))
    throw new ArmError(
      400,
      "INVALID_PARAMETER_VALUE",
      `Invalid model name '${name}': 1-255 letters, digits, '_', '.', '-', starting with a letter or digit.`,
    );
  const id = `${workspace.id}/models/${name}`;
  return (
    sandbox.resources.get(id) ??
    sandbox.resources.put({
      id,
      name,
      type: modelType,
      systemData: createdBy(more.principalId),
      properties: { description: more.description ?? null, tags: more.tags ?? {}, properties: {}, isArchived: false },
    })
  );
}

/** Keeps a new version and publishes `ModelRegistered`. Throws 409 when the version is there already. */
export async function registerModel(sandbox: SandboxContext, workspace: ArmResource, model: NewModel): Promise<ArmResource> {
  const flavors = await flavorsOf(sandbox, workspace, model.uri);
  ensureModel(sandbox, workspace, model.name, { principalId: model.principalId });
  const container = `${workspace.id}/models/${model.name}`;
  const version = model.version ?? nextVersion(sandbox.resources.list(container, modelVersionType));
  const id = `${container}/versions/${version}`;
  const before = sandbox.resources.get(id);
  if (before) {
    // The same step run again after a kill registers the same thing.
    if (before.properties["modelUri"] === model.uri && before.properties["jobName"] === model.jobName) return before;
    throw new ArmError(
      409,
      "UserError",
      `Model '${model.name}' version '${version}' exists and versions cannot be changed. Use another version.`,
      { target: "version" },
    );
  }
  const kept: ArmResource = {
    id,
    name: version,
    type: modelVersionType,
    systemData: createdBy(model.principalId),
    properties: {
      description: model.description ?? null,
      tags: model.tags ?? {},
      properties: model.properties ?? {},
      isArchived: false,
      isAnonymous: false,
      flavors: flavors ?? {},
      modelType: model.modelType ?? (flavors ? "mlflow_model" : "custom_model"),
      modelUri: model.uri,
      provisioningState: "Succeeded",
      ...(model.jobName ? { jobName: model.jobName } : {}),
    },
  };
  return transaction(sandbox.db, () => {
    const resource = sandbox.resources.put(kept);
    modelRegistered(sandbox, resource);
    return resource;
  });
}

/** `systemData` of something made now. */
export function createdBy(principalId: string): Record<string, unknown> {
  const now = new Date().toISOString();
  return {
    createdAt: now,
    createdBy: principalId,
    createdByType: "Application",
    lastModifiedAt: now,
    lastModifiedBy: principalId,
    lastModifiedByType: "Application",
  };
}

/** One more than the highest number among the versions. */
export function nextVersion(versions: readonly ArmResource[]): string {
  return String(Math.max(0, ...versions.map((one) => Number(one.name)).filter(Number.isInteger)) + 1);
}

/** Flavours of the folder's MLmodel as REST has them (`{name: {data: {key: text}}}`); undefined when there is no MLmodel. */
async function flavorsOf(sandbox: SandboxContext, workspace: ArmResource, uri: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(sandbox, placeOf(sandbox, uri, workspace.id), "MLmodel");
  if (!text) return undefined;
  let document: { flavors?: Record<string, Record<string, unknown>> } | null;
  try {
    document = parse(text.toString("utf8")) as typeof document;
  } catch {
    return undefined;
  }
  const flavors: Record<string, unknown> = {};
  for (const [name, data] of Object.entries(document?.flavors ?? {})) {
    const entries = Object.entries(data ?? {}).filter(([, value]) => value !== null && value !== undefined);
    flavors[name] = {
      data: Object.fromEntries(entries.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])),
    };
  }
  return flavors;
}
