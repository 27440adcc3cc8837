// mlops:identity:RolesInForce: waits until new role assignments hold. Azure lets nobody ask whether another identity's role holds yet,
// and a workspace that is created too early with an identity of one's own ends in Failed.
import { setTimeout as sleep } from "node:timers/promises";
import { differences } from "./kind.ts";
import type { ResourceKind } from "./kind.ts";

/** Inputs; what needs the roles has to depend on this resource. */
export interface RolesInForceInputs {
  /** Ids of the assignments to wait for. */
  readonly assignments: readonly string[];
}

/**
 * Seconds that a new assignment usually takes to hold in Azure, which promises no more than ten minutes:
 * https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
 */
const usualSeconds = 30;
/** The same for another cloud; the sandbox sets it (`mlops sandbox env`), since its roles hold at once unless a latency profile is asked for. */
const variable = "MLOPS_ROLES_HOLD_AFTER_SECONDS";

export const rolesInForce: ResourceKind<RolesInForceInputs> = {
  type: "mlops:identity:RolesInForce",

  check: () =>
    Number.isNaN(seconds())
      ? [{ property: "assignments", reason: `${variable} is "${process.env[variable]}"; it must be a number of seconds, 0 or more` }]
      : [],

  diff: ({ inputs: before }, after) => differences(before.assignments, after.assignments, "assignments"),

  async create(_inputs, call) {
    await holds(call.say, call.signal);
    return { id: "roles-in-force", outputs: {} };
  },

  async update(_existing, _inputs, call) {
    await holds(call.say, call.signal);
    return {};
  },
};

function seconds(): number {
  const set = process.env[variable];
  const given = set === undefined || set === "" ? usualSeconds : Number(set);
  return given >= 0 ? given : Number.NaN;
}

async function holds(say: (message: string) => void, signal: AbortSignal): Promise<void> {
  const wait = seconds();
  if (wait > 0) say(`waiting ${wait} s for the new roles to hold`);
  await sleep(wait * 1000, undefined, { signal });
}
