// mlops:serving:BatchRollout: which deployment of a batch endpoint is the default. The part that preview needs; switchDefault.ts does the work.
import type { BatchInput } from "../azure/batch.ts";
import { differences, hasUnknown } from "./kind.ts";
import type { ResourceKind } from "./kind.ts";

/** Inputs of a batch rollout. The resource must depend on the deployments. */
export interface BatchRolloutInputs {
  /** Id of the batch endpoint; another one is another rollout. */
  readonly endpointId: string;
  /** The deployment that jobs go to which name none. */
  readonly deployment: string;
  /** Every deployment that is to exist, with a mark of its content: one that changes in place is checked again. */
  readonly deployments: Readonly<Record<string, string>>;
  /** A small job that the deployment has to do well before it becomes the default; none without sample data. */
  readonly check?: {
    readonly inputs: Readonly<Record<string, BatchInput>>;
    /** The file of the output `score` that has to have a line. */
    readonly file?: string;
    readonly minutes: number;
  };
  /** Tags of the endpoint; others' tags on it stay. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
}

const effective = ({ deployment, deployments, tags, description }: BatchRolloutInputs) => ({
  deployment,
  deployments,
  tags: tags ?? {},
  description,
});

export const batchRollout: ResourceKind<BatchRolloutInputs> = {
  type: "mlops:serving:BatchRollout",

  check({ deployment, deployments, check }) {
    if (hasUnknown([deployment, deployments])) return [];
    const names = Object.keys(deployments);
    return [
      ...(names.includes(deployment)
        ? []
        : [{ property: "deployment", reason: `"${deployment}" is none of the deployments: ${names.join(", ") || "there are none"}` }]),
      ...(check === undefined || hasUnknown(check.minutes) || check.minutes > 0
        ? []
        : [{ property: "check.minutes", reason: `${check.minutes} is not more than 0` }]),
    ];
  },

  diff({ inputs: before }, after) {
    const [was, is] = [effective(before), effective(after)];
    return [
      ...(before.endpointId === after.endpointId ? [] : [{ path: "endpointId", kind: "update" as const, replace: true }]),
      ...(Object.keys(is) as (keyof typeof is)[]).flatMap((name) => differences(was[name], is[name], name)),
    ];
  },

  async create(inputs, call) {
    const { switchDefault } = await import("./switchDefault.ts");
    return { id: `${inputs.endpointId}/rollout`, outputs: await switchDefault(inputs, undefined, call) };
  },

  async update({ inputs: before }, inputs, call) {
    const { switchDefault } = await import("./switchDefault.ts");
    return switchDefault(inputs, before, call);
  },

  async read({ inputs, outputs }, call) {
    const { readBatchEndpoint } = await import("../azure/batch.ts");
    const endpoint = await readBatchEndpoint(await call.azure(), inputs.endpointId, call.signal);
    if (!endpoint) return undefined;
    const ours = Object.keys(inputs.tags ?? {}).filter((name) => endpoint.tags?.[name] !== undefined);
    return {
      inputs: {
        ...inputs,
        deployment: endpoint.properties.defaults?.deploymentName ?? "",
        ...(inputs.tags ? { tags: Object.fromEntries(ours.map((name) => [name, endpoint.tags![name]!])) } : {}),
        ...(inputs.description === undefined ? {} : { description: endpoint.properties.description ?? "" }),
      },
      outputs: { ...outputs, scoringUri: endpoint.properties.scoringUri ?? "" },
    };
  },

  async delete({ inputs }, call) {
    const { takeDefaultAway } = await import("./switchDefault.ts");
    await takeDefaultAway(inputs, call);
  },
};
