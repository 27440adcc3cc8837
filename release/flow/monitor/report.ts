// A monitor's report: Markdown, with one plot a signal and its course over the runs beside it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bars, trend, type Bar, type Point } from "../../core/charts.ts";
import { isBeyond, summary, type SignalResult, type SignalRow } from "../../core/signals.ts";
import type { FiredAlert, MonitorRun } from "./read.ts";

const shown = (value: number | undefined): string => (value === undefined ? "–" : Number(value.toPrecision(3)).toString());

/** How far a value is on its way to the threshold, 1 being there; of probabilities and scores the way down. */
export function shareOf({ metric, value, threshold }: SignalRow): number | undefined {
  if (value === undefined || threshold === undefined) return undefined;
  const down = isBeyond(metric, -Infinity, threshold);
  if (down) return value <= 0 ? 4 : Math.min(4, threshold / value);
  return threshold === 0 ? (value > 0 ? 4 : 0) : value / threshold;
}

/** Writes `report.md` and its plots into `folder`; returns the report's path. */
export function writeReport(
  folder: string,
  stage: string,
  monitor: string,
  runs: readonly MonitorRun[],
  alerts: readonly FiredAlert[],
): string {
  mkdirSync(folder, { recursive: true });
  const [latest] = runs.filter(({ signals }) => signals.length > 0);
  const lines = [`# Monitor ${monitor}, stage ${stage}`, ""];
  if (!latest) lines.push(runs.length === 0 ? "It has not run yet." : `Its newest run, ${runs[0]!.job}, is ${runs[0]!.status}.`);
  else {
    lines.push(`Run ${latest.job}, ${latest.at.slice(0, 16).replace("T", " ")} UTC.`, "");
    for (const signal of latest.signals) lines.push(...section(folder, signal, runs));
  }
  lines.push(
    "## Alerts",
    "",
    ...(alerts.length === 0 ? ["None is on."] : alerts.map((one) => `- ${one.severity} ${one.rule} on ${one.target}, since ${one.since}`)),
  );
  const file = join(folder, "report.md");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function section(folder: string, signal: SignalResult, runs: readonly MonitorRun[]): string[] {
  const { name, type, rows, baseline, results } = signal;
  const lines = [`## ${name} (${type})`, "", `${summary(signal)}. ${rows} rows, compared with ${baseline}.`, ""];
  if (results.length === 0) return lines;
  writeFileSync(join(folder, `${name}.svg`), bars(`${name}: distance from the threshold`, results.map(barOf)));
  lines.push(`![${name}](${name}.svg)`, "");
  const course = runs.flatMap(({ at, signals }): Point[] => {
    const shares = signals.filter((one) => one.name === name).flatMap((one) => one.results.flatMap((row) => shareOf(row) ?? []));
    return shares.length > 0 ? [{ at: Date.parse(at), share: Math.max(...shares) }] : [];
  });
  writeFileSync(join(folder, `${name}-trend.svg`), trend(`${name}: the largest distance of each run`, course.toReversed()));
  lines.push(`![${name}, over time](${name}-trend.svg)`, "", "| feature | metric | value | threshold | |", "|---|---|---|---|---|");
  for (const row of results)
    lines.push(`| ${row.feature || "–"} | ${row.metric || "–"} | ${shown(row.value)} | ${shown(row.threshold)} | ${verdictWord(row)} |`);
  return [...lines, ""];
}

const barOf = (row: SignalRow): Bar => ({
  label: row.feature || row.metric,
  share: shareOf(row),
  note:
    row.verdict === "missing"
      ? "no such column"
      : `${shown(row.value)} of ${shown(row.threshold)}${row.feature && row.type === "DataQuality" ? ` ${row.metric}` : ""}`,
  bad: row.verdict === "beyond" || row.verdict === "missing",
});

/** What a person reads in the last column. */
export const verdictWord = ({ verdict }: SignalRow): string =>
  ({ ok: "ok", beyond: "beyond", few: "too few rows", missing: "no such column", unmeasured: "not measured" })[verdict];
