// What happened to a release, as events; what follows from them for each stage; what may happen next.
import { z } from "zod";
import type { Excluded } from "./approval.ts";
import { type Person, Person as PersonSchema, samePerson } from "./person.ts";
import { ReleaseManifest } from "./manifest.ts";

const kinds = [
  "gated", // passed or failed the gate
  "shared", // its model is in the registry
  "deploying", // a deployment began
  "deployed", // it serves in the stage, and answered
  "tested", // the acceptance requests were answered, rightly or not
  "receipt", // the bytes that the stage will serve were compared
  "failed", // a deployment failed and was taken back
  "rolled-back", // it served, and was taken out of service for the one before
  "restored", // it was kept, and serves again after a rollback
  "replaced", // a newer one serves in its place
  "ended", // what served it was taken away: the stage was destroyed, or its deployment expired
] as const;
export type EventKind = (typeof kinds)[number];

export const ReleaseEvent = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  by: PersonSchema,
  kind: z.enum(kinds),
  stage: z.string().optional(),
  /** False: the gate or the acceptance said no, the bytes differed. */
  passed: z.boolean().optional(),
  /** For people: the reason, what was checked. */
  note: z.string().optional(),
});
export type ReleaseEvent = Readonly<z.infer<typeof ReleaseEvent>>;

/** Kept for each release in the history store. */
export const ReleaseRecord = z.strictObject({ manifest: ReleaseManifest, events: z.array(ReleaseEvent) });
export type ReleaseRecord = Readonly<z.infer<typeof ReleaseRecord>>;

/** Where a release is in one stage. */
export type StageState = "absent" | "deploying" | "deployed" | "tested" | "refused" | "failed" | "kept" | "rolled back" | "ended";

/** State in a stage after all events. */
export function stageState(events: readonly ReleaseEvent[], stage: string): StageState {
  let state: StageState = "absent";
  for (const event of events.filter((one) => one.stage === stage)) {
    switch (event.kind) {
      case "deploying":
        // Deployed again, it keeps what it has been until something else is known.
        if (state !== "deployed" && state !== "tested") state = "deploying";
        break;
      case "deployed":
      case "restored":
        state = "deployed";
        break;
      case "tested":
        state = event.passed ? "tested" : "refused";
        break;
      case "failed":
        state = "failed";
        break;
      case "rolled-back":
        state = "rolled back";
        break;
      case "replaced":
        state = "kept";
        break;
      case "ended":
        state = "ended";
        break;
      case "receipt":
      case "gated":
      case "shared":
        break;
    }
  }
  return state;
}

const last = (events: readonly ReleaseEvent[], kind: EventKind, stage?: string): ReleaseEvent | undefined =>
  events.findLast((event) => event.kind === kind && (stage === undefined || event.stage === stage));

/** Who has no say about this release: who trained it, and who deployed it to qa. */
export function excludedFrom({ manifest, events }: ReleaseRecord): Excluded[] {
  const all: Excluded[] = manifest.run.trainedBy.map((person) => ({ person, why: "trained it" }));
  for (const { by, kind, stage } of events) {
    if (stage !== "qa" || kind !== "deployed") continue;
    if (!all.some(({ person, why }) => why === "deployed it to qa" && samePerson(person, by)))
      all.push({ person: by, why: "deployed it to qa" });
  }
  return all;
}

/** What keeps a release from being deployed to a stage, approvals aside; none when it may go there. */
export function obstacles({ manifest, events }: ReleaseRecord, stage: string): string[] {
  const problems: string[] = [];
  if (!manifest.gate.passed) {
    const failed = manifest.gate.verdicts.filter(({ passed }) => !passed).map(({ message }) => message);
    problems.push(`${manifest.id} failed the gate: ${failed.join("; ")}`);
  }
  if (!last(events, "shared")) problems.push(`${manifest.id} is not in the registry; run mlops share`);
  if (stage === "prod") problems.push(...qaObstacles(manifest.id, events));
  return problems;
}

function qaObstacles(id: string, events: readonly ReleaseEvent[]): string[] {
  const tested = last(events, "tested", "qa");
  if (!tested) return [`${id} was not tested in qa; run mlops deploy --stage qa`];
  return tested.passed ? [] : [`${id} failed its acceptance in qa${tested.note ? `: ${tested.note}` : ""}`];
}

/** Has the release been in service in the stage before? Then when it first was: its approvals had to hold then. */
export const firstDeployed = ({ events }: Pick<ReleaseRecord, "events">, stage: string): Date | undefined => {
  const event = events.find((one) => one.kind === "deployed" && one.stage === stage);
  return event && new Date(event.at);
};

/** The last comparison of the bytes that a stage serves, when it came out right. */
export function goodReceipt({ events }: Pick<ReleaseRecord, "events">, stage: string): ReleaseEvent | undefined {
  const receipt = last(events, "receipt", stage);
  return receipt?.passed ? receipt : undefined;
}

/** One line for a list: `qa tested, prod deployed`. */
export function whereabouts({ manifest, events }: ReleaseRecord, stages: readonly string[]): string {
  if (!manifest.gate.passed) return "stopped at the gate";
  const there = stages.map((stage) => [stage, stageState(events, stage)] as const).filter(([, state]) => state !== "absent");
  if (there.length === 0) return last(events, "shared") ? "in the registry" : "passed the gate";
  return there.map(([stage, state]) => `${stage} ${state}`).join(", ");
}

/** An event, now. */
export const eventNow = (
  kind: EventKind,
  by: Person,
  more: Partial<Pick<ReleaseEvent, "stage" | "passed" | "note">> = {},
): ReleaseEvent => ({
  at: new Date().toISOString(),
  by,
  kind,
  ...more,
});
