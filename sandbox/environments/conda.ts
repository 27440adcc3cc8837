// Reads a conda environment file, as Azure ML keeps it in `condaFile`, into what uv can install from PyPI.
import { parse } from "yaml";
import { ArmError } from "../core.ts";
import { isSystemPackage, pypiNames, replacements } from "./conda-names.ts";

/** What an environment asks for, in PyPI's words. */
export interface Requirements {
  /** `3.10`, or undefined when nothing names a version. */
  python?: string;
  /** PEP 508 lines. */
  packages: string[];
  /** uv options of indexes: `--index-url URL`, `--extra-index-url URL`, `--find-links URL`. */
  indexes: string[];
  /** What was left out or replaced, in sentences for the user. */
  notes: string[];
}

/** Reads the text of a conda file (YAML or JSON). Refuses with 400 naming the line that cannot be had from PyPI. */
export function readCondaFile(text: string, files: Readonly<Record<string, string>> = {}): Requirements {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw bad(`the conda file is not YAML: ${(error as Error).message.split("\n")[0]}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw bad("the conda file is not a mapping with `dependencies`");
  const dependencies = (document as { dependencies?: unknown }).dependencies ?? [];
  if (!Array.isArray(dependencies)) throw bad("`dependencies` of the conda file is not a list");
  const found: Requirements = { packages: [], indexes: [], notes: [] };
  for (const dependency of dependencies) {
    if (typeof dependency === "string") addConda(dependency, found);
    else if (typeof dependency === "object" && dependency !== null) addSection(dependency as Record<string, unknown>, found, files);
    else throw bad(`dependency ${JSON.stringify(dependency)} is neither a text nor a \`pip:\` list`);
  }
  return found;
}

function addSection(section: Record<string, unknown>, found: Requirements, files: Readonly<Record<string, string>>): void {
  for (const [kind, lines] of Object.entries(section)) {
    if (kind !== "pip") throw bad(`section \`${kind}:\` of the conda file is not known; only \`pip:\` is`);
    if (lines === null) continue;
    if (!Array.isArray(lines)) throw bad("`pip:` of the conda file is not a list");
    for (const line of lines) addPipLine(String(line), found, files);
  }
}

/** Adds one conda match specification: `name`, `name=1.5`, `name==1.5`, `name>=1,<2`, `channel::name=1.5=build`. */
export function addConda(specification: string, found: Requirements): void {
  const text = specification.replace(/\s+#.*$/, "").trim();
  const match = /^(?:[^\s:]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*)$/.exec(text);
  if (!match) throw bad(`conda dependency "${specification}" cannot be read`);
  const name = match[1]!.toLowerCase();
  const versions = condaVersions(match[2]!.trim(), specification);
  if (name === "python") {
    const wanted = /(\d+\.\d+)/.exec(versions)?.[1];
    if (wanted) found.python = wanted;
    return;
  }
  if (name === "pip" || name === "setuptools" || name === "wheel") return;
  if (isSystemPackage(name)) {
    found.notes.push(`conda package "${name}" is a system library or tool: left out, wheels carry what they need`);
    return;
  }
  addPackage(`${pypiNames[name] ?? name}${versions}`, found);
}

/** conda's version part in PEP 440's words: conda's `=1.5` means 1.5.*, a second `=` starts the build string. */
function condaVersions(text: string, specification: string): string {
  if (text === "" || text === "*") return "";
  if (text.includes("|")) throw bad(`conda dependency "${specification}": alternatives ("|") have no PyPI counterpart; name one range`);
  const [plain] = /^=?=?[^=<>!~\s]+(?==)/.exec(text) ?? [text];
  const spaced = /^(\d[\w.*]*)(\s+\S+)?$/.exec(plain);
  if (spaced) return exact(spaced[1]!);
  if (/^=[^=]/.test(plain)) {
    const version = plain.slice(1).trim();
    return version.endsWith("*") ? `==${version.replace(/\.?\*$/, "")}.*` : `==${version}.*`;
  }
  return plain
    .split(",")
    .map((part) => part.trim())
    .map((part) => (/^\d/.test(part) ? exact(part) : /^=[^=]/.test(part) ? `==${part.slice(1)}.*` : part.replace(/\s+/g, "")))
    .join(",");
}

const exact = (version: string): string => (version.endsWith("*") ? `==${version.replace(/\.?\*$/, "")}.*` : `==${version}`);

/** Adds one line of a requirements file or a `pip:` section. `files` are the other files beside it, by name. */
export function addPipLine(raw: string, found: Requirements, files: Readonly<Record<string, string>>): void {
  const line = raw.replace(/(^|\s)#.*$/, "").trim();
  if (line === "") return;
  const option =
    /^(-r|--requirement|-c|--constraint|-i|--index-url|--extra-index-url|-f|--find-links|--pre|--no-cache-dir|--prefer-binary|--trusted-host)(?:[ =]\s*(.*))?$/.exec(
      line,
    );
  if (option) {
    const value = (option[2] ?? "").trim();
    switch (option[1]) {
      case "-r":
      case "--requirement": {
        const text = files[value.replace(/^\.\//, "")];
        if (text === undefined)
          throw bad(
            `"-r ${value}": Azure keeps only the conda file's own text; list the packages under \`pip:\`, or use a build context that holds ${value}`,
          );
        for (const inner of joinLines(text)) addPipLine(inner, found, files);
        return;
      }
      case "-i":
      case "--index-url":
        found.indexes.push("--index-url", value);
        return;
      case "--extra-index-url":
        found.indexes.push("--extra-index-url", value);
        return;
      case "-f":
      case "--find-links":
        found.indexes.push("--find-links", value);
        return;
      case "--pre":
        found.indexes.push("--prerelease", "allow");
        return;
      case "-c":
      case "--constraint":
        throw bad(`"${line}": constraint files are not read here; write the versions into the list itself`);
      case undefined:
      default:
        return;
    }
  }
  if (/^(-e|--editable)\b/.test(line) || /^(\.{0,2}\/|file:)/.test(line))
    throw bad(`"${line}": a local path is not part of the environment; build a wheel and give its URL, or put the code beside the job`);
  if (/^git\+|@\s*git\+/.test(line))
    throw bad(`"${line}": building from git is not done here; give a released version or the URL of a wheel`);
  if (line.startsWith("-")) throw bad(`pip option "${line}" is not known here`);
  addPackage(line.replace(/\s+--hash=\S+/g, ""), found);
}

function addPackage(requirement: string, found: Requirements): void {
  const name = /^[A-Za-z0-9][\w.-]*/.exec(requirement)?.[0];
  if (!name) throw bad(`"${requirement}" is not a package requirement`);
  const replacement = replacements[name.toLowerCase().replace(/[_.]+/g, "-")];
  if (!replacement) {
    if (!found.packages.includes(requirement)) found.packages.push(requirement);
    return;
  }
  found.notes.push(
    `${requirement} ${replacement.by.length > 0 ? `replaced by ${replacement.by.join(", ")}` : "left out"}: ${replacement.why}`,
  );
  for (const part of replacement.by) if (!found.packages.includes(part)) found.packages.push(part);
}

/** The lines of a requirements file, with backslash continuations joined. */
export function joinLines(text: string): string[] {
  return text.replace(/\\\r?\n/g, " ").split(/\r?\n/);
}

/** The one error of this room for what a user wrote. */
export function bad(message: string): ArmError {
  return new ArmError(400, "ImageBuildFailure", `Environment: ${message}`);
}
