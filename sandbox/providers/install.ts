// Puts the sandbox's own azure-native and azuread providers where Pulumi looks for installed plugins.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What was installed, for tests and messages. */
export interface Installed {
  readonly azureNative: string;
  readonly azuread: string;
  /** Folder of the generated tables. */
  readonly tables: string;
}

/**
 * Installs `pulumi-resource-azure-native` and `-azuread` of the versions in `repoDir`'s node_modules into `pulumiHome`.
 * Does nothing, within milliseconds, when they are there; the first time it generates the tables (about a second).
 * May be killed at any moment and run again, also by two processes at once: every file appears whole by a rename.
 */
export async function installProviders(pulumiHome: string, repoDir: string): Promise<Installed> {
  const azureNative = packageVersion(repoDir, "@pulumi/azure-native");
  const azuread = packageVersion(repoDir, "@pulumi/azuread");
  const tables = await ensureTables(repoDir, azureNative);
  installPlugin(pulumiHome, repoDir, "azure-native", azureNative, [tables, azureNative]);
  installPlugin(pulumiHome, repoDir, "azuread", azuread, [azuread]);
  return { azureNative, azuread, tables };
}

/** Folder of the tables for this SDK version and this catalog; made if it is not there. */
export async function ensureTables(repoDir: string, version: string = packageVersion(repoDir, "@pulumi/azure-native")): Promise<string> {
  const here = join(repoDir, "sandbox", "providers");
  const hash = createHash("sha256");
  for (const folder of ["catalog", "table"]) {
    for (const file of readdirSync(join(here, folder)).toSorted()) {
      if (!file.endsWith(".test.ts")) hash.update(file).update(readFileSync(join(here, folder, file)));
    }
  }
  const dir = join(repoDir, ".tools", "providers", `azure-native-${version}-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(dir)) return dir;
  const [{ generate }, facts] = await Promise.all([import("./table/generate.ts"), import("./catalog/index.ts")]);
  const making = `${dir}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const modules = generate(join(repoDir, "node_modules", "@pulumi", "azure-native"), facts);
  for (const [name, table] of Object.entries(modules)) writeFileSync(join(making, `${name}.json`), JSON.stringify(table));
  try {
    renameSync(making, dir);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
  return dir;
}

function installPlugin(pulumiHome: string, repoDir: string, name: string, version: string, args: readonly string[]): void {
  const dir = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
  const file = join(dir, `pulumi-resource-${name}`);
  const script = launcher(repoDir, join(repoDir, "sandbox", "providers", `${name}.ts`), args);
  if (existsSync(file) && readFileSync(file, "utf8") === script) return;
  mkdirSync(dir, { recursive: true });
  const making = `${file}.${process.pid}`;
  writeFileSync(making, script, { mode: 0o755 });
  renameSync(making, file);
}

/** A shell's `exec` costs a millisecond and, unlike a `#!` line, stands blanks and long paths. */
function launcher(repoDir: string, main: string, args: readonly string[]): string {
  const own = join(repoDir, "node_modules", "node", "bin", "node");
  const node = existsSync(own) ? own : process.execPath;
  const cache = join(repoDir, ".tools", "compile-cache");
  return `#!/bin/sh
# Made by sandbox/providers/install.ts: the sandbox's stand-in for Pulumi's Azure provider.
NODE_COMPILE_CACHE=${quote(cache)} NODE_OPTIONS= exec ${quote(node)} ${[main, ...args].map(quote).join(" ")} "$@"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function packageVersion(repoDir: string, name: string): string {
  const file = join(repoDir, "node_modules", name, "package.json");
  if (!existsSync(file)) throw new Error(`${dirname(file)} is missing; install the packages first: npm ci`);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
