// `mlops monitor`: what a stage's monitor found, as a table, with plots and a report beside; which alerts are on.
import { join, resolve } from "node:path";
import { type Command, CommandError, option, UsageError } from "../command.ts";
import { type SignalRow, summary } from "../core/signals.ts";
import { followJob } from "../flow/follow.ts";
import { firedAlerts, monitorIn, monitorRuns, runNow } from "../flow/monitor/read.ts";
import { shareOf, verdictWord, writeReport } from "../flow/monitor/report.ts";
import { retrainSettings } from "../flow/monitor/settings.ts";
import { open, stageOptions } from "../open.ts";
import { table } from "../table.ts";

export const monitor: Command = {
  name: "monitor",
  summary: "show what a stage's monitor found: drift, quality, error, and the alerts that are on",
  details:
    "Reads the newest run of the monitor (mlops/monitor.yml; settings collect and monitor), prints each feature with its value and threshold, and writes " +
    "report.md with a plot a signal. A signal over fewer rows than retrain.minRows tells nothing and is marked so. Exit code 1 with --check when something is beyond its threshold.",
  examples: [
    "npx mlops monitor --stage prod",
    "npx mlops monitor --stage prod --run            # now, not at its next time",
    "npx mlops monitor --stage prod --json --check",
  ],
  options: [
    ...stageOptions,
    { flags: "--run", description: "start the monitor now and wait for its end" },
    { flags: "--last <number>", description: "how many runs the course over time shows", default: "20" },
    { flags: "--out <folder>", description: "where report and plots go; default: monitor/<stage>" },
    { flags: "--check", description: "exit code 1 when a signal is beyond its threshold or a watched column is missing" },
  ],
  async run(call) {
    const last = Number(option(call, "last"));
    if (!Number.isInteger(last) || last < 1)
      throw new UsageError(`--last is "${option(call, "last")}"; it must be a whole number from 1 on`);
    const { stage, pulumi, workspace } = await open(call);
    const id = monitorIn(workspace);
    const name = id.split("/").at(-1)!;
    const { minRows } = await retrainSettings(pulumi, stage);
    if (call.options["run"] === true) {
      const job = await runNow(workspace, id);
      call.out.progress(`monitor  ${name} runs as job ${job}`);
      const end = await followJob(workspace, job, {
        signal: call.signal,
        onLine: (_step, line) => call.out.progress(`  ${line}`),
        onStatus: (step, status) => call.out.progress(`monitor  ${step ?? "job"} ${status}`),
      });
      if (end.status !== "Completed")
        throw new CommandError(`the monitor's job ${job} ended ${end.status}: ${end.error ?? "see its logs"}`);
    }
    const [runs, alerts] = await Promise.all([monitorRuns(workspace, id, last, minRows, call.signal), firedAlerts(workspace)]);
    const latest = runs.find(({ signals }) => signals.length > 0);
    const report = option(call, "out") ?? join("monitor", stage);
    writeReport(resolve(call.repo, report), stage, name, runs, alerts);
    if (!latest) {
      call.out.print(
        runs.length === 0
          ? `monitor ${name} has not run yet; it runs by its trigger, or now with --run`
          : `monitor ${name}: its newest run ${runs[0]!.job} is ${runs[0]!.status}`,
      );
    } else {
      const head = ["signal", "feature", "metric", "value", "threshold", ""];
      const rows = latest.signals.flatMap(({ name: signal, rows: count, results }) =>
        results.length === 0
          ? [[signal, "–", "–", "–", "–", count === 0 ? "no data" : "nothing measured"]]
          : folded(results).map((cells, i) => [i === 0 ? signal : "", ...cells]),
      );
      call.out.print(`monitor ${name}, run ${latest.job}\n\n${table(head, rows, ["left", "left", "left", "right", "right"])}\n`);
      for (const signal of latest.signals) call.out.print(summary(signal));
    }
    call.out.print(
      alerts.length === 0 ? "alerts: none is on" : `alerts: ${alerts.map(({ severity, rule }) => `${severity} ${rule}`).join(", ")}`,
    );
    call.out.print(`report: ${join(report, "report.md")}, with plots`);
    call.out.result({ stage, monitor: name, run: latest ?? runs[0] ?? null, alerts, report: join(report, "report.md") });
    const wrong =
      latest?.signals.filter(({ results }) => results.some(({ verdict }) => verdict === "beyond" || verdict === "missing")) ?? [];
    if (call.options["check"] === true && wrong.length > 0)
      throw new CommandError(wrong.map(summary).join("; "), `see ${join(report, "report.md")}`);
  },
};

/** A row for each feature that is not as it should be; the others of a metric together, with the value that is nearest to the threshold. */
function folded(results: readonly SignalRow[]): string[][] {
  const cells = (row: SignalRow, feature: string): string[] => [
    feature,
    row.metric || "–",
    number(row.value),
    number(row.threshold),
    verdictWord(row),
  ];
  return [...new Set(results.map(({ metric }) => metric))].flatMap((metric) => {
    const own = results.filter((row) => row.metric === metric);
    const fine = own.filter(({ verdict }) => verdict === "ok");
    const [nearest] = fine.toSorted((a, b) => (shareOf(b) ?? 0) - (shareOf(a) ?? 0));
    const rest =
      fine.length > 3 && nearest
        ? [cells(nearest, `${fine.length} ${fine.length === own.length ? "features" : "others"}, ${nearest.feature} the most`)]
        : fine.map((row) => cells(row, row.feature || "–"));
    return [...own.filter(({ verdict }) => verdict !== "ok").map((row) => cells(row, row.feature || "–")), ...rest];
  });
}

const number = (value: number | undefined): string => (value === undefined ? "–" : Number(value.toPrecision(4)).toString());
