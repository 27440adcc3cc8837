// The traffic of a stage's endpoint outside of a rollout: all of it to one slot, in one write, whatever a rollout had in mind.
import type { Azure } from "../../../azure/client.ts";
import { isConflict } from "../../../azure/errors.ts";
import { readEndpoint, writeEndpoint } from "../../../azure/online.ts";
import { type Call, CommandError } from "../../command.ts";
import { lastGoodTag, sameTraffic } from "../../core/rollout.ts";
import type { Slot } from "../../core/slots.ts";
import type { Pulumi } from "../../pulumi.ts";
import { pause } from "../follow.ts";

/** Id of the endpoint that the stack's state has; a stack whose first `up` was killed has no outputs yet that would tell. */
export async function endpointInState(pulumi: Pulumi, stage: string): Promise<string | undefined> {
  const found = (await pulumi.resources(stage)).find(({ type }) => type.endsWith(":OnlineEndpoint") && type.startsWith("azure-native:"));
  return found?.id;
}

/**
 * Gives all traffic to a slot, or takes it from all. Other changes of the endpoint are waited out. False: so it was already.
 * @throws CommandError when the endpoint is gone
 */
export async function allTrafficTo(
  call: Pick<Call, "out" | "signal">,
  azure: Azure,
  endpointId: string,
  slot: Slot | undefined,
): Promise<boolean> {
  const traffic = slot === undefined ? {} : { [slot]: 100 };
  for (;;) {
    const endpoint = await readEndpoint(azure, endpointId, call.signal);
    if (!endpoint) throw new CommandError(`endpoint ${endpointId.split("/").at(-1)} is gone`, "pulumi up --refresh makes it again");
    const { [lastGoodTag]: _lastGood, ...tags } = endpoint.tags ?? {};
    const { properties } = endpoint;
    if (sameTraffic(properties.traffic, traffic) && sameTraffic(properties.mirrorTraffic, {})) return false;
    try {
      await writeEndpoint(azure, endpoint, { traffic, mirrorTraffic: {}, tags }, { signal: call.signal });
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      call.out.progress("back   the endpoint is being changed; waiting");
      await pause(500, call.signal);
    }
  }
}
