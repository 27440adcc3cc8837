// Newly registered models that `mlops watch` knows of: each version once, whatever comes how often and in which order.
import { z } from "zod";
import { compareVersions } from "./versions.ts";

/** The way of a release until people have to agree, in order. */
export const trainSteps = ["gate", "share", "auto", "qa"] as const;
export type TrainStep = (typeof trainSteps)[number];

export const WatchedModel = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  /** `before`: it was there before anybody watched. `waits`: all steps are done, people have to agree. */
  state: z.enum(["before", "pending", "waits", "failed", "skipped"]),
  /** Steps that are done. */
  done: z.array(z.enum(trainSteps)),
  /** Why it failed or was skipped. */
  note: z.string().optional(),
  /** ISO 8601. */
  at: z.iso.datetime(),
});
export type WatchedModel = Readonly<z.infer<typeof WatchedModel>>;

/** `name` and `version` of an event `ModelRegistered`, by its subject; undefined for other events. */
export function registeredModel(event: unknown): { readonly name: string; readonly version: string } | undefined {
  const { eventType, subject } = (event ?? {}) as { eventType?: unknown; subject?: unknown };
  if (eventType !== "Microsoft.MachineLearningServices.ModelRegistered" || typeof subject !== "string") return undefined;
  const [, name, version] = /^models\/([\w.-]+):([\w.-]+)$/.exec(subject) ?? [];
  return name && version ? { name, version } : undefined;
}

/** The next to be worked on: the oldest version first, so that releases come in the order of their models. */
export const nextWatched = (all: readonly WatchedModel[]): WatchedModel | undefined =>
  all
    .filter(({ state }) => state === "pending")
    .toSorted((a, b) => a.name.localeCompare(b.name) || compareVersions(a.version, b.version))[0];

/** The first step that is not done. */
export const nextStep = ({ done }: WatchedModel): TrainStep | undefined => trainSteps.find((step) => !done.includes(step));
