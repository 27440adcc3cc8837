// Installation: idempotent, whole files only, and an executable that the engine can start.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { installProviders } from "./install.ts";
import { repoDir } from "./testing/project.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mlops home '"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("a second installation touches nothing; a damaged one is mended", async () => {
  const installed = await installProviders(home, repoDir);
  const file = join(home, "plugins", `resource-azure-native-v${installed.azureNative}`, "pulumi-resource-azure-native");
  const before = statSync(file);
  expect(before.mode & 0o111).toBe(0o111);
  await installProviders(home, repoDir);
  expect(statSync(file).mtimeMs).toBe(before.mtimeMs);
  const whole = readFileSync(file, "utf8");
  writeFileSync(file, "half a");
  await installProviders(home, repoDir);
  expect(readFileSync(file, "utf8")).toBe(whole);
  expect(readdirSync(join(home, "plugins")).toSorted()).toEqual([
    `resource-azure-native-v${installed.azureNative}`,
    `resource-azuread-v${installed.azuread}`,
  ]);
}, 60_000);

test("Pulumi lists both as installed plugins, and each serves within a second", async () => {
  const installed = await installProviders(home, repoDir);
  const env = {
    ...process.env,
    PULUMI_HOME: home,
    PATH: `${join(repoDir, ".tools", "bin")}:${process.env["PATH"]}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const { stdout } = await promisify(execFile)("pulumi", ["plugin", "ls", "--json"], { env, cwd: home });
  const plugins = JSON.parse(stdout) as { name: string; version: string }[];
  expect(plugins.map((p) => `${p.name} ${p.version}`).toSorted()).toEqual([
    `azure-native ${installed.azureNative}`,
    `azuread ${installed.azuread}`,
  ]);
  for (const [name, version] of [
    ["azure-native", installed.azureNative],
    ["azuread", installed.azuread],
  ] as const) {
    const child = spawn(join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`), ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const begun = performance.now();
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    expect(port.toString()).toMatch(/^\d+\n$/);
    expect(performance.now() - begun).toBeLessThan(1_000);
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  }
}, 60_000);
