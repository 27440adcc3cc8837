// A Pulumi project in a temporary folder, run for real through the Pulumi CLI with the sandbox's own providers installed.
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installProviders } from "../install.ts";

export const repoDir = fileURLToPath(new URL("../../..", import.meta.url));

export interface Run {
  readonly ok: boolean;
  /** stdout and stderr together, without colours. */
  readonly output: string;
}

export interface Project {
  readonly dir: string;
  /** Replaces the program (JavaScript, ES module); the imports of the SDKs are added. */
  write(program: string): void;
  /** `pulumi <args> --stack test --non-interactive`. */
  pulumi(...args: string[]): Promise<Run>;
  /** The same, started only: to be interrupted. */
  start(...args: string[]): ChildProcess;
  /** Resources of the state by logical name. */
  state(): Promise<Map<string, StateResource>>;
  remove(): void;
}

export interface StateResource {
  readonly type: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
  readonly initErrors?: readonly string[];
}

/** `env`: what leads the providers to their Azure. `config`: stack configuration. */
export async function makeProject(env: Record<string, string>, config: Record<string, string> = {}): Promise<Project> {
  const dir = mkdtempSync(join(tmpdir(), "mlops-provider-"));
  const home = join(dir, "home");
  mkdirSync(join(dir, "state"));
  await installProviders(home, repoDir);
  symlinkSync(join(repoDir, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module", name: "t" }));
  writeFileSync(join(dir, "Pulumi.yaml"), "name: t\nruntime: {name: nodejs, options: {typescript: false}}\nmain: index.mjs\n");
  const fullEnv: NodeJS.ProcessEnv = {
    ...process.env,
    ...env,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "t",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_OPTIONS: "",
    PATH: [join(repoDir, ".tools", "bin"), join(repoDir, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
  };
  const run = (args: string[]): Promise<Run> =>
    new Promise((done) => {
      execFile("pulumi", args, { cwd: dir, env: fullEnv, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        done({ ok: !error, output: stdout + stderr }),
      );
    });
  const made = await run(["stack", "init", "test", "--non-interactive"]);
  if (!made.ok) throw new Error(made.output);
  writeFileSync(join(dir, "Pulumi.test.yaml"), stackFile(dir, config));
  return {
    dir,
    write: (program) => writeFileSync(join(dir, "index.mjs"), `import * as pulumi from "@pulumi/pulumi";\n${imports(program)}${program}\n`),
    pulumi: (...args) => run([...args, "--stack", "test", "--non-interactive", "--color", "never"]),
    start: (...args) =>
      spawn("pulumi", [...args, "--stack", "test", "--non-interactive", "--color", "never"], { cwd: dir, env: fullEnv, stdio: "ignore" }),
    state: async () => {
      const exported = await run(["stack", "export", "--stack", "test"]);
      const { deployment } = JSON.parse(exported.output) as { deployment: { resources?: (StateResource & { urn: string })[] } };
      return new Map((deployment.resources ?? []).map((r) => [r.urn.split("::").at(-1)!, r]));
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Only the modules that a program names: loading all of azure-native takes seconds. */
function imports(program: string): string {
  const modules = new Set([...program.matchAll(/\bazure\.(\w+)\./g)].map((m) => m[1]!));
  const lines = [...modules].map((m) => `import ${m}_ from "@pulumi/azure-native/${m}/index.js";`);
  const azuread = program.includes("azuread.") ? `import azuread from "@pulumi/azuread";\n` : "";
  return `${lines.join("\n")}\n${azuread}const azure = { ${[...modules].map((m) => `${m}: ${m}_`).join(", ")} };\n`;
}

function stackFile(dir: string, config: Record<string, string>): string {
  const lines = Object.entries({ "azure-native:location": "westeurope", ...config }).map(
    ([key, value]) => `  ${key}: ${JSON.stringify(value)}`,
  );
  const kept = existsSync(join(dir, "Pulumi.test.yaml")) ? readFileSync(join(dir, "Pulumi.test.yaml"), "utf8") : "";
  return `${kept}config:\n${lines.join("\n")}\n`;
}
