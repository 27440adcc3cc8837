// `mlops status`: what stands in each stage: workspace, endpoint, slots, model, traffic, health.
import { type Command } from "../command.ts";
import { type EndpointState, readEndpoint, unhealthy } from "../flow/endpoint.ts";
import { openStage } from "../flow/workspace.ts";
import { stages } from "../open.ts";
import { pulumiFor } from "../pulumi.ts";
import { table } from "../table.ts";
import { chooseTarget, targetOption } from "../target.ts";

interface StageStatus {
  readonly stage: string;
  readonly up: boolean;
  readonly workspace?: string;
  readonly modelVersion?: string;
  readonly endpoint?: EndpointState;
  readonly problem?: string;
}

export const status: Command = {
  name: "status",
  summary: "show what stands in each stage and whether it is healthy",
  examples: ["npx mlops status", "npx mlops status --stage dev --json"],
  options: [{ flags: "--stage <stage>", description: "only this stage", choices: stages }, targetOption],
  async run(call) {
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const asked = typeof call.options["stage"] === "string" ? [call.options["stage"]] : stages;
    const all = await Promise.all(
      asked.map(async (stage): Promise<StageStatus> => {
        if (!(await pulumi.outputs(stage))) return { stage, up: false };
        const workspace = await openStage(stage, pulumi, target);
        const { workspaceName, modelVersion, endpointName } = workspace.outputs;
        const known = { stage, up: true, workspace: workspaceName, ...(modelVersion ? { modelVersion } : {}) };
        if (!endpointName) return known;
        const endpoint = await readEndpoint(workspace);
        const problem = unhealthy(endpoint);
        return { ...known, endpoint, ...(problem ? { problem } : {}) };
      }),
    );
    const head = ["stage", "workspace", "endpoint", "slot", "model", "traffic", "state"];
    call.out.print(`target: ${target.kind}\n\n${table(head, all.flatMap(rows))}`);
    call.out.result({ target: target.kind, stages: all });
  },
};

function rows(row: StageStatus): string[][] {
  if (!row.up) return [[row.stage, "–", "–", "–", "–", "–", "not up"]];
  const workspace = row.workspace ?? "–";
  if (!row.endpoint) return [[row.stage, workspace, "–", "–", row.modelVersion ?? "–", "–", "no deployment"]];
  const { endpoint } = row;
  return endpoint.deployments.map(({ name, model, provisioningState }, index) => [
    index === 0 ? row.stage : "",
    index === 0 ? workspace : "",
    index === 0 ? endpoint.name : "",
    name,
    modelLabel(model),
    `${endpoint.traffic[name] ?? 0} %`,
    provisioningState === "Succeeded" && (endpoint.traffic[name] ?? 0) > 0 && !row.problem ? "healthy" : provisioningState,
  ]);
}

/** `…/models/diabetes/versions/3` → `diabetes:3` */
export function modelLabel(reference: string | undefined): string {
  const [, name, version] = /\/models\/([^/]+)\/versions\/([^/]+)$/.exec(reference ?? "") ?? [];
  return name ? `${name}:${version}` : (reference ?? "–");
}
