// Evaluates metric alerts in their frequency, keeps their alerts, and tells their action groups.
import { randomUUID } from "node:crypto";
import type { ArmResource, SandboxContext } from "../core.ts";
import { durationMs } from "../serving/durations.ts";
import { servingOf } from "../serving/registered.ts";
import { metricNamed, readSeries } from "../serving/series.ts";
import { criterion, metricAlerts, type Criterion } from "../types/alerts.ts";
import { met, next, type AlertState, type Measured } from "./evaluate.ts";
import { notify } from "./notify.ts";

/** What is kept of one alert. */
export interface KeptAlert extends AlertState {
  readonly id: string;
  readonly rule: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly firedAt: string;
  readonly changedAt: string;
}

export type Measure = (target: ArmResource, criterion: Criterion, from: number, to: number) => Promise<readonly Measured[]>;

const tickMs = 1000;

export class AlertWatch {
  readonly #sandbox: SandboxContext;
  readonly #measure: Measure;
  readonly #due = new Map<string, { readonly etag: string | undefined; at: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(sandbox: SandboxContext, measure: Measure = measured(sandbox)) {
    this.#sandbox = sandbox;
    this.#measure = measure;
    sandbox.db.exec(
      "CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, rule TEXT NOT NULL, series TEXT NOT NULL, alert TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(Date.now()), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the rules that are due at that time. A rule that fails is logged and comes again at its next time. */
  async tick(now: number): Promise<void> {
    const rules = this.#sandbox.resources.all(metricAlerts.type).filter(({ properties }) => properties["enabled"] === true);
    for (const rule of rules) {
      const frequency = durationMs(String(rule.properties["evaluationFrequency"]))!;
      const due = this.#due.get(rule.id);
      if (!due || due.etag !== rule.etag) {
        this.#due.set(rule.id, { etag: rule.etag, at: now + frequency });
        continue;
      }
      if (due.at > now) continue;
      due.at = now + frequency;
      await this.evaluate(rule, now).catch((error: Error) => this.#sandbox.log("alerts", `${rule.name}: ${error.message}`));
    }
    const there = new Set(rules.map(({ id }) => id));
    for (const id of this.#due.keys()) if (!there.has(id)) this.#due.delete(id);
  }

  /** One evaluation at that time. */
  async evaluate(rule: ArmResource, now: number): Promise<void> {
    const { scopes, windowSize, criteria, autoMitigate } = rule.properties as {
      scopes: string[];
      windowSize: string;
      criteria: { allOf: unknown[] };
      autoMitigate: boolean;
    };
    const target = this.#sandbox.resources.get(scopes[0]!);
    if (!target) return;
    const from = now - durationMs(windowSize)!;
    const wanted = criteria.allOf.map((raw) => criterion.parse(raw));
    /** Series → what each criterion found in it. All have to be met. */
    const found = new Map<string, { dimensions: Measured["dimensions"]; results: ReturnType<typeof met>[] }>();
    for (const one of wanted) {
      for (const series of await this.#measure(target, one, from, now)) {
        const key = JSON.stringify(series.dimensions);
        const entry = found.get(key) ?? { dimensions: series.dimensions, results: [] };
        entry.results.push(met(one, series));
        found.set(key, entry);
      }
    }
    const kept = new Map(alertsOf(this.#sandbox, rule.id).map((alert) => [JSON.stringify(alert.dimensions), alert]));
    // A count of what no longer happens has no series at all: nothing is wrong there any more.
    for (const [series, { dimensions }] of kept) if (!found.has(series)) found.set(series, { dimensions, results: [] });
    for (const [series, { dimensions, results }] of found) {
      const measuredAll = results.length === wanted.length && results.every((result) => result !== undefined);
      const bad = results.length === 0 ? false : measuredAll ? results.every((result) => result.met) : undefined;
      const before = kept.get(series);
      const { state, tell } = next(before, bad, autoMitigate);
      if (!state || (before && before.good === state.good && before.condition === state.condition && !tell)) continue;
      const time = new Date(now).toISOString();
      // An alert that was resolved is over: what fires then is another one.
      const again = tell === "Fired" && before?.condition !== "Fired";
      const alert: KeptAlert = {
        ...state,
        id: before && !again ? before.id : randomUUID(),
        rule: rule.id,
        dimensions,
        firedAt: before && !again ? before.firedAt : time,
        changedAt: tell ? time : before!.changedAt,
      };
      this.#keep(alert, series, before && again ? before.id : undefined);
      if (tell)
        this.#tell(
          rule,
          alert,
          wanted.map((one, i) => ({ ...one, value: results[i]?.value ?? 0 })),
          from,
          now,
        );
    }
  }

  #keep(alert: KeptAlert, series: string, instead: string | undefined): void {
    if (instead) this.#sandbox.db.prepare("DELETE FROM alerts WHERE id = ?").run(instead);
    this.#sandbox.db
      .prepare("INSERT INTO alerts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET alert = excluded.alert")
      .run(alert.id, alert.rule.toLowerCase(), series, JSON.stringify(alert));
  }

  #tell(rule: ArmResource, alert: KeptAlert, conditions: (Criterion & { value: number })[], from: number, to: number): void {
    for (const { actionGroupId } of rule.properties["actions"] as { actionGroupId: string }[]) {
      const group = this.#sandbox.resources.get(actionGroupId);
      if (!group) continue;
      notify(this.#sandbox, group, {
        ...{ alertId: alert.id, rule, condition: alert.condition, firedAt: alert.firedAt, dimensions: alert.dimensions },
        resolvedAt: alert.condition === "Resolved" ? alert.changedAt : undefined,
        conditions: conditions.map(({ metricName, operator, threshold, value, timeAggregation }) => ({
          metricName,
          operator,
          threshold,
          value,
          timeAggregation,
        })),
        ...{ windowStart: new Date(from).toISOString(), windowEnd: new Date(to).toISOString() },
      });
    }
  }
}

/** Alerts of one rule, or of all; the newest last. */
export function alertsOf(sandbox: Pick<SandboxContext, "db">, rule?: string): KeptAlert[] {
  return sandbox.db
    .prepare("SELECT alert FROM alerts WHERE ?1 IS NULL OR rule = ?1")
    .all(rule?.toLowerCase() ?? null)
    .map((row) => JSON.parse(String(row["alert"])) as KeptAlert)
    .toSorted((a, b) => (a.firedAt < b.firedAt ? -1 : 1));
}

/** Metrics by the minute, as Azure stores them. */
const stepSeconds = 60;

/** What serving measured. Latencies of minutes without requests are no measurement; of counts, none is 0. */
function measured(sandbox: SandboxContext): Measure {
  return async (target, one, from, to) => {
    const known = metricNamed(one.metricName, target.type);
    const filter = (one.dimensions ?? []).flatMap(({ name, values }) => values.map((value) => `${name} eq '${value}'`)).join(" or ");
    const serving = await servingOf(sandbox);
    const all = await readSeries(sandbox, serving, target, known, filter, { from, to, stepSeconds });
    if (!known[0].startsWith("RequestLatency"))
      return all.map(({ dimensions, steps }) => ({ dimensions, values: steps.map(({ value }) => value) }));
    return all.map(({ dimensions, steps }) => ({ dimensions, values: steps.flatMap(({ value }) => (value > 0 ? [value] : [])) }));
  };
}
