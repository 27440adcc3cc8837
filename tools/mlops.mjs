#!/usr/bin/env node
// Starts `mlops` on any Node ≥ 20: installs the Node packages when they are missing or older than package-lock.json,
// then hands over to release/main.ts under the pinned Node 24. Plain JavaScript, because nothing is installed yet.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repo = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(repo, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** The lock that the packages were installed from, by its content: a copied or checked out file has another time. */
const stamp = join(repo, "node_modules", ".installed-from");
const lockDigest = () =>
  createHash("sha256")
    .update(readFileSync(join(repo, "package-lock.json")))
    .digest("hex");

/** npm writes its hidden lock file last, so its presence says that the install was complete. */
function packagesAreCurrent() {
  const installed = join(repo, "node_modules", ".package-lock.json");
  if (!existsSync(node) || !existsSync(installed)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, "utf8") === lockDigest();
  return statSync(installed).mtimeMs >= statSync(join(repo, "package-lock.json")).mtimeMs;
}

function installPackages() {
  const began = Date.now();
  process.stderr.write("setup  Node packages and Node 24 (npm install) …\n");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  // Not `npm ci`: it refuses a lock file when the registry lacks an optional binary of some other platform.
  const args = [...npm.slice(1), "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--foreground-scripts=false"];
  const done = spawnSync(npm[0], args, { cwd: repo, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  if (done.status !== 0 || !existsSync(node)) {
    const said = `${done.stderr ?? ""}${done.stdout ?? ""}`.trim().split("\n").slice(0, 15).join("\n");
    const why = done.error?.message ?? `npm install ended with ${done.status ?? done.signal}`;
    process.stderr.write(`setup  failed: Node packages: ${why}\n${said}\n`);
    process.stderr.write("Fix what npm names (a registry that answers is needed), then run the same command again.\n");
    process.exit(1);
  }
  writeFileSync(stamp, lockDigest());
  process.stderr.write(`setup  Node packages and Node 24: done in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  process.stderr.write(
    `mlops: Node ${process.versions.node} is too old to start; any Node ≥ 20 will do, Node 24 is then installed here.\n`,
  );
  process.exit(2);
}
if (!packagesAreCurrent()) installPackages();

const env = {
  ...process.env,
  PATH: [join(repo, ".tools", "bin"), join(repo, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(repo, ".tools", "compile-cache"),
};
const flags = ["--disable-warning=ExperimentalWarning"];
const child = spawn(node, [...flags, join(repo, "release", "main.ts"), ...process.argv.slice(2)], { stdio: "inherit", env });
// The terminal sends Ctrl-C to both; the child decides what it means, this process only waits for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("error", (error) => {
  process.stderr.write(`mlops: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
