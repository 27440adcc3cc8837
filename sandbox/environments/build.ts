// Builds the Python environment of a recipe once, keyed by content, so that a kill at any moment leaves none half made in use.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { join } from "node:path";
import { bad } from "./conda.ts";
import { findPython, type Python } from "./pythons.ts";
import { recipeHash, type Recipe } from "./recipe.ts";
import { runUv } from "./uv.ts";

/** A Python environment that is there and complete. */
export interface BuiltEnvironment {
  readonly hash: string;
  /** The environment's folder (`sys.prefix`). */
  readonly dir: string;
  /** Path of its `python`. */
  readonly python: string;
  /** Folder with its scripts, to be put first on PATH. */
  readonly binDir: string;
  /** Variables that a process in it gets: PATH without the rest, VIRTUAL_ENV, CONDA_DEFAULT_ENV, what a Dockerfile sets. */
  readonly env: Readonly<Record<string, string>>;
  /** What differs from Azure's environment, in sentences for the user. */
  readonly notes: readonly string[];
  /** uv's own words of the build. */
  readonly logFile: string;
}

interface Ready {
  dir: string;
  python: string;
  packages: string[];
}

const underWay = new Map<string, Promise<string>>();

/**
 * @param root folder that keeps environments, `.sandbox/environments`
 * @param log progress, a line at a time
 * @param signal ends the waiting; a build that others wait for goes on
 * @param caFile the sandbox's CA, which uv must not trust alone
 */
export async function buildEnvironment(
  root: string,
  recipe: Recipe,
  log: (line: string) => void,
  signal?: AbortSignal,
  caFile?: string,
): Promise<BuiltEnvironment> {
  const python = await findPython(recipe.python);
  if (!python) throw bad("no Python ≥ 3.8 is installed on this machine; install one (python.org, apt, brew) and try again");
  const notes = [...recipe.notes];
  if (recipe.python && recipe.python !== python.minor)
    notes.push(
      `Python ${recipe.python} is not installed here: ${python.version} is used instead, with the package versions that ${recipe.python} would get where it can have them`,
    );
  for (const note of notes) log(`note: ${note}`);
  const hash = recipeHash(recipe, python.version);
  const home = join(root, hash);
  const dir =
    readReady(home) ??
    (await waited(
      shared(hash, () => make(home, recipe, python, log, caFile)),
      signal,
    ));
  const binDir = join(dir, "bin");
  return {
    hash,
    dir,
    python: join(binDir, "python"),
    binDir,
    env: { ...recipe.variables, VIRTUAL_ENV: dir, CONDA_PREFIX: dir },
    notes,
    logFile: join(home, "build.log"),
  };
}

function shared(hash: string, build: () => Promise<string>): Promise<string> {
  let promise = underWay.get(hash);
  if (!promise) {
    promise = build().finally(() => underWay.delete(hash));
    underWay.set(hash, promise);
  }
  return promise;
}

function waited<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function readReady(home: string): string | undefined {
  try {
    const { dir } = JSON.parse(readFileSync(join(home, "ready.json"), "utf8")) as Ready;
    return existsSync(join(home, dir, "bin", "python")) ? join(home, dir) : undefined;
  } catch {
    return undefined;
  }
}

// A venv holds its own path, so it is built where it stays, under a name that only `ready.json` makes valid.
async function make(
  home: string,
  recipe: Recipe,
  python: Python,
  log: (line: string) => void,
  caFile: string | undefined,
): Promise<string> {
  mkdirSync(home, { recursive: true });
  for (const left of readdirSync(home)) if (left.startsWith("env-")) rmSync(join(home, left), { recursive: true, force: true });
  const name = `env-${randomBytes(4).toString("hex")}`;
  const dir = join(home, name);
  const logFile = join(home, "build.log");
  writeFileSync(logFile, "");
  const onLine = (line: string) => {
    appendFileSync(logFile, `${line}\n`);
    log(line);
  };
  onLine(`Building a Python ${python.version} environment with ${recipe.packages.length} requirements`);
  await runUv(["venv", "--quiet", "--python", python.path, dir], { onLine });
  if (recipe.packages.length > 0) {
    const list = join(home, "requirements.txt");
    writeFileSync(list, `${recipe.packages.join("\n")}\n`);
    const from = ["--only-binary", ":all:", ...recipe.indexes];
    const install = (file: string) =>
      runUv(["pip", "install", "--python", join(dir, "bin", "python"), ...from, "-r", file], { onLine, accept: true, without: caFile });
    const pinned = await asWouldGet(recipe.python, python, { list, home, from, onLine, caFile });
    let { code, stderr } = await install(pinned ?? list);
    if (code !== 0 && pinned) {
      onLine(`not all of these can be had for Python ${python.version}; taking the versions that it would get itself`);
      ({ code, stderr } = await install(list));
    }
    if (code !== 0) {
      rmSync(dir, { recursive: true, force: true });
      throw bad(explain(stderr, python.version, logFile));
    }
  }
  const ready: Ready = { dir: name, python: python.version, packages: recipe.packages };
  writeFileSync(join(home, "ready.json.new"), JSON.stringify(ready, null, 1));
  renameSync(join(home, "ready.json.new"), join(home, "ready.json"));
  return dir;
}

/**
 * The versions that the asked for Python would get, as a requirements file: without this, an open requirement such as `pandas` becomes a
 * release that Azure's image, with its older Python, would never see. Undefined where it is the same Python, or they cannot be found.
 */
async function asWouldGet(
  asked: string | undefined,
  python: Python,
  {
    list,
    home,
    from,
    onLine,
    caFile,
  }: { list: string; home: string; from: readonly string[]; onLine: (line: string) => void; caFile?: string },
): Promise<string | undefined> {
  if (!asked || asked === python.minor) return undefined;
  const file = join(home, "requirements.lock.txt");
  const args = ["pip", "compile", "--quiet", "--python", python.path, "--python-version", asked, "--no-header", "--no-annotate", ...from];
  const { code } = await runUv([...args, list, "--output-file", file], { onLine, accept: true, without: caFile });
  return code === 0 ? file : undefined;
}

/** uv's failure in one sentence with the package, the rule and the fix. */
export function explain(stderr: string, python: string, logFile: string): string {
  const text = stderr.replace(/\s+/g, " ");
  const noWheel =
    /(?:Because |because )(?:all versions of |only )?([\w.[\]-]+(?:==[\w.*+!-]+)?)[^.]*? (?:has|have) no (?:usable )?wheels/.exec(text);
  if (noWheel)
    return `package "${noWheel[1]}" cannot be had as a wheel for Python ${python} on ${process.platform}-${process.arch}, and the sandbox builds nothing from source; name a version that has a wheel (see ${logFile})`;
  const unknown = /Because ([\w.[\]-]+) was not found in the package registry/.exec(text);
  if (unknown)
    return `package "${unknown[1]}" is not in the package index; if it is a conda package with another name on PyPI, put that name under \`pip:\` (see ${logFile})`;
  const noVersion = /Because there (?:is|are) no versions? of ([\w.[\]-]+==[\w.*+!-]+|[\w.[\]-]+[<>=!~][^ ]*)/.exec(text);
  if (noVersion) return `there is no version ${noVersion[1]} in the package index; correct the version (see ${logFile})`;
  return `uv could not install the packages: ${text.replace(/^.*?error: /, "").slice(0, 800)} (see ${logFile})`;
}
