// Decides which cloud a command talks to, Azure or this checkout's sandbox, and with which environment its programs run.
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { sandboxEnv, sandboxStatus, startSandbox } from "../sandbox/control.ts";
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
  if (asked === undefined && prepared) return { kind: "sandbox", env: withTools(call.repo, process.env) };
  if (asked !== undefined && asked !== "sandbox") {
    throw new CommandError(`MLOPS_TARGET is "${asked}"; it must be azure or sandbox`, "Unset it or set one of the two.");
  }
  const status = await sandboxStatus(dir);
  if (!status.running) {
    call.out.progress("sandbox  starting …");
    await startSandbox(dir);
  }
  return sandboxTarget(call.repo);
}

/** The running sandbox of this checkout as a target; this process trusts its CA from here on. */
export function sandboxTarget(repo: string): Target {
  const dir = sandboxDir(repo);
  const added = sandboxEnv(dir, "shell");
  const ca = added.NODE_EXTRA_CA_CERTS;
  if (ca && process.env.NODE_EXTRA_CA_CERTS !== ca) {
    setDefaultCACertificates([...getCACertificates("default"), readFileSync(ca, "utf8")]);
  }
  return { kind: "sandbox", env: withTools(repo, { ...process.env, ...added }) };
}

function withTools(repo: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const first = [join(repo, ".tools", "bin"), join(repo, "node_modules", ".bin")];
  const rest = (env.PATH ?? "").split(delimiter).filter((entry) => !first.includes(entry));
  return { ...env, PATH: [...first, ...rest].join(delimiter), PULUMI_SKIP_UPDATE_CHECK: "true", NO_UPDATE_NOTIFIER: "1" };
}
