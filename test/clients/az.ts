// The Azure CLI in an environment of its own: installed from PyPI, run as in a shell that `mlops sandbox env --for az` prepared, against a
// sandbox of its own.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";
import { pythonWith } from "../python.ts";
import { kept, Notes } from "./kept.ts";

export const azVersion = "2.91.0";

/** The program; installs it when it is not there (about two minutes). */
export function azProgram(): string {
  // The CLI is made of previews too: uv takes those of its parts only when told.
  return path.join(path.dirname(pythonWith("test-az", [`azure-cli==${azVersion}`], ["--prerelease", "allow"])), "az");
}

export interface Az {
  /** Runs `az {command} {args}`; its answer as JSON. Throws with what it wrote when it fails. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  (command: string, args?: string, more?: readonly string[]): Promise<any>;
}

/** Notes each command that ends well, under the words before the first option. */
export function azIn(env: Readonly<Record<string, string>>, cwd: string, notes: Notes): Az {
  const program = azProgram();
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  return async (command, args = "", more = []) => {
    const words = [...command.split(" "), ...args.split(" ").filter((word) => word !== ""), ...more];
    const said = await new Promise<string>((resolve, reject) =>
      execFile(program, [...words, "--output", "json"], { env: { ...own, ...env }, cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        error ? reject(new Error(`az ${words.join(" ")}\n${stderr.trim() || error.message}`)) : resolve(stdout),
      ),
    );
    notes.works(command);
    return said.trim() === "" ? undefined : JSON.parse(said);
  };
}

/** Every command that this version has. */
export async function azCommands(): Promise<string[]> {
  const python = path.join(path.dirname(azProgram()), "python");
  const script = path.join(import.meta.dirname, "az_commands.py");
  const said = await promisify(execFile)(python, [script], { maxBuffer: 1 << 24 });
  return said.stdout.trim().split("\n");
}

/** A shell with `az` at a sandbox of its own. */
export interface AzShell {
  readonly sandbox: TestSandbox;
  readonly az: Az;
  readonly notes: Notes;
  /** The shell's variables and its folder. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Signs in as the sandbox's owner; with another secret it throws. */
  login(secret?: string): Promise<unknown>;
  /** Expects that the command is refused by name. `part` says what of it, when the rest of it works. */
  notModeled(command: string, args: string, part?: string, more?: readonly string[]): Promise<void>;
  /** What the table in the docs is made from, and what was noted here: a test compares the two. */
  kept(name: string): [kept: unknown, seen: unknown];
  stop(): Promise<void>;
}

/** `way`: as `mlops sandbox env --for` has it. */
async function azShell(way: "az" | "proxy" = "az"): Promise<AzShell> {
  const sandbox = await testSandbox();
  const cwd = mkdtempSync(path.join(tmpdir(), "az-"));
  const env = { ...(await sandboxEnv(sandbox.dir, way)), ...(way === "proxy" ? { AZURE_CONFIG_DIR: path.join(cwd, "config") } : {}) };
  const notes = new Notes();
  const az = azIn(env, cwd, notes);
  const { AZURE_CLIENT_ID: user = "", AZURE_TENANT_ID: tenant = "", AZURE_CLIENT_SECRET: usual = "" } = env as Record<string, string>;
  return {
    sandbox,
    az,
    notes,
    env,
    cwd,
    login: async (secret = usual) => await az("login", "--service-principal --username", [user, "--password", secret, "--tenant", tenant]),
    async notModeled(command, args, part, more = []) {
      await expect(az(command, args, more)).rejects.toThrow("The sandbox does not model");
      notes.refused(part === undefined ? command : `${command}: ${part}`, "NotModeledInSandbox");
    },
    kept: (name) => kept(name, { client: "az", version: azVersion, operations: notes.operations }),
    async stop() {
      await sandbox.stop();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

export const minute = 60_000;

/** One shell for all tests of a file: there once they run, made ready by `prepare`, stopped after them. */
export function shellOfFile(prepare: (shell: AzShell) => Promise<unknown> = async () => undefined, way?: "az" | "proxy"): AzShell {
  const shell = {} as AzShell;
  beforeAll(async () => {
    Object.assign(shell, await azShell(way));
    await prepare(shell);
  }, 6 * minute);
  afterAll(async () => await shell.stop());
  return shell;
}

/** Signed in, with the resource group `rg`. */
export async function inGroup(shell: AzShell): Promise<void> {
  await shell.login();
  await shell.az("group create", "--name rg --location westeurope");
}

export const names = (all: { name: string }[]): string[] => all.map(({ name }) => name).toSorted();
