// What a monitor found, as its job leaves it (`signals/<name>.json`), and what is to be said of each feature.

/** The part of a signal's file that is read (github.com/Azure/azureml-assets, model_monitor_metric_outputter). */
export interface SignalFile {
  readonly signalName: string;
  readonly signalType: string;
  readonly metrics: Readonly<Record<string, Measured & { readonly groups?: Readonly<Record<string, Measured>> }>>;
}
interface Measured {
  readonly value?: number | null;
  readonly threshold?: number | null;
}

/** `beyond`: past its threshold. `few`: so, but over too few rows to tell. `missing`: the feature is watched, and nothing came. */
export type Verdict = "ok" | "beyond" | "few" | "missing" | "unmeasured";

export interface SignalRow {
  readonly signal: string;
  readonly type: string;
  /** Empty for metrics of the whole model. */
  readonly feature: string;
  readonly metric: string;
  readonly value: number | undefined;
  readonly threshold: number | undefined;
  readonly verdict: Verdict;
}

export interface SignalResult {
  readonly name: string;
  readonly type: string;
  /** Rows of the collected data in its window. */
  readonly rows: number;
  readonly baseline: number;
  readonly results: readonly SignalRow[];
}

const counts = new Set(["BaselineRowCount", "TargetRowCount", "JoinedRowCount"]);
/** Of these a small value is the bad one: probabilities that nothing has changed, and shares of right answers. */
const higherIsBetter = new Set(["TwoSampleKolmogorovSmirnovTest", "PearsonsChiSquaredTest", "Accuracy", "Precision", "Recall"]);

export const isBeyond = (metric: string, value: number, threshold: number): boolean =>
  higherIsBetter.has(metric) ? value < threshold : value > threshold;

/**
 * @param expected features that the monitor names, if it names any: what is renamed or gone shows as missing
 * @param minRows fewer rows than that tell nothing
 */
export function readSignal(file: SignalFile, expected: readonly string[], minRows: number): SignalResult {
  const count = (name: string): number => file.metrics[name]?.value ?? 0;
  const rows = file.metrics["JoinedRowCount"] ? count("JoinedRowCount") : count("TargetRowCount");
  const row = (feature: string, metric: string, { value, threshold }: Measured): SignalRow => ({
    ...{ signal: file.signalName, type: file.signalType, feature, metric },
    value: value ?? undefined,
    threshold: threshold ?? undefined,
    verdict: verdictOf(metric, value ?? undefined, threshold ?? undefined, rows < minRows),
  });
  const results = Object.entries(file.metrics)
    .filter(([metric]) => !counts.has(metric))
    .flatMap(([metric, one]) => [
      ...("value" in one ? [row("", metric, one)] : []),
      ...Object.entries(one.groups ?? {}).map(([feature, measured]) => row(feature, metric, measured)),
    ]);
  const seen = new Set(results.map(({ feature }) => feature));
  const missing = rows === 0 ? [] : expected.filter((feature) => !seen.has(feature));
  return {
    ...{ name: file.signalName, type: file.signalType, rows, baseline: count("BaselineRowCount") },
    results: [
      ...results,
      ...missing.map((feature): SignalRow => ({
        ...{
          signal: file.signalName,
          type: file.signalType,
          feature,
          metric: "",
          value: undefined,
          threshold: undefined,
          verdict: "missing",
        },
      })),
    ],
  };
}

function verdictOf(metric: string, value: number | undefined, threshold: number | undefined, few: boolean): Verdict {
  if (value === undefined) return "unmeasured";
  if (threshold === undefined || !isBeyond(metric, value, threshold)) return "ok";
  return few ? "few" : "beyond";
}

/** One line on one signal, for a person. */
export function summary({ name, rows, results }: SignalResult): string {
  const of = (verdict: Verdict): string[] =>
    results.filter((row) => row.verdict === verdict).map(({ feature, metric }) => feature || metric);
  if (rows === 0) return `${name}: no data was collected in its window`;
  const parts = [
    ...(of("beyond").length > 0 ? [`beyond the threshold: ${unique(of("beyond"))}`] : []),
    ...(of("few").length > 0
      ? [`${unique(of("few"))} beyond the threshold, but over ${rows === 1 ? "one row" : `${rows} rows`} only: that tells nothing`]
      : []),
    ...(of("missing").length > 0 ? [`no such column in the collected data: ${unique(of("missing"))} (renamed?)`] : []),
  ];
  return `${name}: ${parts.length > 0 ? parts.join("; ") : "within its thresholds"}`;
}

const unique = (names: readonly string[]): string => [...new Set(names)].join(", ");
