// Autoscale: looks at every setting, and scales its deployment by a write of Resource Manager, as anyone else would.
import { engineOf } from "../arm/current.ts";
import { parsePath } from "../arm/ids.ts";
import { ArmError } from "../core.ts";
import type { ArmResource, Room, SandboxContext } from "../core.ts";
import { durationMs } from "../serving/durations.ts";
import { servingOf } from "../serving/registered.ts";
import { metricNamed, readSeries } from "../serving/series.ts";
import { autoscaleSettings, type Profile, type ScaleRule } from "../types/autoscale.ts";
import { wantedInstances } from "./decide.ts";

const tickMs = 5000;
const minute = 60_000;

export class Autoscale {
  readonly #sandbox: SandboxContext;
  /** Setting → when it scaled last. */
  readonly #last = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(sandbox: SandboxContext) {
    this.#sandbox = sandbox;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(Date.now()), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async tick(now: number): Promise<void> {
    for (const setting of this.#sandbox.resources.all(autoscaleSettings.type)) {
      if (setting.properties["enabled"] !== true) continue;
      await this.scale(setting, now).catch((error: Error) => this.#sandbox.log("autoscale", `${setting.name}: ${error.message}`));
    }
  }

  async scale(setting: ArmResource, now: number): Promise<void> {
    const target = this.#sandbox.resources.get(String(setting.properties["targetResourceUri"]));
    // While it is made or changed nothing is measured that counts.
    if (!target || target.properties["provisioningState"] !== "Succeeded") return;
    const [profile] = setting.properties["profiles"] as Profile[];
    const values = new Map<ScaleRule, number | undefined>();
    for (const rule of profile!.rules) values.set(rule, await this.#measured(rule, now));
    const instances = Number(target.sku?.["capacity"] ?? 1);
    const since = now - (this.#last.get(setting.id) ?? -Infinity);
    const wanted = wantedInstances(
      profile!,
      instances,
      since,
      (rule) => values.get(rule),
      (rule) => this.#time(rule.scaleAction.cooldown),
    );
    if (wanted === instances) return;
    const body = { sku: { ...target.sku, capacity: wanted } };
    const asked = { id: parsePath(target.id), apiVersion: "2024-10-01", principalId: setting.id, query: new URLSearchParams() };
    try {
      await engineOf(this.#sandbox).write(asked, body, "PATCH");
    } catch (error) {
      // Somebody changes it at this moment; there is a next time.
      if (error instanceof ArmError && error.status === 409) return;
      throw error;
    }
    this.#last.set(setting.id, now);
    this.#sandbox.log("autoscale", `${target.name}: ${instances} → ${wanted} instances`);
  }

  /** Azure's minutes, shorter where time passes faster. */
  #time(duration: string): number {
    return (durationMs(duration) ?? minute) / this.#sandbox.scale;
  }

  async #measured({ metricTrigger }: ScaleRule, now: number): Promise<number | undefined> {
    const { metricName, metricResourceUri, timeWindow, timeAggregation } = metricTrigger;
    const resource = this.#sandbox.resources.get(metricResourceUri);
    if (!resource) return undefined;
    const known = metricNamed(metricName, resource.type);
    const filter = (metricTrigger.dimensions ?? [])
      .flatMap(({ DimensionName, Values }) => Values.map((value) => `${DimensionName} eq '${value}'`))
      .join(" or ");
    const stepSeconds = Math.max(5, Math.round(this.#time(metricTrigger.timeGrain) / 1000));
    const query = { from: now - Math.max(this.#time(timeWindow), stepSeconds * 1000), to: now, stepSeconds };
    const all = await readSeries(this.#sandbox, await servingOf(this.#sandbox), resource, known, filter, query);
    const steps = all.flatMap(({ steps }) => steps.map(({ value }) => value));
    // A latency of 0 is a minute without requests: no measurement.
    const measured = known[0].startsWith("RequestLatency") ? steps.filter((value) => value > 0) : steps;
    if (measured.length === 0) return undefined;
    const sum = measured.reduce((total, value) => total + value, 0);
    if (timeAggregation === "Total") return sum;
    if (timeAggregation === "Count") return measured.length;
    if (timeAggregation === "Last") return measured.at(-1);
    if (timeAggregation === "Minimum") return Math.min(...measured);
    return timeAggregation === "Maximum" ? Math.max(...measured) : sum / measured.length;
  }
}

let autoscale: Autoscale | undefined;

export const room: Room = {
  name: "autoscale",
  start(sandbox) {
    autoscale = new Autoscale(sandbox);
    autoscale.start();
  },
  stop() {
    autoscale?.stop();
  },
};
