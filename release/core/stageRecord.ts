// What a stage serves by the history's account, and a change that is under way: the base that every deployment starts from.
import { z } from "zod";
import { type Variant, variants } from "../../assets/variants.ts";
import { afterDeploy, afterRollback, slots, type SlotPlan } from "./slots.ts";
import { Person } from "./person.ts";

const plan = z.strictObject({ live: z.enum(slots), versions: z.partialRecord(z.enum(slots), z.string()) });

/** Which release a model version came with. */
const known = z.strictObject({ release: z.string(), digest: z.string(), model: z.string(), variant: z.enum(variants).optional() });
export type KnownRelease = Readonly<z.infer<typeof known>>;

const pending = z.strictObject({
  release: z.string(),
  digest: z.string(),
  /** What to go back to when it fails; null when nothing served. */
  from: plan.nullable(),
  /** Was the serving slot frozen as it had been deployed? */
  fromFrozen: z.boolean(),
  to: plan,
  since: z.iso.datetime({ offset: true }),
  by: Person,
});

const returning = z.strictObject({
  /** The release that is taken out of service. */
  left: z.string(),
  to: plan,
  reason: z.string(),
  since: z.iso.datetime({ offset: true }),
  by: Person,
});

export const StageRecord = z.strictObject({
  stage: z.string(),
  plan: plan.nullable(),
  /** After a rollback or a failed deployment the serving slot stays as it was deployed, whatever the files say now. */
  frozen: z.boolean(),
  /** Model version → release. */
  releases: z.record(z.string(), known),
  /** A change that was begun and not ended: by a run that still goes on, or one that was killed. */
  pending: pending.nullable(),
  /** A rollback that was begun and not ended. */
  returning: returning.optional(),
});
export type StageRecord = Readonly<z.infer<typeof StageRecord>>;

export const emptyStage = (stage: string): StageRecord => ({ stage, plan: null, frozen: false, releases: {}, pending: null });

/** What serves; undefined when nothing does. */
export function serving({ plan, releases }: StageRecord): (KnownRelease & { version: string }) | undefined {
  const version = plan?.versions[plan.live];
  const release = version === undefined ? undefined : releases[version];
  return release && { ...release, version: version! };
}

/** Begins a deployment. The same one begun before goes on from where it was; `changes` is false for what is live already. */
export function begin(
  record: StageRecord,
  release: KnownRelease & { readonly version: string },
  inPlace: boolean,
  by: Person,
): { readonly record: StageRecord; readonly changes: boolean } {
  if (record.pending?.release === release.release && record.pending.digest === release.digest) return { record, changes: true };
  const from: SlotPlan | null = record.plan;
  const to = afterDeploy(from ?? undefined, release.version, inPlace);
  const changes = from === null || from.versions[from.live] !== release.version;
  const { version, ...kept } = release;
  const releases = { ...record.releases, [version]: kept };
  if (!changes) return { record: { ...record, releases }, changes };
  const pending = {
    release: release.release,
    digest: release.digest,
    from,
    fromFrozen: record.frozen,
    to,
    since: new Date().toISOString(),
    by,
  };
  return { record: { ...record, releases, pending }, changes };
}

/** The change that is under way is done. */
export function finish(record: StageRecord): StageRecord {
  if (!record.pending) return record;
  return pruned({ ...record, plan: record.pending.to, frozen: false, pending: null });
}

/**
 * The change that is under way is given up: what served before serves again, as it had been deployed. The slot that failed is
 * emptied; what it held before is gone, so there is nothing to roll back to until the next release.
 */
export function takeBack(record: StageRecord): StageRecord {
  if (!record.pending) return record;
  const { from, to } = record.pending;
  if (from === null) return pruned({ ...record, plan: null, frozen: false, pending: null });
  const version = from.versions[from.live];
  // In place, the one slot holds the new version by now and has to be deployed anew; beside it, the old slot was never touched.
  const untouched = to.live !== from.live;
  const plan: SlotPlan = { live: from.live, versions: version === undefined ? {} : { [from.live]: version } };
  return pruned({ ...record, plan, frozen: untouched, pending: null });
}

/** Begins to go back to the kept slot; one that was begun before stays what it was. Undefined when there is no kept slot. */
export function beginRollback(record: StageRecord, reason: string, by: Person): StageRecord | undefined {
  if (record.returning) return record;
  const to = record.plan && afterRollback(record.plan);
  const now = serving(record);
  if (!to || !now || record.releases[to.versions[to.live]!] === undefined) return undefined;
  return { ...record, returning: { left: now.release, to, reason, since: new Date().toISOString(), by } };
}

/** The kept slot has the traffic: it is what serves, as it had been deployed. The rollback has yet to be ended. */
export function rolledBack(record: StageRecord): StageRecord {
  return record.returning ? { ...record, plan: record.returning.to, frozen: true, pending: null } : record;
}

/** The stack says the same as the record: the rollback is ended. Or it is given up before anything moved. */
export function endRollback({ returning: _ended, ...record }: StageRecord): StageRecord {
  return record;
}

/** Forgets releases whose versions are in no slot. */
function pruned(record: StageRecord): StageRecord {
  const used = new Set(Object.values(record.plan?.versions ?? {}));
  return { ...record, releases: Object.fromEntries(Object.entries(record.releases).filter(([version]) => used.has(version))) };
}

/** The stack's config that a plan stands for; an empty text takes a key away. */
export function configOf(
  record: StageRecord,
  target: { readonly plan: SlotPlan | null; readonly frozen: boolean },
): Record<string, string> {
  const { plan, frozen } = target;
  const version = plan?.versions[plan.live];
  if (!plan || version === undefined)
    return { modelVersion: "", keptVersion: "", slot: "", slotFrozen: "", release: "", releaseDigest: "", variant: "", keptVariant: "" };
  const other = slots.find((slot) => slot !== plan.live)!;
  const release = record.releases[version];
  return {
    modelName: release?.model ?? "",
    modelVersion: version,
    keptVersion: plan.versions[other] ?? "",
    slot: plan.live,
    slotFrozen: frozen ? "true" : "",
    release: release?.release ?? "",
    releaseDigest: release?.digest ?? "",
    ...variantConfig(release?.variant, record.releases[plan.versions[other] ?? ""]?.variant),
  };
}

/** Config keys that say how the models in both slots are made; the pipeline's need none. */
export const variantConfig = (live: Variant | undefined, kept?: Variant): Record<"variant" | "keptVariant", string> => ({
  variant: live === "automl" ? live : "",
  keptVariant: kept === "automl" ? kept : "",
});
