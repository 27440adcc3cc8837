// Follows a job to its end: the state of each step and the logs of each step as they grow, line by line.
import { apiVersions } from "../../azure/ids.ts";
import { readFrom } from "../../azure/logs.ts";
import type { Workspace } from "./workspace.ts";

/** The statuses after which nothing more happens (Azure ML `JobStatus`). */
const ended = new Set(["Completed", "Failed", "Canceled", "NotResponding"]);

export interface RunStep {
  readonly runId: string;
  readonly name: string;
  readonly status: string;
  /** Seconds between start and end, when both are known. */
  readonly seconds: number | undefined;
}

export interface JobEnd {
  readonly status: string;
  readonly steps: readonly RunStep[];
  /** The job's own error, or that of the first step that failed. */
  readonly error: string | undefined;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. */
  readonly pollMs?: number;
  /** `step` is undefined for the job itself. */
  onLine(step: string | undefined, line: string): void;
  onStatus(step: string | undefined, status: string, seconds: number | undefined): void;
}

interface RunBody {
  runId: string;
  displayName?: string;
  name?: string;
  status: string;
  startTimeUtc?: string | null;
  endTimeUtc?: string | null;
  error?: { error?: { code?: string; message?: string } } | null;
  logFiles?: Record<string, string>;
}

/** Resolves when the job has ended, whatever its end; rejects when `signal` is aborted (the job itself goes on). */
export async function followJob(workspace: Workspace, jobName: string, options: FollowOptions): Promise<JobEnd> {
  const { azure } = workspace;
  const history = await workspace.history();
  const logs = new Map<string, LogTail>();
  const seen = new Map<string, string>();
  const read = <T>(path: string): Promise<T> =>
    azure.get<T>(`${history}/runs/${path}`, { scope: azure.cloud.resourceManagerScope, signal: options.signal });

  const look = async (runId: string, step: string | undefined): Promise<RunBody> => {
    const run = await read<RunBody>(`${encodeURIComponent(runId)}/details`);
    if (run.status !== "NotStarted") {
      for (const [file, url] of Object.entries(run.logFiles ?? {}).filter(([file]) => isUserLog(file))) {
        const key = `${runId}/${file}`;
        const tail = logs.get(key) ?? new LogTail((line) => options.onLine(step, line));
        logs.set(key, tail);
        await tail.read(url, options.signal);
        if (ended.has(run.status)) tail.flush();
      }
    }
    if (seen.get(runId) !== run.status) {
      seen.set(runId, run.status);
      options.onStatus(step, run.status, secondsOf(run));
    }
    return run;
  };

  for (;;) {
    options.signal.throwIfAborted();
    // The job is asked before its steps: when it has ended, so have they, and nothing of theirs is missed.
    const job = await azure.get<{ properties: { status: string } }>(`${workspace.id}/jobs/${encodeURIComponent(jobName)}`, {
      apiVersion: apiVersions.machineLearning,
      signal: options.signal,
    });
    const children = (await read<{ value?: RunBody[] }>(`${encodeURIComponent(jobName)}/children`)).value ?? [];
    const steps: RunStep[] = [];
    let error: string | undefined;
    for (const child of children.toSorted((a, b) => (a.startTimeUtc ?? "~").localeCompare(b.startTimeUtc ?? "~"))) {
      const name = child.displayName ?? child.name ?? child.runId;
      const known = seen.get(child.runId);
      const run = known !== undefined && ended.has(known) ? child : await look(child.runId, name);
      steps.push({ runId: child.runId, name, status: run.status, seconds: secondsOf(run) });
      if (run.status === "Failed") error ??= `step ${name}: ${run.error?.error?.message ?? "failed; see its log"}`;
    }
    if (ended.has(job.properties.status)) {
      const run = await look(jobName, undefined);
      return { status: job.properties.status, steps, error: error ?? run.error?.error?.message };
    }
    // A search tells in its own log how its trials go.
    await look(jobName, undefined);
    await pause(options.pollMs ?? 1000, options.signal);
  }
}

const isUserLog = (file: string): boolean => file.startsWith("user_logs/");

function secondsOf(run: RunBody): number | undefined {
  if (!run.startTimeUtc || !run.endTimeUtc) return undefined;
  return (Date.parse(run.endTimeUtc) - Date.parse(run.startTimeUtc)) / 1000;
}

/** Reads what a log file has grown by since the last look; whole lines only, until the end. */
class LogTail {
  #bytes = 0;
  #rest = "";
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  async read(url: string, signal: AbortSignal): Promise<void> {
    const fresh = await readFrom(url, this.#bytes, signal);
    this.#bytes += fresh.length;
    const lines = (this.#rest + fresh.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line.trimEnd());
  }

  flush(): void {
    if (this.#rest) this.#onLine(this.#rest);
    this.#rest = "";
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
