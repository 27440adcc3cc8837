// What a benchmark reports: named figures, each a ratio or amount taken in one run, with its goal and the command that makes it.

export interface Figure {
  /** What was measured: "preview of the dev stage, no changes, against an empty program". */
  readonly name: string;
  readonly value: number;
  /** "×", "ms", "MB", "s". */
  readonly unit: string;
  /** Largest value that is good enough, in the same unit; none for what is only reported. */
  readonly atMost?: number;
  /** How it was taken: runs, sizes, medians. */
  readonly how: string;
}

/** How long the long ones take. */
export interface BenchOptions {
  /** Minutes of the soak of `load`. */
  readonly soak: number;
  /** Kills of `load`. */
  readonly kills: number;
  /** Deployments of `load`, each with a server of its own: about 70 MB of memory. */
  readonly deployments: number;
}

/** One benchmark: `npm run bench -- <name>` runs it alone. */
export interface Benchmark {
  readonly name: string;
  /** One line for `--help`: what is measured, and about how long that takes. */
  readonly summary: string;
  measure(report: (line: string) => void, options: BenchOptions): Promise<Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Value below which `share` (0 to 1) of the values are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
