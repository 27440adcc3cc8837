// Checks deployments by calls sent straight to them, whatever the traffic.
import { setTimeout as sleep } from "node:timers/promises";
import type { Azure } from "../azure/client.ts";
import { score, scoringToken } from "../azure/online.ts";
import type { OnlineEndpoint } from "../azure/online.ts";
import { judge } from "../release/core/rollout.ts";
import type { CheckPlan, Sample } from "../release/core/rollout.ts";
import type { Call } from "./kind.ts";

/** A deployment broke a limit. */
export class CheckFailed extends Error {}

/** Answers that a deployment gives while it starts or while its route is new; any other refusal is about the request. */
const notYet = new Set([0, 401, 403, 404, 424, 429]);

/** Calls deployments of one endpoint and keeps what came of it. */
export class Prober {
  readonly #azure: Azure;
  readonly #endpoint: OnlineEndpoint;
  readonly #plan: CheckPlan;
  readonly #call: Call;
  readonly #samples = new Map<string, Sample[]>();
  /** Held for one rollout only, and never written anywhere. */
  #token: Promise<string> | undefined;

  constructor(azure: Azure, endpoint: OnlineEndpoint, plan: CheckPlan, call: Call) {
    this.#azure = azure;
    this.#endpoint = endpoint;
    this.#plan = plan;
    this.#call = call;
  }

  /** What the calls came to, per deployment, for the record. */
  evidence(): Record<string, string> {
    return Object.fromEntries([...this.#samples].map(([name, samples]) => [name, judge(samples, this.#plan).summary]));
  }

  /** Waits for a first good answer, then makes the plan's calls. @throws CheckFailed */
  async beforeTraffic(name: string): Promise<void> {
    if (this.#plan.calls === 0) return;
    const until = Date.now() + this.#plan.readySeconds * 1000;
    for (;;) {
      const first = await this.#probe(name);
      if (isGood(first)) break;
      const patient = notYet.has(first.status) || first.status >= 500;
      if (!patient || Date.now() > until) {
        const wait = patient ? ` within ${this.#plan.readySeconds} s` : "";
        throw new CheckFailed(`${name} gives no good answer${wait} (${first.status || "no answer"}: ${first.message ?? ""})`);
      }
      this.#call.say(`${name} is not ready (${first.status || "no answer"}); trying again`);
      await this.#pause(1_000);
    }
    const samples: Sample[] = [];
    while (samples.length < this.#plan.calls) samples.push(await this.#probe(name));
    this.#accept(name, samples, "before any traffic");
  }

  /** Calls the deployments all through the bake time, at least the plan's number of times. @throws CheckFailed */
  async bake(names: readonly string[], seconds: number): Promise<void> {
    if (this.#plan.calls === 0 || names.length === 0) return this.#pause(seconds * 1000);
    const until = Date.now() + seconds * 1000;
    const pause = Math.min(1_000, (seconds * 1000) / this.#plan.calls);
    const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
    for (let round = 1; Date.now() < until || round <= this.#plan.calls; round += 1) {
      for (const [name, kept] of samples) {
        kept.push(await this.#probe(name));
        // Not only at the end: a deployment that fails must not serve for the rest of the time.
        if (round >= this.#plan.calls) this.#accept(name, kept, "with traffic");
      }
      this.#call.say(`watching ${names.join(", ")}: ${Math.max(0, Math.round((until - Date.now()) / 1000))} s left`);
      if (Date.now() < until) await this.#pause(pause);
    }
  }

  #accept(name: string, samples: readonly Sample[], when: string): void {
    this.#samples.set(name, [...samples]);
    const verdict = judge(samples, this.#plan);
    if (!verdict.ok) throw new CheckFailed(`${name} failed its check ${when}: ${verdict.summary}`);
    this.#call.say(`${name}: ${verdict.summary}`);
  }

  async #probe(deployment: string): Promise<Sample> {
    this.#token ??= scoringToken(this.#azure, this.#endpoint, this.#call.signal);
    const { status, milliseconds, body } = await score(
      this.#endpoint.properties.scoringUri ?? "",
      { token: await this.#token, body: this.#plan.request, deployment },
      { signal: this.#call.signal, timeoutMs: 60_000 },
    );
    const sample = { status, milliseconds };
    return isGood(sample) ? sample : { ...sample, message: body.replaceAll(/\s+/g, " ").slice(0, 200) };
  }

  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: this.#call.signal });
  }
}

const isGood = ({ status }: Sample): boolean => status >= 200 && status < 300;
