// Decides which cloud a command talks to, Azure or this checkout's sandbox, and with which environment its programs run.
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type EnvFor, keptFaults, sandboxEnv, startSandbox } from "../sandbox/control.ts";
import { installProviders } from "../sandbox/providers/install.ts";
import { type Call, CommandError, option, type OptionSpec } from "./command.ts";

export interface Target {
  readonly kind: "sandbox" | "azure";
  /** For child processes (pulumi) and for `azure/connect`. */
  readonly env: NodeJS.ProcessEnv;
}

export const targetOption: OptionSpec = {
  flags: "--target <cloud>",
  description: "azure or sandbox; default: MLOPS_TARGET, else the sandbox when this checkout has one, else azure",
  choices: ["azure", "sandbox"],
};

/** `.sandbox/` of the checkout, or MLOPS_SANDBOX_DIR. */
export const sandboxDir = (repo: string): string => process.env.MLOPS_SANDBOX_DIR ?? join(repo, ".sandbox");

/**
 * Which cloud: `--target`, MLOPS_TARGET, a shell prepared by `mlops sandbox env` (ARM_CLOUD_METADATA_URL), a sandbox of
 * this checkout, else Azure. A sandbox that is not running is started: its state is all there.
 */
export async function chooseTarget(call: Pick<Call, "options" | "repo" | "out">): Promise<Target> {
  const asked = option(call as Call, "target") ?? process.env.MLOPS_TARGET;
  const dir = sandboxDir(call.repo);
  const prepared = process.env.ARM_CLOUD_METADATA_URL !== undefined;
  if (asked === "azure" || (asked === undefined && !prepared && !existsSync(join(dir, "sandbox.json")))) {
    return { kind: "azure", env: withTools(call.repo, process.env) };
  }
  tellFaults(call, dir);
  if (asked === undefined && prepared) return { kind: "sandbox", env: withTools(call.repo, process.env) };
  if (asked !== undefined && asked !== "sandbox") {
    throw new CommandError(`MLOPS_TARGET is "${asked}"; it must be azure or sandbox`, "Unset it or set one of the two.");
  }
  await startSandbox(dir, { onStart: () => call.out.progress("sandbox  starting …") });
  return sandboxTarget(call.repo);
}

/** Who has set faults may have forgotten them: a line before what they make fail. */
export function tellFaults(call: Pick<Call, "out">, dir: string): void {
  const set = keptFaults(dir).length;
  if (set > 0) call.out.progress(`sandbox  plays ${set} fault${set === 1 ? "" : "s"} (mlops sandbox faults shows them, --clear ends them)`);
}

/** Variables for a client of the running sandbox; Pulumi then finds the sandbox's own providers. */
export async function clientEnv(repo: string, client: EnvFor): Promise<Record<string, string>> {
  const added = await sandboxEnv(sandboxDir(repo), client);
  if (added["PULUMI_HOME"]) await installProviders(added["PULUMI_HOME"], repo);
  return added;
}

/** The running sandbox of this checkout as a target; this process trusts its CA from here on. */
export async function sandboxTarget(repo: string): Promise<Target> {
  const added = await clientEnv(repo, "shell");
  const ca = added["NODE_EXTRA_CA_CERTS"];
  if (ca && process.env["NODE_EXTRA_CA_CERTS"] !== ca) {
    setDefaultCACertificates([...getCACertificates("default"), readFileSync(ca, "utf8")]);
  }
  return { kind: "sandbox", env: withTools(repo, { ...process.env, ...added }) };
}

function withTools(repo: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const first = [join(repo, ".tools", "bin"), join(repo, "node_modules", ".bin")];
  const rest = (env.PATH ?? "").split(delimiter).filter((entry) => !first.includes(entry));
  return { ...env, PATH: [...first, ...rest].join(delimiter), PULUMI_SKIP_UPDATE_CHECK: "true", NO_UPDATE_NOTIFIER: "1" };
}
