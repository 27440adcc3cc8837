// Which kind of stack a stack is, by its name.
import { ResourceError, RunError } from "@pulumi/pulumi/errors.js";
import { readSettings } from "../settings/read.ts";
import { stageSettings, stages } from "../settings/stage.ts";
import type { Stage } from "../settings/stage.ts";

const isStage = (name: string): name is Stage => (stages as readonly string[]).includes(name);

/**
 * What a stack waits for before its first resource, and only then: files are read while the providers still start, and their faults told
 * whoever is signed in. Fails when it may not go on.
 */
export type Allowed = () => Promise<void>;

/** Declares the stack's resources and returns its outputs. */
export async function build(project: string, stack: string, allowed: Allowed): Promise<Record<string, unknown>> {
  try {
    return await declare(project, stack, allowed);
  } catch (error) {
    // Expected errors (RunError, ResourceError) say all themselves; any other is a fault of the program and needs its place.
    const expected = RunError.isInstance(error) || ResourceError.isInstance(error);
    if (!expected && error instanceof Error && Error.stackTraceLimit === 0) error.message += " (MLOPS_DEBUG=1 shows where)";
    throw error;
  }
}

/** Each kind of stack is loaded only when it is the one: a preview waits for every module. */
async function declare(project: string, stack: string, allowed: Allowed): Promise<Record<string, unknown>> {
  if (stack === "shared") {
    const [{ SharedSettings }, { shared }] = await Promise.all([import("../settings/shared.ts"), import("./shared.ts")]);
    const settings = readSettings(SharedSettings, project, stack);
    await allowed();
    return await shared(settings);
  }
  if (stack === "auto") {
    const [{ AutoSettings }, { auto }] = await Promise.all([import("../settings/auto.ts"), import("./auto.ts")]);
    return await auto(readSettings(AutoSettings, project, stack), allowed);
  }
  if (isStage(stack)) {
    const { stage } = await import("./stage.ts");
    return await stage(readSettings(stageSettings(stack), project, stack), allowed);
  }
  throw new RunError(
    `"${stack}" is not a stack of this program; it has shared, ${stages.join(", ")} and auto. Fix: pulumi stack select dev`,
  );
}
