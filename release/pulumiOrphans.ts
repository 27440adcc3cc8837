// What a killed `up` has made and could not write down any more: Azure has it, the state has not, and a second `up` is refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PulumiRun } from "./pulumi.ts";

/** A resource of a state, as `pulumi stack export` writes it, as far as this is about it. */
interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface State {
  readonly version: number;
  readonly deployment: {
    readonly resources?: readonly Resource[];
    /** What was under way when the run ended; creations stay here until somebody says what became of them. */
    readonly pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
  };
}

export interface Orphan {
  /** `azure-native:machinelearningservices:Workspace` */
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

/**
 * The resources that `up` could not make because they are there. Not deployments of endpoints: half-made ones cannot be gone on with, and who
 * knows that they have no traffic deletes them (flow/release/stack.ts).
 */
export function orphansIn(said: string): Orphan[] {
  const orphans = new Map<string, Orphan>();
  let type = "";
  let name = "";
  for (const line of said.split("\n")) {
    const head = /^\s+(\S+:\S+:\S+) \((\S+)\):$/.exec(line);
    if (head) [, type = "", name = ""] = head;
    const id = /cannot create already existing resource '?(\/[^\s']+)/.exec(line)?.[1];
    if (id && name !== "" && line.trim().startsWith("error:") && !type.endsWith(":OnlineDeployment")) orphans.set(id, { type, name, id });
  }
  return [...orphans.values()];
}

/** The state with those orphans that this very stack had begun to make, as it had begun to make them; undefined when there are none. */
export function adopting(state: State, orphans: readonly Orphan[]): { state: State; urns: string[] } | undefined {
  const pending = state.deployment.pending_operations ?? [];
  const found = pending.flatMap(({ type, resource }) => {
    const orphan = orphans.find((one) => type === "creating" && resource.type === one.type && resource.urn.endsWith(`::${one.name}`));
    return orphan ? [{ ...resource, id: orphan.id, outputs: { ...resource.inputs } }] : [];
  });
  if (found.length === 0) return undefined;
  const urns = found.map(({ urn }) => urn);
  return {
    urns,
    state: {
      ...state,
      deployment: {
        ...state.deployment,
        resources: [...(state.deployment.resources ?? []).filter(({ urn }) => !urns.includes(urn)), ...found],
        pending_operations: pending.filter(({ resource }) => !urns.includes(resource.urn)),
      },
    },
  };
}

/** How long a resource may go on being made after its run was killed. */
const settleMs = 30 * 60_000;

interface Means {
  readonly run: (args: readonly string[]) => Promise<PulumiRun>;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Takes what `up` found there already into the state, once it is made. False: it is none of this stack's, or nothing was there. */
export async function adoptOrphans({ run, progress, signal }: Means, stack: string, said: string): Promise<boolean> {
  const orphans = orphansIn(said);
  if (orphans.length === 0) return false;
  const exported = await run(["stack", "export", "--stack", stack]);
  const adopted = exported.code === 0 ? adopting(JSON.parse(exported.stdout) as State, orphans) : undefined;
  if (!adopted) return false;
  const { state, urns } = adopted;
  progress(`an earlier run was killed while it made ${urns.map((urn) => urn.split("::").at(-1)).join(", ")}; what it made is taken over`);
  const folder = mkdtempSync(join(tmpdir(), "mlops-state-"));
  try {
    const file = join(folder, "state.json");
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    if ((await run(["stack", "import", "--stack", stack, "--file", file])).code !== 0) return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
  const refresh = [
    "refresh",
    "--yes",
    "--skip-preview",
    "--non-interactive",
    "--stack",
    stack,
    ...urns.flatMap((urn) => ["--target", urn]),
  ];
  for (const until = Date.now() + settleMs; ;) {
    if ((await run(refresh)).code !== 0) return false;
    const now = (JSON.parse((await run(["stack", "export", "--stack", stack])).stdout) as State).deployment.resources ?? [];
    const unsettled = now.find(({ urn, outputs }) => urns.includes(urn) && !isSettled(outputs?.["provisioningState"]));
    if (!unsettled || Date.now() > until) return true;
    progress(`waiting: Azure still makes ${unsettled.urn.split("::").at(-1)}`);
    await sleep(5_000, undefined, { signal });
  }
}

const isSettled = (state: unknown): boolean =>
  typeof state !== "string" || ["succeeded", "failed", "canceled"].includes(state.toLowerCase());
