// Requests counted over time: status codes and latencies in five-second buckets, kept for an hour.
import type { MetricsQuery } from "../table.ts";

const BUCKET_MS = 5_000;
const KEPT = 720;
/** Latencies fall into bins that grow by 4 %, from 0.05 ms; a percentile is thus right within 4 %. */
const GROWTH = Math.log(1.04);
const SMALLEST = 0.05;
const BINS = 400;

interface Bucket {
  start: number;
  requests: number;
  latencySum: number;
  latencies: Uint32Array;
  statuses: Map<string, number>;
}

/** One step of a metrics answer. Latencies in milliseconds; percentiles are 0 without requests. */
export interface WindowSummary {
  /** Start of the step, milliseconds since the epoch. */
  readonly start: number;
  readonly requests: number;
  /** Answers of 400 and above, but not 499: there the client went away. */
  readonly errors: number;
  /** Requests by `status` or, when the model answered otherwise than the router, `status/modelStatus`. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/** Sliding windows over the requests of one deployment (or one endpoint). */
export class Windows {
  readonly #buckets: Bucket[] = [];

  record(now: number, status: number, modelStatus: number | undefined, latencyMs: number): void {
    const start = now - (now % BUCKET_MS);
    let bucket = this.#buckets.at(-1);
    if (!bucket || bucket.start < start) {
      bucket = { start, requests: 0, latencySum: 0, latencies: new Uint32Array(BINS), statuses: new Map() };
      this.#buckets.push(bucket);
      if (this.#buckets.length > KEPT) this.#buckets.shift();
    }
    bucket.requests++;
    bucket.latencySum += latencyMs;
    const bin = latencyMs <= SMALLEST ? 0 : Math.min(BINS - 1, Math.ceil(Math.log(latencyMs / SMALLEST) / GROWTH));
    bucket.latencies[bin]!++;
    const key = modelStatus === undefined || modelStatus === status ? String(status) : `${status}/${modelStatus}`;
    bucket.statuses.set(key, (bucket.statuses.get(key) ?? 0) + 1);
  }

  /** Sums of the buckets that begin at or after `from` and before `to`. */
  summary(from: number, to: number): WindowSummary {
    return summarize(from, [this], to);
  }

  between(from: number, to: number): readonly Bucket[] {
    return this.#buckets.filter((bucket) => bucket.start >= from - (from % BUCKET_MS) && bucket.start < to);
  }
}

/** Several windows as one, as an endpoint sums its deployments. */
export function summarize(from: number, windows: readonly Windows[], to: number): WindowSummary {
  const buckets = windows.flatMap((window) => window.between(from, to));
  const latencies = new Float64Array(BINS);
  const byStatus: Record<string, number> = {};
  let requests = 0;
  let errors = 0;
  let sum = 0;
  for (const bucket of buckets) {
    requests += bucket.requests;
    sum += bucket.latencySum;
    for (let bin = 0; bin < BINS; bin++) latencies[bin]! += bucket.latencies[bin]!;
    for (const [status, count] of bucket.statuses) {
      byStatus[status] = (byStatus[status] ?? 0) + count;
      if (Number.parseInt(status, 10) >= 400 && status !== "499") errors += count;
    }
  }
  const percentile = (share: number): number => {
    if (requests === 0) return 0;
    let left = Math.ceil(share * requests);
    for (let bin = 0; bin < BINS; bin++) {
      left -= latencies[bin]!;
      if (left <= 0) return SMALLEST * Math.exp(bin * GROWTH);
    }
    return SMALLEST * Math.exp((BINS - 1) * GROWTH);
  };
  return {
    start: from,
    requests,
    errors,
    byStatus,
    mean: requests === 0 ? 0 : sum / requests,
    p50: percentile(0.5),
    p90: percentile(0.9),
    p95: percentile(0.95),
    p99: percentile(0.99),
  };
}

/** The windows of every endpoint and deployment, by ARM id. What no deployment answered counts for its endpoint alone. */
export class Counts {
  readonly #windows = new Map<string, Windows>();

  add(id: string, status: number, modelStatus: number | undefined, latencyMs: number): void {
    const key = id.toLowerCase();
    let window = this.#windows.get(key);
    if (!window) this.#windows.set(key, (window = new Windows()));
    window.record(Date.now(), status, modelStatus, latencyMs);
  }

  read(query: MetricsQuery): WindowSummary[] {
    const id = query.id.toLowerCase();
    const windows = [...this.#windows].filter(([key]) => key === id || key.startsWith(`${id}/`)).map(([, value]) => value);
    const summaries: WindowSummary[] = [];
    for (let from = query.from; from < query.to; from += query.stepSeconds * 1000) {
      summaries.push(summarize(from, windows, Math.min(query.to, from + query.stepSeconds * 1000)));
    }
    return summaries;
  }
}
