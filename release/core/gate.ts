// The gate: rules of mlops/gate.yml, and whether a trained model passes them.
import { z } from "zod";
import type { GateVerdict } from "./manifest.ts";

const bounds = z
  .strictObject({ min: z.number().optional(), max: z.number().optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, "must have min or max, or it rules nothing")
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, "min is above max: nothing could pass");

/** gate.yml; docs/project.md says what each means. */
export const GateRules = z.strictObject({
  metrics: z.record(z.string(), bounds).default({}),
  live: z
    .strictObject({
      metric: z.string().min(1),
      better: z.enum(["lower", "higher"], "must be lower or higher"),
      margin: z.number().min(0, "must be 0 or more").default(0),
      /** What counts when the two cannot be compared fairly, whatever was measured. */
      incomparable: z.enum(["fail", "pass"], "must be fail or pass").default("fail"),
    })
    .optional(),
  data: z
    .strictObject({
      min_rows: z.int().min(0).optional(),
      max_problems: z.int().min(0).optional(),
      /** Columns that the table must have. */
      columns: z.array(z.string().min(1)).optional(),
    })
    .default({}),
  smoke_test: z.string().min(1).optional(),
});
export type GateRules = z.infer<typeof GateRules>;

/** The load step's report.json, as far as rules speak of it. */
export interface DataReport {
  readonly rows?: number | undefined;
  readonly problems?: number | undefined;
  readonly columns?: readonly string[] | undefined;
}

/** The model that serves now. */
export interface LiveModel {
  readonly label: string;
  readonly dataVersion: string;
  /** Measured on the new model's data version; undefined when that has not been done. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  /** Why no metrics of it could be compared with the new model's: "it was made by automated ML, …". */
  readonly incomparable?: string;
}

export interface GateEvidence {
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly dataVersion: string;
  readonly report: DataReport | undefined;
  /** Undefined when nothing serves. */
  readonly live: LiveModel | undefined;
  readonly smoke: { readonly passed: boolean; readonly message: string } | undefined;
}

/** Reads gate.yml's content. @returns the rules, or every problem with its path */
export function readRules(content: unknown): { ok: true; rules: GateRules } | { ok: false; problems: string[] } {
  const read = GateRules.safeParse(content ?? {});
  if (!read.success)
    return { ok: false, problems: read.error.issues.map(({ path, message }) => `${path.join(".") || "(file)"}: ${message}`) };
  const { metrics, live, data, smoke_test } = read.data;
  if (Object.keys(metrics).length === 0 && !live && Object.keys(data).length === 0 && !smoke_test) {
    return { ok: false, problems: ["(file): it has no rule; a gate without rules lets everything through"] };
  }
  return { ok: true, rules: read.data };
}

/** One verdict for each rule. What is not known fails: a gate that lets pass what was not measured is none. */
export function judge(rules: GateRules, evidence: GateEvidence): GateVerdict[] {
  return [
    ...Object.entries(rules.metrics).map(([name, limits]) => metricVerdict(name, limits, evidence.metrics[name])),
    ...(rules.live ? [liveVerdict(rules.live, evidence)] : []),
    ...dataVerdicts(rules.data, evidence.report),
    ...(rules.smoke_test === undefined ? [] : [smokeVerdict(evidence.smoke)]),
  ];
}

function metricVerdict(name: string, { min, max }: { min?: number | undefined; max?: number | undefined }, value: unknown): GateVerdict {
  const rule = `metrics.${name}`;
  const asked = [min === undefined ? [] : [`at least ${min}`], max === undefined ? [] : [`at most ${max}`]].flat().join(" and ");
  if (typeof value !== "number" || !Number.isFinite(value))
    return { rule, passed: false, message: `${name} is ${said(value)}; it must be a number, ${asked}` };
  const passed = (min === undefined || value >= min) && (max === undefined || value <= max);
  return { rule, passed, message: `${name} is ${shown(value)}; it must be ${asked}` };
}

function liveVerdict(
  { metric, better, margin, incomparable }: NonNullable<GateRules["live"]>,
  { metrics, dataVersion, live }: GateEvidence,
): GateVerdict {
  const rule = `live.${metric}`;
  if (!live) return { rule, passed: true, message: "nothing serves yet, so there is nothing to be better than" };
  if (live.incomparable !== undefined) {
    const so =
      incomparable === "pass" ? "those who approve see both" : "live.incomparable of the gate's rules says that this does not pass";
    return { rule, passed: incomparable === "pass", message: `${live.label}, which serves, is not compared: ${live.incomparable}; ${so}` };
  }
  const [mine, theirs] = [metrics[metric], live.metrics?.[metric]];
  if (typeof mine !== "number" || !Number.isFinite(mine))
    return { rule, passed: false, message: `${metric} of the new model is ${said(mine)}` };
  if (typeof theirs !== "number" || !Number.isFinite(theirs)) {
    const why = live.metrics ? `has no ${metric}` : `was measured on data version ${live.dataVersion}, the new model on ${dataVersion}`;
    return { rule, passed: false, message: `${live.label}, which serves, ${why}; the two cannot be compared` };
  }
  const gain = better === "lower" ? theirs - mine : mine - theirs;
  const asked = margin === 0 ? "no worse" : `${better} by at least ${margin}`;
  return {
    rule,
    passed: gain >= margin,
    message: `${metric} is ${shown(mine)}, that of ${live.label}, which serves, ${shown(theirs)}; it must be ${asked}, on data version ${dataVersion}`,
  };
}

function dataVerdicts({ min_rows, max_problems, columns }: GateRules["data"], report: DataReport | undefined): GateVerdict[] {
  const verdicts: GateVerdict[] = [];
  const known = (value: number | undefined): value is number => typeof value === "number" && Number.isFinite(value);
  if (min_rows !== undefined) {
    const rows = report?.rows;
    verdicts.push({
      rule: "data.min_rows",
      passed: known(rows) && rows >= min_rows,
      message: `the table has ${known(rows) ? rows : "an unknown number of"} rows; it must have at least ${min_rows}`,
    });
  }
  if (max_problems !== undefined) {
    const found = report?.problems;
    verdicts.push({
      rule: "data.max_problems",
      passed: known(found) && found <= max_problems,
      message: `the table has ${known(found) ? found : "an unknown number of"} problems; at most ${max_problems} are allowed`,
    });
  }
  if (columns !== undefined) {
    const missing = columns.filter((name) => !report?.columns?.includes(name));
    verdicts.push({
      rule: "data.columns",
      passed: missing.length === 0,
      message: missing.length === 0 ? `the table has its ${columns.length} columns` : `the table lacks ${missing.join(", ")}`,
    });
  }
  return verdicts;
}

function smokeVerdict(smoke: GateEvidence["smoke"]): GateVerdict {
  return { rule: "smoke_test", passed: smoke?.passed === true, message: smoke?.message ?? "it was not run" };
}

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5))));
const said = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
