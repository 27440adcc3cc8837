// A second checkout in a temporary folder for benchmarks: this repo's program by links, its own sandbox, Pulumi home and state.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sandboxEnv, startSandbox, stopSandbox } from "../sandbox/control.ts";
import type { StartOptions } from "../sandbox/control.ts";
import { installProviders } from "../sandbox/providers/install.ts";

const repo = fileURLToPath(new URL("..", import.meta.url));

export interface Checkout {
  readonly dir: string;
  /** Environment of a shell prepared for its sandbox. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `pulumi` in `folder` (default: the checkout itself); seconds. Throws with the output when it fails. */
  pulumi(args: readonly string[], folder?: string): number;
  /** Resources of the stack's state. */
  resources(stack: string, folder?: string): number;
  /** A folder beside it with an empty program: as Pulumi starts one that has no build step, or as this repo's Pulumi.yaml starts its own. */
  emptyProgram(start: "plain" | "preloaded"): string;
  close(): Promise<void>;
}

/** With a running sandbox, and the stacks initialised. */
export async function openCheckout(stacks: readonly string[], options: StartOptions = {}): Promise<Checkout> {
  const dir = mkdtempSync(join(tmpdir(), "mlops-bench-"));
  for (const name of readdirSync(repo)) {
    if (name.startsWith("Pulumi."))
      writeFileSync(join(dir, name), readFileSync(join(repo, name), "utf8").replace(/^encryptionsalt:.*$/m, ""));
    else if (!/^\.(git|sandbox)$/.test(name)) symlinkSync(join(repo, name), join(dir, name));
  }
  const home = join(dir, ".sandbox");
  await startSandbox(home, options);
  const pulumiHome = join(home, "pulumi-home");
  await installProviders(pulumiHome, repo);
  mkdirSync(join(dir, "state"));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...(await sandboxEnv(home, "shell")),
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PATH: [join(repo, ".tools", "bin"), join(repo, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
  };
  const run = (args: readonly string[], folder: string): string => {
    const result = spawnSync("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: folder,
      env,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (result.status !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${(result.stdout + result.stderr).slice(-4_000)}`);
    return result.stdout;
  };
  const checkout: Checkout = {
    dir,
    env,
    pulumi: (args, folder = dir) => {
      const begun = performance.now();
      run(args, folder);
      return (performance.now() - begun) / 1000;
    },
    resources: (stack, folder = dir) => {
      const exported = JSON.parse(run(["stack", "export", "--stack", stack], folder)) as { deployment: { resources?: unknown[] } };
      return exported.deployment.resources?.length ?? 0;
    },
    emptyProgram: (start) => {
      const folder = join(dir, `program-${start}`);
      mkdirSync(folder);
      for (const link of ["node_modules", "stacks", "package.json", "provider"]) symlinkSync(join(repo, link), join(folder, link));
      const preload = start === "preloaded" ? "\n    nodeargs: --require ./stacks/preload.cjs" : "";
      const runtime = `runtime:\n  name: nodejs\n  options:\n    typescript: false${preload}\n`;
      writeFileSync(join(folder, "Pulumi.yaml"), `name: empty-${start}\nmain: index.js\n${runtime}`);
      writeFileSync(join(folder, "index.js"), "export {};\n");
      run(["stack", "init", "dev"], folder);
      run(["up", "--yes", "--skip-preview", "--stack", "dev"], folder);
      return folder;
    },
    close: async () => {
      await stopSandbox(home);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    for (const stack of stacks) run(["stack", "init", stack], dir);
  } catch (error) {
    await checkout.close();
    throw error;
  }
  return checkout;
}
