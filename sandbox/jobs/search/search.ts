// What a search is: one step run many times with other values, and the best of them by one metric (sweep and AutoML jobs).

export interface Metric {
  readonly name: string;
  readonly goal: "minimize" | "maximize";
}

/** Which trials are ended before they are through (REST `EarlyTerminationPolicy`, 2024-01-01-preview). */
export interface Policy {
  readonly kind: "bandit" | "median" | "truncation";
  /** Judged at every so many reports of the metric. */
  readonly interval: number;
  /** Not judged before so many reports. */
  readonly delay: number;
  readonly slackFactor?: number;
  readonly slackAmount?: number;
  /** Percent of the trials that truncation ends. */
  readonly percentage?: number;
}

/** One set of values to try. */
export interface Candidate {
  /** Literal inputs of the step, over its own. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What the trial's run says of itself. */
  readonly properties: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** AutoML: estimator, its parameters and the scaling before it. */
  readonly model?: { readonly algorithm: string; readonly preprocessor: string; readonly params: Readonly<Record<string, unknown>> };
  /** Built from the finished trials, so it waits for them. */
  readonly ensemble?: boolean;
}

export interface Search {
  readonly kind: "sweep" | "automl";
  readonly metric: Metric;
  /** Most trials at once. */
  readonly concurrent: number;
  readonly timeoutMs?: number;
  readonly candidates: readonly Candidate[];
  readonly policy?: Policy;
  /** AutoML: ends when trials stop getting better. */
  readonly stopsWhenFlat?: boolean;
  /** AutoML: ends as soon as the metric has come so far. */
  readonly exitScore?: number;
  /** AutoML: what the trial's program is told besides the model. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Said in the log before the first trial. */
  readonly notes: readonly string[];
}

export const isBetter = (metric: Metric, a: number, b: number): boolean => (metric.goal === "minimize" ? a < b : a > b);

/** The best first; what is no number is left out. */
export function ranked<T extends { readonly score: number | undefined }>(metric: Metric, trials: readonly T[]): (T & { score: number })[] {
  const known = trials.filter((trial): trial is T & { score: number } => trial.score !== undefined && !Number.isNaN(trial.score));
  return known.toSorted((a, b) => (metric.goal === "minimize" ? a.score - b.score : b.score - a.score));
}
