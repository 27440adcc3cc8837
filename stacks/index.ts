// Which kind of stack a stack is, by its name.
import { ResourceError, RunError } from "@pulumi/pulumi/errors.js";
import { AutoSettings } from "../settings/auto.ts";
import { readSettings } from "../settings/read.ts";
import { SharedSettings } from "../settings/shared.ts";
import { stageSettings, stages } from "../settings/stage.ts";
import type { Stage } from "../settings/stage.ts";
import { auto } from "./auto.ts";
import { shared } from "./shared.ts";
import { stage } from "./stage.ts";

const isStage = (name: string): name is Stage => (stages as readonly string[]).includes(name);

/** Declares the stack's resources and returns its outputs. */
export function build(project: string, stack: string): Record<string, unknown> {
  try {
    return declare(project, stack);
  } catch (error) {
    // Expected errors (RunError, ResourceError) say all themselves; any other is a fault of the program and needs its place.
    const expected = RunError.isInstance(error) || ResourceError.isInstance(error);
    if (!expected && error instanceof Error && Error.stackTraceLimit === 0) error.message += " (MLOPS_DEBUG=1 shows where)";
    throw error;
  }
}

function declare(project: string, stack: string): Record<string, unknown> {
  if (stack === "shared") return shared(readSettings(SharedSettings, project, stack));
  if (stack === "auto") return auto(readSettings(AutoSettings, project, stack));
  if (isStage(stack)) return stage(readSettings(stageSettings(stack), project, stack));
  throw new RunError(
    `"${stack}" is not a stack of this program; it has shared, ${stages.join(", ")} and auto. Fix: pulumi stack select dev`,
  );
}
