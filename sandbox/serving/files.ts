// Brings a deployment's code and model to the places where Azure has them in the container.
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { workspaceOf } from "./parts.ts";
import type { Parts } from "./parts.ts";
import type { DeploymentSpec } from "./spec.ts";

export interface DeploymentFiles {
  /** The code's root (`AML_APP_ROOT`); undefined for a deployment without code. */
  readonly code: string | undefined;
  /** `…/azureml-models/<name>/<version>`, which holds the model's file or folder (`AZUREML_MODEL_DIR`). */
  readonly modelDir: string | undefined;
  /** The model's folder in `modelDir` when it is an MLflow model. */
  readonly mlflowFolder: string | undefined;
}

/**
 * Downloads once into `dir`, whose being there means that it is complete: a kill half-way leaves only a `.part` beside it.
 * Throws ArmError 400 `BadArgument` when something cannot be found.
 */
export async function bringFiles(
  sandbox: SandboxContext,
  parts: Parts,
  spec: DeploymentSpec,
  dir: string,
  log: (line: string) => void,
): Promise<DeploymentFiles> {
  if (!existsSync(dir)) {
    const part = `${dir}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    if (spec.codeId !== undefined) {
      log(`Downloading code ${spec.codeId}`);
      await fetch(sandbox, parts, spec, spec.codeId, join(part, "code"), false, "code");
    }
    if (spec.model !== undefined) {
      log(`Downloading model ${spec.model}`);
      const [name, version] = modelName(spec.model);
      await fetch(sandbox, parts, spec, spec.model, join(part, "azureml-models", name, version), true, "model");
    }
    await writeFile(join(part, "from.json"), JSON.stringify({ code: spec.codeId, model: spec.model }));
    await rename(part, dir);
    log("Code and model are there");
  }
  const modelDir = spec.model === undefined ? undefined : join(dir, "azureml-models", ...modelName(spec.model));
  return {
    code: spec.codeId === undefined ? undefined : join(dir, "code"),
    modelDir,
    mlflowFolder: modelDir === undefined ? undefined : await mlflowFolder(modelDir),
  };
}

/** `…/models/diabetes/versions/3` and `azureml:diabetes:3` → `["diabetes", "3"]`. */
export function modelName(reference: string): [string, string] {
  const long = /\/models\/([^/]+)\/(?:versions|labels)\/([^/]+)\/?$/i.exec(reference);
  const short = /^(?:azureml:)?([^/:@]+)[:@]([^/:@]+)$/i.exec(reference);
  const found = long ?? short;
  if (found && !found.slice(1).includes("..")) return [found[1]!, found[2]!];
  return [basename(reference).replace(/[^\w.-]/g, "_") || "model", "1"];
}

/** A model's file or folder lands in `dir` under its own name; code's content lands in `dir` itself. */
async function fetch(
  sandbox: SandboxContext,
  parts: Parts,
  spec: DeploymentSpec,
  reference: string,
  dir: string,
  nested: boolean,
  what: string,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  try {
    const location = parts.locate(sandbox, reference, workspaceOf(spec.id));
    const name = nested ? basename(location.path) : "";
    const { kind } = await parts.download(sandbox, location, join(dir, name));
    if (kind === "folder" || name === "") return;
    await rename(join(dir, name, name), join(dir, `.${name}`));
    await rm(join(dir, name), { recursive: true });
    await rename(join(dir, `.${name}`), join(dir, name));
  } catch (error) {
    if (error instanceof ArmError && error.status === 501) throw error;
    throw new ArmError(
      400,
      "BadArgument",
      `Startup task failed: unable to download user ${what} '${reference}' (${(error as Error).message}). Check that it is registered and that its files are in the workspace's storage.`,
      { target: what === "model" ? "model" : "codeConfiguration.codeId" },
    );
  }
}

/** The folder with an `MLmodel` file: the model's directory itself or one below it. */
async function mlflowFolder(modelDir: string): Promise<string | undefined> {
  if (existsSync(join(modelDir, "MLmodel"))) return ".";
  for (const entry of await readdir(modelDir, { withFileTypes: true })) {
    if (entry.isDirectory() && existsSync(join(modelDir, entry.name, "MLmodel"))) return entry.name;
  }
  return undefined;
}
