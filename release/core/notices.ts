// What people are told of a release: which events of its history are worth it, and what is said, as events for Event Grid.
import { createHash } from "node:crypto";
import type { Approval } from "./approval.ts";
import type { ReleaseEvent } from "./history.ts";
import type { ReleaseManifest } from "./manifest.ts";
import type { Person } from "./person.ts";

/** Kinds of notices; a channel's `on` names them. */
export const releaseNotices = [
  "gateFailed",
  "waitingForApproval",
  "approved",
  "rejected",
  "canaryStep",
  "live",
  "rolledBack",
  "deploymentFailed",
] as const;
export type ReleaseNotice = (typeof releaseNotices)[number];

/** `gateFailed` → `AzureMlops.Release.GateFailed` */
export const releaseEventType = (notice: ReleaseNotice): string =>
  `AzureMlops.Release.${notice.slice(0, 1).toUpperCase()}${notice.slice(1)}`;

export interface Notice {
  readonly kind: ReleaseNotice;
  readonly stage: string;
  readonly by: Person;
  /** ISO 8601. */
  readonly at: string;
  readonly note?: string;
}

/** Stages in the order of the train: where a release waits after one is what comes next. */
const approvedStage = "prod";

/** What of a release's new events people are told. */
export function noticesOf(events: readonly ReleaseEvent[]): Notice[] {
  return events.flatMap(({ kind, stage = "dev", by, at, passed, note }): Notice[] => {
    const notice = (one: ReleaseNotice, where = stage): Notice[] => [{ kind: one, stage: where, by, at, ...(note ? { note } : {}) }];
    switch (kind) {
      case "gated":
        return passed === false ? notice("gateFailed") : [];
      case "tested":
        return passed === false ? notice("deploymentFailed") : stage === "qa" ? notice("waitingForApproval", approvedStage) : [];
      case "deployed":
      case "restored":
        return notice("live");
      case "rolled-back":
        return notice("rolledBack");
      case "failed":
        return notice("deploymentFailed");
      default:
        return [];
    }
  });
}

export const decisionNotice = ({ decision, stage, by, at, reason }: Approval): Notice => ({
  kind: decision,
  stage,
  by,
  at,
  ...(reason ? { note: reason } : {}),
});

/** An event as a publisher sends it: https://learn.microsoft.com/azure/event-grid/event-schema */
export interface PublishedEvent {
  readonly id: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly dataVersion: "1";
  readonly data: NoticeData;
}

export interface NoticeData {
  readonly release: string;
  readonly digest: string;
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly who: string;
  readonly reason: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** Against what serves in prod: new minus live, for metrics that both have. */
  readonly delta: Readonly<Record<string, number>>;
  /** `r2 0.45 (+0.02), rmse 55.1 (-1.3)` */
  readonly metricsText: string;
  readonly runUrl: string;
  readonly endpointUrl: string;
}

/** What a notice is about, besides itself. */
export interface NoticeContext {
  readonly manifest: ReleaseManifest;
  /** Metrics of the release that serves in prod, unless it is this one. */
  readonly live: Readonly<Record<string, number>> | undefined;
  readonly runUrl: string;
  readonly endpointUrl: string;
}

/** The same notice has the same id, so that whoever gets it twice can tell. */
export function noticeEvent({ kind, stage, by, at, note }: Notice, { manifest, live, runUrl, endpointUrl }: NoticeContext): PublishedEvent {
  const { id: release, digest, model, run } = manifest;
  const shared = Object.entries(run.metrics).filter(([name]) => live?.[name] !== undefined);
  const delta = Object.fromEntries(shared.map(([name, value]) => [name, value - live![name]!]));
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  const metricsText = Object.entries(run.metrics)
    .map(([name, value]) => {
      const change = delta[name];
      return `${name} ${short(value)}${change === undefined ? "" : ` (${change >= 0 ? "+" : ""}${short(change)})`}`;
    })
    .join(", ");
  return {
    id: createHash("sha256")
      .update([release, digest, kind, stage, at, note ?? ""].join("\n"))
      .digest("hex")
      .slice(0, 32),
    subject: `stages/${stage}/releases/${release}`,
    eventType: releaseEventType(kind),
    eventTime: at,
    dataVersion: "1",
    data: {
      ...{ release, digest, model: model.name, version: model.version, stage },
      ...{ who: by.name, reason: note ?? "", metrics: run.metrics, delta, metricsText, runUrl, endpointUrl },
    },
  };
}
