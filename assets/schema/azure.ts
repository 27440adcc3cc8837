// Fields that name something in Azure or on disk: references, local paths, code, compute.
import type { At, Bad, Field } from "./field.ts";
import { BAD } from "./field.ts";
import { str, url } from "./scalars.ts";
import { typeName, type Yaml } from "../yaml/value.ts";

const PREFIX = "azureml:";
const VERSIONED_ID =
  /^\/?subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft.MachineLearningServices\/workspaces\/([^/]+)\/([^/]+)\/([^/]+)\/versions\/([^/]+)/;
const REGISTRY_VERSION = /^azureml:\/\/registries\/([^/]+)\/([^/]+)\/([^/]+)\/versions\/([^/]+)/;
export const REGISTRY_URI = "azureml://registries/";

export const isUrl = (value: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]/i.test(value);
export const isGit = (value: string): boolean => value.startsWith("git+");
/** `${{…}}` somewhere in the text. */
export const hasBinding = (value: unknown): boolean => typeof value === "string" && /\$\{\{\s*\S*?\s*\}\}/.test(value);

/** The SDK's ArmStr: `azureml:…`; what follows the prefix is kept. */
export function armId(what: string): Field<string> {
  return {
    expects: `\`azureml:<${what}>\``,
    load(value, at) {
      if (typeof value === "string" && value.startsWith(PREFIX) && value.length > PREFIX.length) return value.slice(PREFIX.length);
      return at.fail(
        `must name a ${what} as \`azureml:<name>\` or \`azureml:<full ARM id>\``,
        typeof value === "string" && /^[\w-]+$/.test(value) ? `write azureml:${value}` : "put `azureml:` in front",
        value,
      );
    },
  };
}

/** The SDK's ArmVersionedStr: `azureml:name:version`, `azureml:name@label`, an ARM id; a bare name only where `bare` allows it. */
export function armVersioned(what: string, options: { bare?: boolean } = {}): Field<string> {
  const plainId = armId(what);
  return {
    expects: `\`azureml:<${what}>:<version>\``,
    load(value, at) {
      const id = plainId.load(value, at);
      if (id === BAD) return BAD;
      const text = id;
      if (VERSIONED_ID.test(text) || REGISTRY_VERSION.test(text)) return text;
      if (/^\/subscriptions\/.*\/workspaces\/[^/]+\/[^/]+/i.test(text))
        return at.fail(`is no full ARM id of a ${what} version`, "end it with /versions/<version>", value);
      if (text.includes("/") && !text.startsWith("/"))
        return at.fail(`an ARM id starts with a slash`, "write azureml:/subscriptions/…, or azureml:<name>:<version>", value);
      if (text.includes("@") || text.includes(":")) return text;
      if (text.startsWith("/"))
        return at.fail(
          `is no full ARM id of a ${what} version`,
          "write azureml:/subscriptions/…/versions/<version>, or azureml:<name>:<version>",
          value,
        );
      if (options.bare) return text;
      return at.fail(`needs a version or a label`, `write azureml:${text}:<version> or azureml:${text}@latest`, value);
    },
  };
}

/** The SDK's RegistryStr. */
export function registryUri(what: string): Field<string> {
  return {
    expects: `\`azureml://registries/<registry>/${what}s/<name>/versions/<version>\``,
    load: (value, at) =>
      typeof value === "string" && value.startsWith(REGISTRY_URI)
        ? value
        : at.fail(`must be a registry URI`, "start it with azureml://registries/", value),
  };
}

/** A path that must be there, taken from the file's folder. The text is kept as written. */
export function localPath(only?: "file" | "folder"): Field<string> {
  const what = only === "file" ? "file" : only === "folder" ? "folder" : "file or folder";
  return {
    expects: `a local ${what}`,
    load(value, at) {
      const text = str.load(value, at);
      return text === BAD || existing(text, only, what, value, at) ? text : BAD;
    },
  };
}

function existing(text: string, only: "file" | "folder" | undefined, what: string, value: Yaml, at: At): boolean {
  const full = at.scope.files.resolve(at.scope.base, text);
  const stat = at.scope.files.stat(full);
  if (stat && (!only || stat.type === only)) return true;
  at.fail(
    stat ? `is a ${stat.type}, not a ${what}` : `no such ${what}: ${full}`,
    "correct the path; it is taken from the folder of this file",
    value,
  );
  return false;
}

/** Where code lives: a local path, a URL, `git+…`, a registry, or `azureml:<code>:<version>` (the SDK's CodeField). */
export const code: Field<string> = {
  expects: "a local path, a URL or `azureml:<code>:<version>`",
  load(value, at): string | Bad {
    if (typeof value !== "string")
      return at.fail(`must be a path, not ${typeName(value)}`, "write the path of the folder with the code", value);
    if (value.startsWith("azureml://feeds/")) return value.replace("azureml://feeds/", REGISTRY_URI);
    if (isGit(value) || value.startsWith(REGISTRY_URI)) return value;
    if (isUrl(value)) return url.load(value, at);
    if (value.startsWith(PREFIX)) return armVersioned("code").load(value, at);
    return localPath().load(value, at);
  },
};

/** A compute target: `local`, `azureml:<name>`, or any other text, which names a virtual cluster. */
export const compute: Field<string> = {
  expects: "`azureml:<compute>`",
  load(value, at) {
    const text = str.load(value, at);
    if (text === BAD || typeof text !== "string") return BAD;
    if (text === "") return at.fail("may not be empty", "name a compute, or remove the line", value);
    if (text.toLowerCase() === "local") return "local";
    return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  },
};
