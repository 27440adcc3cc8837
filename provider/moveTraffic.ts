// Moves an endpoint's traffic from where it is to where it should be, step by step, and back to the last good split when a check
// fails. May be killed at any moment: a tag on the endpoint tells the next run what the last good split was.
import { setTimeout as sleep } from "node:timers/promises";
import type { Azure } from "../azure/client.ts";
import { isConflict, isNotFound } from "../azure/errors.ts";
import { nameOf } from "../azure/ids.ts";
import { deploymentStates, readEndpoint, writeEndpoint } from "../azure/online.ts";
import type { EndpointChange, OnlineEndpoint } from "../azure/online.ts";
import { formatTraffic, gaining, lastGoodTag, normalized, parseTraffic, remainingSplits, sameTraffic } from "../release/core/rollout.ts";
import type { Traffic } from "../release/core/rollout.ts";
import { CheckFailed, Prober } from "./probe.ts";
import type { Call, Properties } from "./kind.ts";
import { whileRolesSettle } from "./patience.ts";
import type { RolloutInputs } from "./rollout.ts";

/** How long another change of the same endpoint is waited for: a deployment may take this long. */
const settleMs = 30 * 60_000;

/** Someone else moved the traffic meanwhile: neither going on nor going back would be right. */
class Interference extends Error {}

/** Carries out a rollout and returns the resource's outputs. `before` is undefined for the first one. */
export async function moveTraffic(inputs: RolloutInputs, before: RolloutInputs | undefined, call: Call): Promise<Properties> {
  const azure = await call.azure();
  const mover = new Mover(azure, inputs, before, call);
  const start = await whileRolesSettle(call, () => mover.settled());
  const live = normalized(start.properties.traffic);
  const lastGood = await mover.lastGood(start, live);
  const to = normalized(inputs.traffic);
  await mover.requireReady(Object.keys(to));

  const changed = Object.keys(to).filter(
    (name) => before !== undefined && !sameContent(before.deployments[name], inputs.deployments[name]),
  );
  const probed = [...new Set([...gaining(lastGood, to), ...changed])];
  const prober = new Prober(azure, start, inputs.check, call);
  let position: Traffic = live;
  try {
    for (const name of probed) await prober.beforeTraffic(name);
    const way = remainingSplits(lastGood, live, to, inputs.steps);
    // Mirrored requests show what live ones would do, before any caller sees the answer.
    const first = probed.length === 1 && (live[probed[0]!] ?? 0) === 0 ? probed[0] : undefined;
    if (first && inputs.mirrorFirstPercent && way.length > 0) {
      await mover.write(position, position, { [first]: inputs.mirrorFirstPercent }, lastGood);
      call.note(`mirroring ${inputs.mirrorFirstPercent} % to ${first} for ${inputs.bakeSeconds} s`);
      await prober.bake([first], inputs.bakeSeconds);
    }
    for (const split of way) {
      const last = split === way.at(-1);
      // Without a time to watch, the last split needs no step of its own: the write below sets it.
      if (last && inputs.bakeSeconds === 0) break;
      await mover.write(position, split, {}, lastGood);
      position = split;
      call.note(`traffic ${formatTraffic(split)}${inputs.bakeSeconds > 0 ? `, watched for ${inputs.bakeSeconds} s` : ""}`);
      await prober.bake(probed, inputs.bakeSeconds);
    }
    const end = await mover.write(position, to, normalized(inputs.mirrorTraffic), undefined);
    if (way.length > 0) call.note(`traffic ${formatTraffic(to)}`);
    return { ...inputs, scoringUri: end.properties.scoringUri ?? "", evidence: prober.evidence() };
  } catch (error) {
    throw await mover.goBack(lastGood, error);
  }
}

/** Was nothing done to a deployment? A frozen one says no more than its model: it stays as it was, whatever it was. */
const sameContent = (was: string | undefined, is: string | undefined): boolean =>
  was === is || (was !== undefined && is !== undefined && was.startsWith(`${is},`));

