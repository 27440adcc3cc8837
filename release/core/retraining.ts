// When a model is trained again, and when trying stops: pure rules over what is known of monitor, data and earlier trainings.
import type { SignalResult } from "./signals.ts";

/** `retrain` of a stage's settings. */
export interface RetrainPolicy {
  readonly onDrift: boolean;
  readonly onData: boolean;
  readonly everyDays?: number | undefined;
  /** Trainings in a row that may fail their gate. */
  readonly attempts: number;
}

/** One training that was started by a reason. */
export interface Attempt {
  readonly job: string;
  /** ISO 8601. */
  readonly at: string;
  /** What started it, `drift:<monitor's job>`, `data:<version>`, `days:<date>`; undefined for a person. */
  readonly cause: string | undefined;
  readonly status: string;
  /** Undefined as long as nobody has judged it. */
  readonly gate: "passed" | "failed" | undefined;
}

export interface Known {
  readonly now: Date;
  /** The newest run of the stage's monitor. */
  readonly monitor: { readonly job: string; readonly signals: readonly SignalResult[] } | undefined;
  /** Newest version of the training data, and the one that the newest training used. */
  readonly data: { readonly newest: string; readonly trained: string | undefined } | undefined;
  /** Trainings, the newest first. */
  readonly attempts: readonly Attempt[];
}

export type Decision =
  | { readonly what: "train"; readonly cause: string; readonly why: string }
  | { readonly what: "wait"; readonly why: string }
  /** A training of ours was cut off before its gate: that comes first. */
  | { readonly what: "resume"; readonly job: string; readonly cause: string; readonly why: string }
  | { readonly what: "stop"; readonly why: string };

const ended = new Set(["Completed", "Failed", "Canceled"]);

export function decide(policy: RetrainPolicy, known: Known): Decision {
  const [last] = known.attempts;
  if (last?.cause !== undefined && last.gate === undefined) {
    const why = ended.has(last.status)
      ? `${last.job} (${last.cause}) has ended and was not judged`
      : `${last.job} (${last.cause}) is under way`;
    return { what: "resume", job: last.job, cause: last.cause, why };
  }
  const due = reasons(policy, known);
  const [first] = due;
  if (!first) return { what: "wait", why: nothingDue(policy, known) };
  const failed = failedInARow(known.attempts);
  if (failed >= policy.attempts)
    return {
      what: "stop",
      why: `${first.why}, but ${failed === 1 ? "the last training" : `the last ${failed} trainings`} did not pass the gate; another one of the same kind would not either`,
    };
  return { what: "train", cause: first.cause, why: due.map(({ why }) => why).join("; ") };
}

/** Trainings of ours that failed their gate since one passed or a person trained. */
export function failedInARow(attempts: readonly Attempt[]): number {
  const end = attempts.findIndex(({ cause, gate }) => cause === undefined || gate !== "failed");
  return end < 0 ? attempts.length : end;
}

function reasons(policy: RetrainPolicy, { now, monitor, data, attempts }: Known): { cause: string; why: string }[] {
  const found: { cause: string; why: string }[] = [];
  const drifted = (monitor?.signals ?? []).filter(({ results }) => results.some(({ verdict }) => verdict === "beyond"));
  const cause = `drift:${monitor?.job}`;
  // One run of the monitor is one reason: what it found is answered by one training, unless that did not pass. Later runs find the same
  // until the answer serves; as long as there is no newer data, training once more would only give the same model.
  const sameData = data !== undefined && data.newest === data.trained;
  const answered = attempts.some(
    (one) => one.gate === "passed" && (one.cause === cause || (sameData && one.cause?.startsWith("drift:") === true)),
  );
  if (policy.onDrift && monitor && drifted.length > 0 && !answered)
    found.push({ cause, why: `monitor run ${monitor.job} found ${drifted.map(({ name }) => name).join(", ")} beyond the threshold` });
  if (policy.onData && data && data.trained !== undefined && data.newest !== data.trained)
    found.push({
      cause: `data:${data.newest}`,
      why: `the training data has version ${data.newest}, the last training used ${data.trained}`,
    });
  const last = attempts.find(({ status }) => status === "Completed");
  const age = last && (now.getTime() - Date.parse(last.at)) / 86_400_000;
  if (policy.everyDays !== undefined && (age === undefined || age >= policy.everyDays))
    found.push({
      cause: `days:${now.toISOString().slice(0, 10)}`,
      why:
        age === undefined
          ? "there is no training yet"
          : `the last training is ${Math.floor(age)} days old, ${policy.everyDays} are allowed`,
    });
  return found;
}

function nothingDue(policy: RetrainPolicy, { monitor, data }: Known): string {
  const parts = [
    ...(policy.onDrift
      ? [monitor ? `monitor run ${monitor.job} gives no reason that is not answered yet` : "the monitor has not run yet"]
      : []),
    ...(policy.onData && data ? [`the data is still version ${data.newest}`] : []),
    ...(policy.everyDays === undefined ? [] : [`the last training is younger than ${policy.everyDays} days`]),
  ];
  return parts.length > 0 ? parts.join("; ") : "the stage's settings name no reason to train again (retrain.onDrift, onData, everyDays)";
}
