// Role assignments take minutes to hold; until then Azure answers 403 to who has just been allowed.
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "./kind.ts";

/** Five minutes is what Azure asks for in most cases; ten at the worst. */
const patienceMs = 5 * 60_000;

/**
 * Does the work again while Azure refuses it for want of a role, for up to five minutes. The work has to be safe to repeat.
 * https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
 */
export async function whileRolesSettle<T>(call: Call, work: () => Promise<T>, limits = { patienceMs, pauseMs: 5_000 }): Promise<T> {
  const until = Date.now() + limits.patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!missesRole(error) || Date.now() + limits.pauseMs > until) throw error;
      call.say("Azure answers 403; waiting for a new role assignment to hold");
      await sleep(limits.pauseMs, undefined, { signal: call.signal });
    }
  }
}

/** Codes of 403 by which Resource Manager and the blob service say that a role is missing; others (a wrong signature) stay wrong. */
const roleCodes = ["AuthorizationFailed", "AuthorizationPermissionMismatch", "Forbidden", "ForbiddenByRbac", "UserForbidden"];

/** Errors of the client have `status`, those of the storage client `statusCode`; both have `code`. */
function missesRole(error: unknown): boolean {
  const { status, statusCode, code } = (error ?? {}) as { status?: number; statusCode?: number; code?: string };
  return (status ?? statusCode) === 403 && roleCodes.includes(code ?? "");
}
