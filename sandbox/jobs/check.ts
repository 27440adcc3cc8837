// What a job's plan names has to be there before anything starts.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { findEnvironment } from "../environments/references.ts";
import { locateInput } from "./inputs.ts";
import { targetOf } from "./nodes.ts";
import { notModeled, userError } from "./refuse.ts";
import { workspaceIdOf } from "./runner.ts";
import type { Plan, StepSpec } from "./spec.ts";

/** Compute, environments, code and data assets. Throws ArmError 400 naming the step and what it lacks. */
export function checkPlan(plan: Plan, job: ArmResource, sandbox: SandboxContext): void {
  const workspaceId = workspaceIdOf(job);
  for (const { spec, path } of plan.steps) {
    const where = plan.steps.length > 1 || path !== job.name ? `Job "${path}"` : "The job";
    checkCompute(spec, where, workspaceId, sandbox);
    if (!spec.environment) findEnvironment(sandbox, spec.environmentId, workspaceId);
    for (const [name, input] of Object.entries(spec.inputs)) {
      if (input.kind === "uri" && !input.from) found(() => locateInput(sandbox, input.uri, workspaceId), `${where}: input "${name}"`);
    }
    for (const [name, output] of Object.entries(spec.outputs))
      found(() => locateInput(sandbox, output.uri, workspaceId), `${where}: output "${name}"`);
    if (spec.codeId) found(() => locateInput(sandbox, spec.codeId!, workspaceId), `${where}: code`);
  }
}

function found(look: () => unknown, what: string): void {
  try {
    look();
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) throw userError(`${what}: ${error.message}`);
    throw error;
  }
}

function checkCompute(spec: StepSpec, where: string, workspaceId: string, sandbox: SandboxContext): void {
  if (spec.computeId?.toLowerCase() === "local")
    throw notModeled(`${where}: compute "local"`, "it runs jobs as a cluster does; name a cluster, or leave compute out for serverless");
  const target = targetOf(sandbox, spec.computeId, workspaceId);
  if (!target)
    throw userError(
      `${where}: unknown compute target '${spec.computeId}'. Create it first, or name one of the workspace's computes.`,
      "computeId",
    );
  if (spec.instances > target.limit)
    throw userError(
      `${where} asks for ${spec.instances} nodes, but compute '${target.name}' has at most ${target.limit}.`,
      "resources.instanceCount",
    );
}
