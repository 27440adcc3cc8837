// Measures the model that serves on the data of a new one: the new job's own evaluation step, run again with the live model.
import { randomBytes } from "node:crypto";
import { apiVersions } from "../../../azure/ids.ts";
import type { Call } from "../../command.ts";
import { followJob } from "../follow.ts";
import type { Workspace } from "../workspace.ts";
import { evidenceOf, outputUris } from "./evidence.ts";

const arm = { apiVersion: apiVersions.machineLearning } as const;

interface Node {
  readonly type?: string;
  readonly componentId?: string;
  readonly inputs?: Record<string, { value?: string | number | boolean } | null>;
  readonly outputs?: Record<string, { value?: unknown } | null>;
}
interface PipelineJob {
  readonly properties: {
    readonly jobs?: Record<string, Node>;
    readonly inputs?: Record<string, { jobInputType?: string; value?: unknown; uri?: string; mode?: string } | null>;
    readonly settings?: Record<string, unknown>;
    readonly experimentName?: string;
  };
}
const modelTypes = new Set(["mlflow_model", "custom_model", "triton_model"]);

/**
 * Metrics of the live model on the data of `jobName`; undefined when the job has no step that a model and data go into and an
 * output `evaluation` comes out of. `model` is a reference that jobs take (`azureml://registries/…`).
 */
export async function measuredOnDataOf(
  call: Call,
  workspace: Workspace,
  jobName: string,
  model: { readonly uri: string; readonly type: string; readonly label: string },
): Promise<Record<string, number> | undefined> {
  const { azure } = workspace;
  const job = await azure.get<PipelineJob>(`${workspace.id}/jobs/${jobName}`, { ...arm, signal: call.signal });
  const node = Object.entries(job.properties.jobs ?? {}).find(
    ([, { outputs, componentId }]) => componentId && outputs && "evaluation" in outputs,
  );
  if (!node) return undefined;
  const [name, { componentId, inputs = {}, type = "command" }] = node;
  const component = await azure.get<{ properties: { componentSpec: { inputs?: Record<string, { type?: string }> } } }>(
    componentId!.replace(/^azureml:/, ""),
    { ...arm, signal: call.signal },
  );
  const kinds = component.properties.componentSpec.inputs ?? {};
  const isModel = (input: string): boolean => modelTypes.has(kinds[input]?.type ?? "");
  if (Object.keys(inputs).filter(isModel).length !== 1) return undefined;

  const outputs = await outputUris(workspace, jobName, call.signal);
  const given: Record<string, object> = {};
  for (const [input, binding] of Object.entries(inputs)) {
    const value = String(binding?.value ?? "");
    const output = /^\$\{\{parent\.jobs\.[\w-]+\.outputs\.([\w-]+)\}\}$/.exec(value)?.[1];
    const outer = /^\$\{\{parent\.inputs\.([\w-]+)\}\}$/.exec(value)?.[1];
    if (isModel(input)) given[input] = { jobInputType: model.type, uri: model.uri };
    else if (output) {
      const found = outputs[output];
      if (!found) return undefined;
      given[input] = { jobInputType: found.type, uri: found.uri };
    } else if (outer) given[input] = job.properties.inputs?.[outer] ?? {};
    else given[input] = { jobInputType: "literal", value };
  }
  const again = `measure-${model.label.replaceAll(/[^a-z0-9]+/gi, "-")}-${randomBytes(4).toString("hex")}`;
  const bound = Object.fromEntries(
    Object.keys(given).map((input) => [input, { job_input_type: "literal", value: `\${{parent.inputs.${input}}}` }]),
  );
  await azure.put(
    `${workspace.id}/jobs/${again}`,
    {
      properties: {
        jobType: "Pipeline",
        displayName: `${model.label} on the data of ${jobName}`,
        experimentName: "release-gate",
        settings: job.properties.settings ?? {},
        inputs: given,
        outputs: { evaluation: { jobOutputType: "uri_folder" } },
        jobs: {
          [name]: {
            name,
            type,
            componentId,
            inputs: bound,
            outputs: { evaluation: { value: "${{parent.outputs.evaluation}}", type: "literal" } },
          },
        },
      },
    },
    { ...arm, signal: call.signal },
  );
  call.out.progress(`gate   ${model.label}, which serves, is measured on the new data: job ${again}`);
  const end = await followJob(workspace, again, { signal: call.signal, pollMs: 500, onLine: () => undefined, onStatus: () => undefined });
  if (end.status !== "Completed") {
    call.out.progress(`gate   job ${again} ended ${end.status}: ${end.error ?? "without a reason"}`);
    return undefined;
  }
  return (await evidenceOf(workspace, again, call.signal)).metrics;
}
