// The fields that settings are made of, each with its rule and the way to mend it.
import { z } from "zod";
import { variants } from "../assets/variants.ts";
import { slots } from "../release/core/slots.ts";

/** A text that must fit a pattern; `rule` goes into the message. */
const text = (pattern: RegExp, rule: string) => z.string().regex(pattern, rule);

/** Whole number within bounds, both included. */
const whole = (least: number, most: number) =>
  z.int(`must be a whole number from ${least} to ${most}`).min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const percentPerSlot = z.partialRecord(z.enum(slots, `must name a slot: ${slots.join(" or ")}`), whole(0, 100));

/** What every stack has. */
export const common = {
  /** First part of every name: `rg-<prefix>-dev`. */
  prefix: text(
    /^[a-z][a-z0-9]{1,8}$/,
    "must be 2 to 9 lower-case letters and digits and begin with a letter; vault names leave no more room",
  ).default("mlops"),
  /** Azure region. */
  location: text(/^[a-z][a-z0-9]+$/, "must be a region's short name, such as westeurope").default("westeurope"),
  /** On every resource that takes tags, besides `stage` and `project`. */
  tags: z
    .record(z.string().max(512, "tag names have at most 512 characters"), z.string().max(256, "tag values have at most 256 characters"))
    .default({}),
  /** Folder with data/, ml/, mlops/ and deploy/, relative to Pulumi.yaml. */
  project: text(/^[^/\s][^\s]*$/, "must be a folder relative to Pulumi.yaml, such as project").default("project"),
};

/** What a stack with its own resource group has. */
export const group = {
  /** Management locks against deletion on what holds data. Who runs the first `up` then needs a right that Contributor has not (Owner has). */
  locks: z.boolean("must be true or false").optional(),
  /** Where the logs of who did what go: the stack's own Log Analytics workspace, and another one besides. */
  diagnostics: z
    .strictObject({
      retentionDays: whole(30, 730).optional(),
      /** "audit": who read and changed what; "allLogs": every request too, which costs by the gigabyte. */
      logs: z.enum(["audit", "allLogs"], "must be audit or allLogs").default("audit"),
      /** Watched besides workspace, vault and storage. */
      further: z.array(z.enum(["images", "endpoint"], "must be images or endpoint")).default([]),
      /** Log Analytics workspace of the whole company, such as the security team's. */
      alsoTo: text(
        /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
        "must be the resource id of a Log Analytics workspace",
      ).optional(),
    })
    .prefault({}),
  /** What the group may cost in a month, in the subscription's currency, and who is told besides the subscription's owners. */
  budget: z
    .strictObject({
      monthly: z.number().positive("must be more than 0").default(200),
      emails: z.array(z.email("must be an e-mail address")).max(50, "has at most 50 addresses").default([]),
      /** People are told when so much of it is spent, in percent. */
      spentPercent: z.array(whole(1, 1000)).default([80, 100]),
      /** And when the month's forecast comes to so much. */
      forecastPercent: z.array(whole(1, 1000)).default([110]),
      /** Called besides, through an action group: a Logic App, a chat. */
      webhooks: z.array(z.url("must be a URL")).default([]),
    })
    .refine(({ spentPercent, forecastPercent }) => spentPercent.length + forecastPercent.length <= 5, {
      path: ["spentPercent"],
      message: "and forecastPercent have at most 5 entries together, which is what Azure's budgets take",
    })
    .refine(({ spentPercent, forecastPercent }) => spentPercent.length + forecastPercent.length > 0, {
      path: ["spentPercent"],
      message: "or forecastPercent must have an entry: a budget that tells nobody is none",
    })
    .prefault({}),
};

