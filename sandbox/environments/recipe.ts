// From an Azure ML environment (image, conda file, build context) to what has to be installed, and the name that this content has.
import { createHash } from "node:crypto";
import { readCondaFile, type Requirements } from "./conda.ts";
import { readDockerfile } from "./dockerfile.ts";
import { imageContent } from "./images.ts";

/** The parts of an environment version that decide its content (REST `EnvironmentVersion.properties`, 2023-04-01). */
export interface EnvironmentSpec {
  readonly image?: string | null;
  /** The conda file's own text, YAML or JSON. */
  readonly condaFile?: string | null;
  readonly build?: { readonly contextUri: string; readonly dockerfilePath?: string | null } | null;
  /** Name of a curated environment, already looked up. */
  readonly curated?: { readonly python: string; readonly packages: readonly string[] };
}

/** What to install. The same recipe has the same hash wherever it came from. */
export interface Recipe extends Requirements {
  readonly variables: Readonly<Record<string, string>>;
}

/** What a job needs so that MLflow reaches the workspace; images of Azure ML bring it, a bare one does not. */
const minimum = ["mlflow-skinny", "azureml-mlflow"];

/**
 * @param files text of the files of the build context, by path; needed when `build` is given
 * @param extra requirements that the caller adds (a scoring server)
 */
export function recipeOf(spec: EnvironmentSpec, files: Readonly<Record<string, string>> = {}, extra: readonly string[] = []): Recipe {
  const found = baseOf(spec, files);
  const names = new Set(found.packages.map(packageName));
  for (const requirement of extra) if (!names.has(packageName(requirement))) found.packages.push(requirement);
  return found;
}

function baseOf(spec: EnvironmentSpec, files: Readonly<Record<string, string>>): Recipe {
  if (spec.build) {
    const path = (spec.build.dockerfilePath ?? "Dockerfile").replace(/^\.\//, "");
    const dockerfile = files[path];
    if (dockerfile === undefined) throw new Error(`the build context has no ${path}`);
    return readDockerfile(dockerfile, files);
  }
  if (spec.condaFile) {
    const found = { ...readCondaFile(spec.condaFile), variables: {} };
    if (!found.python && spec.image) {
      const python = imageContent(spec.image).python;
      if (python) found.python = python;
    }
    return found;
  }
  if (spec.curated) return { python: spec.curated.python, packages: [...spec.curated.packages], indexes: [], notes: [], variables: {} };
  const image = spec.image ?? "";
  const content = imageContent(image);
  const notes = content.known
    ? []
    : [`image ${image}: what it carries is not known here; taken as a bare Python with ${minimum.join(" and ")}`];
  return {
    ...(content.python ? { python: content.python } : {}),
    packages: content.packages.length > 0 ? [...content.packages] : [...minimum],
    indexes: [],
    notes,
    variables: {},
  };
}

/** PEP 503 name of a requirement. */
export function packageName(requirement: string): string {
  return (/^[A-Za-z0-9][\w.-]*/.exec(requirement)?.[0] ?? requirement).toLowerCase().replace(/[-_.]+/g, "-");
}

/** The recipe's content as a name: 20 hexadecimal digits. Order of packages does not matter, notes neither. */
export function recipeHash(recipe: Recipe, python: string): string {
  const content = JSON.stringify([python, [...recipe.packages].sort(), recipe.indexes, process.platform, process.arch]);
  return createHash("sha256").update(content).digest("hex").slice(0, 20);
}
