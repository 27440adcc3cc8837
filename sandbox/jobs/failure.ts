// Why a step did not complete, in the words of run history's error.
import { ArmError } from "../core.ts";
import type { RunError } from "../runs/run.ts";

/** Ends a step as Failed. `code` is `UserError` for what the user can mend, `SystemError` for the sandbox's own trouble. */
export class StepFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reason of an abort: who ended the job. */
export class Stopped extends Error {
  /** `cancel`: asked by a client. `timeout`: the job's own limit. `sandbox`: the sandbox stops, and the job goes on at its next start. */
  readonly why: "cancel" | "timeout" | "sandbox";

  constructor(why: "cancel" | "timeout" | "sandbox", message: string) {
    super(message);
    this.why = why;
  }
}

export function runError(error: unknown): RunError {
  if (error instanceof StepFailure) return { code: error.code, message: error.message };
  if (error instanceof ArmError)
    return { code: error.status < 500 || error.status === 501 ? "UserError" : "SystemError", message: error.message };
  return { code: "SystemError", message: `The sandbox could not run the step: ${(error as Error).message}` };
}