/** What an endpoint serves and how traffic gets there. */
export const serving = {
  /** Registered model; default: the one that the deployment's YAML names. */
  modelName: text(/^[\w.-]{1,255}$/, "must be a model's name: letters, digits, _ . and -").optional(),
  /** Version in the slot that serves. Unset: no endpoint. */
  modelVersion: text(
    /^[\w.-]{1,30}$/,
    "must be one exact version, such as 7; a label such as latest would change under a running stack",
  ).optional(),
  /** Version in the other slot, kept to go back to. Unset: the other slot is empty. */
  keptVersion: text(/^[\w.-]{1,30}$/, "must be one exact version, such as 6").optional(),
  /** How the models in both slots are made, and so which file deploys them (assets/layout.ts); written by `mlops deploy`. */
  variant: z.enum(variants, `must be ${variants.join(" or ")}`).default("pipeline"),
  keptVariant: z.enum(variants, `must be ${variants.join(" or ")}`).default("pipeline"),
  /** Release that `modelVersion` came with; written by `mlops deploy`. A stage that needs approval serves nothing without. */
  release: text(/^[A-Za-z0-9][\w.-]*$/, "must be a release's id, such as diabetes-7").optional(),
  /** Digest of that release's manifest, which the approvals are for. */
  releaseDigest: text(/^[0-9a-f]{64}$/, "must be the digest in release.json, 64 hex digits").optional(),
  /** Instances of the slot that is kept; default: what the deployment's YAML says. Written by `mlops deploy` once the traffic has moved. */
  keptInstances: whole(1, 100).optional(),
  /** Slot that serves. */
  slot: z.enum(slots, `must be ${slots.join(" or ")}`).default("blue"),
  /** The slot that serves stays as it was deployed, whatever the files say now; `mlops rollback` sets it. */
  slotFrozen: z.boolean("must be true or false").default(false),
  /** Split at rest; default: everything to `slot`. */
  traffic: percentPerSlot.optional(),
  /** Copy of live requests for a slot without traffic, in percent. */
  mirrorTraffic: percentPerSlot.optional(),
  /** Name of the endpoint in Azure, unique in the region; default: `<prefix>-<stage>-<six digits of the subscription>`. */
  endpointName: text(
    /^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$/,
    "must be 3 to 32 letters, digits and hyphens, begin with a letter and not end with a hyphen",
  ).optional(),
  /** `--set` of `az ml`, on deploy/endpoint.yml: `path.to.field=value`. */
  endpointSet: z.array(text(/^[^=]+=/s, "must be path.to.field=value")).default([]),
  /** The same on the deployment's YAML, for both slots. */
  deploymentSet: z.array(text(/^[^=]+=/s, "must be path.to.field=value")).default([]),
  /** Instances of the slot that serves follow its load; without it they are as many as the deployment's YAML says. */
  autoscale: z
    .strictObject({
      min: whole(1, 100),
      max: whole(1, 100),
      /** One instance more above it, one less below half of it. */
      cpuPercent: whole(10, 95).default(70),
      /** One more, too, when the mean latency is above it. */
      latencyMs: z.number().positive("must be more than 0 ms").optional(),
    })
    .refine(({ min, max }) => min <= max, { path: ["max"], message: "must not be less than min" })
    .optional(),
  /** Outside prod: when `mlops expire`, which the pipelines run every night, takes the endpoint away. */
  expire: z
    .strictObject({
      /** Hours without a request. */
      idleHours: z
        .number()
        .positive("must be more than 0")
        .max(2232, "must be at most 2232 hours, which is how long Azure keeps metrics")
        .optional(),
      /** Also when the month's budget is used up, whoever asks it. */
      whenBudgetUsedUp: z.boolean("must be true or false").default(false),
    })
    .optional(),
  /** How traffic moves to a new deployment. */
  rollout: z
    .strictObject({
      /** Percent of the way after each step. */
      steps: z.array(whole(1, 100)).min(1, "must have a step").default([100]),
      bakeSeconds: z.number().min(0, "must be 0 or more seconds").default(0),
      /** Direct calls to a deployment before it gets traffic, and at each step. */
      calls: whole(0, 1000).default(5),
      maxErrorPercent: z.number().min(0, "must be 0 to 100").max(100, "must be 0 to 100").default(0),
      maxP95Ms: z.number().positive("must be more than 0 ms").optional(),
      readySeconds: z.number().min(0, "must be 0 or more seconds").default(120),
      mirrorFirstPercent: whole(0, 50).default(0),
    })
    .prefault({}),
};

/** What a stack with its own workspace has. */
export const workspace = {
  /** May the workspace, its storage, vault and endpoint be reached from the internet (still with sign-in)? */
  publicAccess: z.boolean("must be true or false").optional(),
  /** Entra object ids of people and groups who work here; default: whoever runs the first `up`. */
  operators: z.array(z.uuid("must be an Entra object id (a GUID)")).optional(),
  /** Pulumi names of prod's resources that may be deleted or replaced; policy/exceptions.yml has to say why. */
  unprotected: z.array(z.string().min(1, "must be a resource's Pulumi name")).default([]),
  /** A deleted vault cannot be purged, by no one, for 90 days. Cannot be taken back. */
  purgeProtection: z.boolean("must be true or false").optional(),
  /**
   * What becomes of the deleted workspace and vault: "purge" leaves nothing behind; "keep" lets Azure hold them for their retention, until
   * `mlops doctor --recover` or the next `up`, which recovers the vault and purges the workspace. Default: keep in prod, purge elsewhere. A vault
   * with purge protection is always kept.
   */
  onDestroy: z.enum(["purge", "keep"], "must be purge or keep").optional(),
  compute: z
    .strictObject({
      size: text(/^Standard_\w+$/, "must be a VM size, such as Standard_DS3_v2").default("Standard_DS3_v2"),
      maxNodes: whole(1, 100).default(4),
      /** A node that does nothing for so long is given back. */
      idleSeconds: whole(60, 86_400).default(120),
      priority: z.enum(["Dedicated", "LowPriority"], "must be Dedicated or LowPriority").default("Dedicated"),
    })
    .prefault({}),
};
