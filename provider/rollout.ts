// mlops:serving:EndpointRollout: who gets an endpoint's traffic. The part that preview needs; moveTraffic.ts does the work.
import { mirrorProblems, normalized, planProblems, trafficProblems } from "../release/core/rollout.ts";
import type { CheckPlan, RolloutPlan, Traffic } from "../release/core/rollout.ts";
import { differences, hasUnknown } from "./kind.ts";
import type { Difference, ResourceKind } from "./kind.ts";

/** Inputs of a rollout. The resource must depend on the deployments. */
export interface RolloutInputs {
  /** Id of the online endpoint; another one is another rollout. */
  readonly endpointId: string;
  /** Where the traffic shall be in the end, in percent per deployment. */
  readonly traffic: Traffic;
  /** Percent of the live requests that a deployment without traffic gets a copy of. */
  readonly mirrorTraffic?: Traffic;
  /**
   * Every deployment of the endpoint that is to exist, with a mark of its content: a deployment that changes in place is checked
   * again.
   */
  readonly deployments: Readonly<Record<string, string>>;
  readonly steps: readonly number[];
  readonly bakeSeconds: number;
  /** Mirror this much to the new deployment for one bake time before it gets any traffic. */
  readonly mirrorFirstPercent?: number;
  readonly check: CheckPlan;
  /** Tags of the endpoint; others' tags on it stay. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly publicNetworkAccess?: "Enabled" | "Disabled";
}

/** The plan within the inputs. */
export const planOf = ({ steps, bakeSeconds, check }: RolloutInputs): RolloutPlan => ({ steps, bakeSeconds, check });

/** What makes a difference in Azure; how the traffic moves (steps, limits) makes none by itself. */
const effective = (inputs: RolloutInputs) => ({
  traffic: normalized(inputs.traffic),
  mirrorTraffic: normalized(inputs.mirrorTraffic),
  deployments: inputs.deployments,
  tags: inputs.tags ?? {},
  description: inputs.description,
  publicNetworkAccess: inputs.publicNetworkAccess,
});

export const endpointRollout: ResourceKind<RolloutInputs> = {
  type: "mlops:serving:EndpointRollout",

  check(inputs) {
    if (hasUnknown([inputs.traffic, inputs.deployments, inputs.mirrorTraffic, inputs.steps, inputs.check])) return [];
    const deployments = Object.keys(inputs.deployments);
    const mirrorFirst = inputs.mirrorFirstPercent ?? 0;
    return [
      ...trafficProblems(inputs.traffic, deployments),
      ...mirrorProblems(inputs.mirrorTraffic ?? {}, inputs.traffic, deployments),
      ...planProblems(planOf(inputs)),
      ...(Number.isInteger(mirrorFirst) && mirrorFirst >= 0 && mirrorFirst <= 50
        ? []
        : [{ property: "mirrorFirstPercent", reason: `${mirrorFirst} is not a whole percent from 0 to 50` }]),
    ];
  },

  diff({ inputs: before }, after) {
    const found: Difference[] = [];
    if (before.endpointId !== after.endpointId) found.push({ path: "endpointId", kind: "update", replace: true });
    const [was, is] = [effective(before), effective(after)];
    for (const name of Object.keys(is) as (keyof typeof is)[]) found.push(...differences(was[name], is[name], name));
    return found;
  },

  async create(inputs, call) {
    const { moveTraffic } = await import("./moveTraffic.ts");
    return { id: `${inputs.endpointId}/rollout`, outputs: await moveTraffic(inputs, undefined, call) };
  },

  async update({ inputs: before }, inputs, call) {
    const { moveTraffic } = await import("./moveTraffic.ts");
    return moveTraffic(inputs, before, call);
  },

  async read({ inputs, outputs }, call) {
    const { readEndpoint } = await import("../azure/online.ts");
    const endpoint = await readEndpoint(await call.azure(), inputs.endpointId, call.signal);
    if (!endpoint) return undefined;
    const { traffic, mirrorTraffic, description, publicNetworkAccess, scoringUri } = endpoint.properties;
    const ours = Object.keys(inputs.tags ?? {}).filter((name) => endpoint.tags?.[name] !== undefined);
    return {
      inputs: {
        ...inputs,
        traffic: normalized(traffic),
        // Azure says {} where nothing is mirrored; that is no change of a plan that mirrors nothing.
        ...(inputs.mirrorTraffic || Object.keys(normalized(mirrorTraffic)).length > 0 ? { mirrorTraffic: normalized(mirrorTraffic) } : {}),
        ...(inputs.tags ? { tags: Object.fromEntries(ours.map((name) => [name, endpoint.tags![name]!])) } : {}),
        ...(inputs.description === undefined ? {} : { description: description ?? "" }),
        ...(inputs.publicNetworkAccess ? { publicNetworkAccess: publicNetworkAccess ?? "Enabled" } : {}),
      },
      outputs: { ...outputs, scoringUri },
    };
  },

  async delete({ inputs }, call) {
    const { takeOutOfService } = await import("./moveTraffic.ts");
    await takeOutOfService(inputs, call);
  },
};
