// Starts a monitor's job: one step that computes its signals over the data of the time that it is started for.
import { randomUUID } from "node:crypto";
import type { ArmResource, SandboxContext } from "../../core.ts";
import { createdBy } from "../../runs/models.ts";
import { runsOf } from "../../runs/store.ts";
import { checkPlan } from "../check.ts";
import { runnerOf } from "../runner.ts";
import type { Plan, StepInput, StepSpec, UriInput } from "../spec.ts";
import { monitorOf, type Monitor, type MonitorInput } from "./definition.ts";

const jobType = "Microsoft.MachineLearningServices/workspaces/jobs";

/** Run property that tells a monitor's job from others, here and in Azure's studio. */
export const monitorProperty = "azureml.monitor.name";

/** Versions that the sample project has too, so that they are there already. */
const condaFile = JSON.stringify({ dependencies: ["python=3.11", { pip: ["pandas==2.3.3", "scipy==1.17.1"] }] });

export function monitorPlan(job: string, monitor: Monitor, time: number): Plan {
  const inputs: Record<string, StepInput> = {};
  const source = (input: MonitorInput, name: string): object => {
    // Nothing may have been collected yet; a monitor without data has to say so, not to fail.
    inputs[name] = {
      kind: "uri",
      type: input.type,
      uri: input.uri,
      mode: "ro_mount",
      ...(input.type === "uri_file" ? {} : { from: "collector" }),
    };
    return { input: name, columns: input.columns, window: windowAt(input, time) };
  };
  const signals = Object.fromEntries(
    Object.entries(monitor.signals).map(([name, signal], index) => [
      name,
      {
        type: signal.type,
        production: source(signal.production, `production_${index}`),
        reference: source(signal.reference, `reference_${index}`),
        features: signal.features ?? null,
        types: signal.types,
        thresholds: signal.thresholds.map((one) => ({ ...one, value: one.value ?? null })),
      },
    ]),
  );
  const output = {
    type: "uri_folder",
    mode: "rw_mount",
    uri: `azureml://datastores/workspaceblobstore/paths/azureml/${job}/signal_output/`,
  };
  const spec: StepSpec = {
    command: 'python "$SANDBOX_TOOL" "${{outputs.signal_output}}"',
    tool: "jobs/monitor/signals.py",
    environmentId: "the monitor's own",
    environment: { image: "mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04", condaFile },
    inputs,
    outputs: { signal_output: output },
    environmentVariables: { SANDBOX_MONITOR: JSON.stringify({ time, signals }) },
    instances: 1,
    identity: "default",
  };
  const step = { runId: randomUUID(), parent: job, path: "compute_signals", displayName: "compute_signals", after: [], spec };
  return { steps: [step], groups: [], outputs: { signal_output: output }, continueOnFailure: false };
}

/** `["2026-11-24T03:15:00Z", "2026-11-25T03:15:00Z"]`, the first included; null for all there is. */
function windowAt({ window }: MonitorInput, time: number): [string, string] | null {
  if (!window) return null;
  const [from, to] = "size" in window ? [time - window.offset - window.size, time - window.offset] : [window.start, window.end];
  return [new Date(from).toISOString(), new Date(to).toISOString()];
}

/** Submits the job of that name, once. Throws ArmError when what the monitor names is not there. */
export function startMonitor(sandbox: SandboxContext, schedule: ArmResource, name: string, time: number, principalId: string): void {
  const workspaceId = schedule.id.split("/").slice(0, -2).join("/");
  const id = `${workspaceId}/jobs/${name}`;
  if (sandbox.resources.get(id) && runsOf(sandbox).get(workspaceId, name)) return;
  const monitor = monitorOf(schedule, sandbox);
  const plan = monitorPlan(name, monitor, time);
  const properties = {
    [monitorProperty]: schedule.name,
    ...(monitor.deploymentId ? { "azureml.deploymentId": monitor.deploymentId } : {}),
  };
  const job: ArmResource = {
    id,
    name,
    type: jobType,
    systemData: createdBy(principalId),
    properties: {
      ...{ jobType: "Pipeline", displayName: name, description: null, experimentName: schedule.name, scheduleName: schedule.name },
      ...{ tags: {}, properties, isArchived: false, inputs: {}, jobs: {}, settings: {} },
      outputs: { signal_output: { jobOutputType: "uri_folder", uri: plan.outputs["signal_output"]!.uri } },
    },
  };
  check(plan, job, sandbox);
  runnerOf(sandbox).submit({
    ...{ resource: job, plan, experiment: schedule.name, displayName: name, description: undefined, tags: {}, properties, principalId },
    pipeline: true,
  });
  sandbox.resources.put(job);
}

/** What a schedule's monitor would lack if it ran now. Throws ArmError. */
export function checkMonitor(sandbox: SandboxContext, schedule: ArmResource): void {
  const name = `${schedule.name}-check`;
  const id = `${schedule.id.split("/").slice(0, -2).join("/")}/jobs/${name}`;
  check(monitorPlan(name, monitorOf(schedule, sandbox), Date.now()), { id, name, type: jobType, properties: {} }, sandbox);
}

/** Data may be empty, but what names it has to be there. */
function check(plan: Plan, job: ArmResource, sandbox: SandboxContext): void {
  const there = ({ from: _from, ...input }: UriInput): UriInput => input;
  const steps = plan.steps.map((step) => ({
    ...step,
    spec: {
      ...step.spec,
      inputs: Object.fromEntries(Object.entries(step.spec.inputs).map(([name, one]) => [name, one.kind === "uri" ? there(one) : one])),
    },
  }));
  checkPlan({ ...plan, steps }, job, sandbox);
}
