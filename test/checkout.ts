// A copy of this checkout to try things on: its own sandbox, stacks and stack config; packages and tools are shared by links.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sandboxEnv, stopSandbox } from "../sandbox/control.ts";

const repo = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Checkout {
  readonly dir: string;
  /** Runs `mlops …args` in it to its end. */
  mlops(...args: string[]): Promise<Ran>;
  /** Starts `mlops …args`; `stop` ends the process itself with a signal. */
  begin(...args: string[]): {
    readonly pid: number | undefined;
    readonly done: Promise<Ran>;
    stderr(): string;
    /** What it has said so far, on both ways. */
    said(): string;
    stop(signal: NodeJS.Signals): void;
  };
  /** Runs plain `pulumi …args` as in a shell prepared by `mlops sandbox env`. */
  pulumi(...args: string[]): Promise<Ran>;
  /** The same with other variables in its environment. */
  with(variables: Readonly<Record<string, string>>): Pick<Checkout, "mlops">;
  /** The same, signed in as somebody else: an identity of its own in the sandbox. */
  as(person: string): Promise<Pick<Checkout, "mlops" | "pulumi" | "begin">>;
  dispose(): Promise<void>;
}

/** Copies what git tracks, and what it does not ignore, to a folder of its own, or over the copy in `dir`. */
export function copyCheckout(dir = mkdtempSync(join(tmpdir(), "mlops-checkout-"))): Checkout {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: repo, encoding: "utf8" });
  for (const file of listed.split("\0").filter((name) => name !== "")) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(repo, file), join(dir, file), { preserveTimestamps: true, recursive: true, force: true });
  }
  for (const shared of ["node_modules", ".tools"]) if (!existsSync(join(dir, shared))) symlinkSync(join(repo, shared), join(dir, shared));
  // CI=true alone switches colours on, which no expectation reckons with.
  const { MLOPS_SANDBOX_DIR: _dir, ARM_CLOUD_METADATA_URL: _url, ...rest } = process.env;
  const inherited: NodeJS.ProcessEnv = { ...rest, NO_COLOR: "1" };
  const start = (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    const child = spawn(program, args, { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    const done = new Promise<Ran>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
    });
    return {
      pid: child.pid,
      done,
      stderr: () => stderr,
      said: () => stdout + stderr,
      stop: (signal: NodeJS.Signals) => void child.kill(signal),
    };
  };
  const begin: Checkout["begin"] = (...args) => start(process.execPath, [join(dir, "tools", "mlops.mjs"), ...args], inherited);
  return {
    dir,
    begin,
    mlops: (...args) => begin(...args).done,
    async pulumi(...args) {
      const env = { ...inherited, ...(await sandboxEnv(join(dir, ".sandbox"), "shell", inherited)) };
      return start("pulumi", args, env).done;
    },
    with: (variables) => ({
      mlops: (...args) => start(process.execPath, [join(dir, "tools", "mlops.mjs"), ...args], { ...inherited, ...variables }).done,
    }),
    async as(person) {
      const ran = await begin("sandbox", "env", "--as", person, "--json").done;
      if (ran.code !== 0) throw new Error(ran.stderr);
      const env = { ...inherited, ...(JSON.parse(ran.stdout) as Record<string, string>) };
      const beginAs: Checkout["begin"] = (...args) => start(process.execPath, [join(dir, "tools", "mlops.mjs"), ...args], env);
      return { begin: beginAs, mlops: (...args) => beginAs(...args).done, pulumi: (...args) => start("pulumi", args, env).done };
    },
    async dispose() {
      await stopSandbox(join(dir, ".sandbox"));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