/** No traffic to anything, so that the deployments may be deleted. Nothing there is no error. */
export async function takeOutOfService(inputs: RolloutInputs, call: Call): Promise<void> {
  const azure = await call.azure();
  const mover = new Mover(azure, inputs, inputs, call);
  try {
    const endpoint = await mover.settled();
    if (sameTraffic(endpoint.properties.traffic, {}) && sameTraffic(endpoint.properties.mirrorTraffic, {})) return;
    await mover.writeAnyway({}, {});
  } catch (error) {
    if (!(error instanceof EndpointGone) && !isNotFound(error)) throw error;
  }
}

class EndpointGone extends Error {}

class Mover {
  readonly #azure: Azure;
  readonly #inputs: RolloutInputs;
  readonly #before: RolloutInputs | undefined;
  readonly #call: Call;

  constructor(azure: Azure, inputs: RolloutInputs, before: RolloutInputs | undefined, call: Call) {
    this.#azure = azure;
    this.#inputs = inputs;
    this.#before = before;
    this.#call = call;
  }

  /** The endpoint, once nothing is being done to it. */
  async settled(signal: AbortSignal | undefined = this.#call.signal): Promise<OnlineEndpoint> {
    const until = Date.now() + settleMs;
    for (let pause = 1_000; ; pause = Math.min(pause * 1.5, 15_000)) {
      const endpoint = await readEndpoint(this.#azure, this.#inputs.endpointId, signal);
      const name = nameOf(this.#inputs.endpointId);
      if (!endpoint) throw new EndpointGone(`the endpoint ${name} does not exist; it was deleted outside of Pulumi: run pulumi refresh`);
      const state = endpoint.properties.provisioningState ?? "Succeeded";
      if (["Succeeded", "Failed", "Canceled"].includes(state)) return endpoint;
      if (Date.now() > until) throw new Error(`the endpoint ${name} is still ${state} after ${settleMs / 60_000} minutes`);
      this.#call.say(`the endpoint is ${state}; waiting`);
      await sleep(pause, undefined, signal ? { signal } : {});
    }
  }

  /** The split to go back to: what an interrupted run wrote down, else what is live. The state's own split is where a run has ended. */
  async lastGood(endpoint: OnlineEndpoint, live: Traffic): Promise<Traffic> {
    const kept = parseTraffic(endpoint.tags?.[lastGoodTag]);
    if (!kept || (this.#before && sameTraffic(this.#before.traffic, live))) return live;
    const there = await deploymentStates(this.#azure, this.#inputs.endpointId, this.#call.signal);
    if (!Object.keys(kept).every((name) => there.has(name))) return live;
    this.#call.note(`an earlier rollout was interrupted at ${formatTraffic(live)}; the last good split is ${formatTraffic(kept)}`);
    return kept;
  }

  /** Azure takes traffic only to deployments that exist; one that failed must not get any. */
  async requireReady(names: readonly string[]): Promise<void> {
    const states = await deploymentStates(this.#azure, this.#inputs.endpointId, this.#call.signal);
    for (const name of names) {
      const state = states.get(name);
      if (state === undefined)
        throw new Error(`${name} shall get traffic but is not deployed; there is ${[...states.keys()].join(", ") || "nothing"}`);
      if (state === "Failed" || state === "Canceled")
        throw new Error(`${name} shall get traffic but its deployment is ${state}; see its logs`);
    }
  }

  /**
   * Writes a split. Other changes of the endpoint are waited out; a change of its traffic that is not ours stops the rollout.
   * `lastGood` goes onto the endpoint as a tag; a write that gives undefined takes it off, if it has anything else to change.
   */
  async write(expected: Traffic, traffic: Traffic, mirrorTraffic: Traffic, lastGood: Traffic | undefined): Promise<OnlineEndpoint> {
    return this.#write((endpoint, tried) => {
      const live = endpoint.properties.traffic;
      // A write whose answer was lost may have arrived.
      if (!sameTraffic(live, expected) && !(tried && sameTraffic(live, traffic))) {
        throw new Interference(
          `the traffic is ${formatTraffic(live)} where this rollout had left ${formatTraffic(expected)}: someone else changed it. ` +
            "Nothing more was changed; decide which is right, then run the command again",
        );
      }
      return { traffic, mirrorTraffic };
    }, lastGood);
  }

  /** Writes a split whatever the traffic is. */
  async writeAnyway(traffic: Traffic, mirrorTraffic: Traffic, signal?: AbortSignal): Promise<OnlineEndpoint> {
    return this.#write(() => ({ traffic, mirrorTraffic }), undefined, signal);
  }

  /** Puts the last good split back and gives the error to end with. */
  async goBack(lastGood: Traffic, error: unknown): Promise<Error> {
    const reason = error instanceof Error ? error : new Error(String(error));
    if (reason instanceof Interference || reason instanceof EndpointGone) return reason;
    const what = this.#call.signal.aborted ? "the rollout was interrupted" : reason.message;
    try {
      // An interrupted run still goes back, hence no signal here.
      const endpoint = await this.settled(AbortSignal.timeout(settleMs));
      const there = sameTraffic(endpoint.properties.traffic, lastGood) && !endpoint.tags?.[lastGoodTag];
      if (!there) await this.writeAnyway(lastGood, {}, AbortSignal.timeout(settleMs));
    } catch (second) {
      const live = second instanceof Error ? second.message : String(second);
      return new Error(`${what}. Going back to ${formatTraffic(lastGood)} failed as well: ${live}. Run the command again`, {
        cause: reason,
      });
    }
    const kind = reason instanceof CheckFailed ? "" : "the rollout failed: ";
    const serves =
      Object.keys(normalized(lastGood)).length === 0 ? "nothing serves, as before" : `the traffic is ${formatTraffic(lastGood)}, as before`;
    return new Error(`${kind}${what}; ${serves}`, { cause: reason });
  }

  async #write(
    decide: (endpoint: OnlineEndpoint, tried: boolean) => { traffic: Traffic; mirrorTraffic: Traffic },
    lastGood: Traffic | undefined,
    signal: AbortSignal | undefined = this.#call.signal,
  ): Promise<OnlineEndpoint> {
    const until = Date.now() + settleMs;
    for (let tried = false; ; tried = true) {
      const endpoint = await this.settled(signal);
      const { traffic, mirrorTraffic } = decide(endpoint, tried);
      const change: EndpointChange = {
        traffic,
        mirrorTraffic,
        tags: this.#tags(endpoint, lastGood),
        ...(this.#inputs.description === undefined ? {} : { description: this.#inputs.description }),
        ...(this.#inputs.publicNetworkAccess ? { publicNetworkAccess: this.#inputs.publicNetworkAccess } : {}),
      };
      // A PUT of an endpoint takes Azure minutes, whether it changes something or not.
      if (isAlready(endpoint, change)) return endpoint;
      try {
        return await writeEndpoint(this.#azure, endpoint, change, { signal });
      } catch (error) {
        if (!isConflict(error) || Date.now() > until) throw error;
        this.#call.say("the endpoint is being changed; waiting");
        await sleep(1_000, undefined, signal ? { signal } : {});
      }
    }
  }

  /** Others' tags stay; ours that are no longer wanted go. */
  #tags(endpoint: OnlineEndpoint, lastGood: Traffic | undefined): Record<string, string> {
    const ours = new Set([lastGoodTag, ...Object.keys(this.#before?.tags ?? {})]);
    const others = Object.entries(endpoint.tags ?? {}).filter(([name]) => !ours.has(name));
    return {
      ...Object.fromEntries(others),
      ...this.#inputs.tags,
      ...(lastGood === undefined ? {} : { [lastGoodTag]: formatTraffic(lastGood) }),
    };
  }
}

/** True when a write would change nothing. */
function isAlready({ tags, properties }: OnlineEndpoint, change: EndpointChange): boolean {
  const sorted = (values: Readonly<Record<string, string>> | undefined): string =>
    JSON.stringify(
      Object.entries(values ?? {})
        .filter(([name]) => name !== lastGoodTag || lastGoodTag in (change.tags ?? {}))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  return (
    sameTraffic(properties.traffic, change.traffic) &&
    sameTraffic(properties.mirrorTraffic, change.mirrorTraffic) &&
    sorted(tags) === sorted(change.tags) &&
    (change.description === undefined || change.description === (properties.description ?? "")) &&
    (change.publicNetworkAccess === undefined || change.publicNetworkAccess === (properties.publicNetworkAccess ?? "Enabled"))
  );
}
