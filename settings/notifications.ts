// Who is told of what: channels of a stage, and the pipeline that a new model starts. Addresses that hold a key are Pulumi secrets.
import { z } from "zod";
import { releaseNotices } from "../release/core/notices.ts";

/** What a workspace tells by itself. */
export const workspaceNotices = ["modelRegistered", "modelDeployed", "runCompleted", "runStatusChanged", "datasetDriftDetected"] as const;
export type WorkspaceNotice = (typeof workspaceNotices)[number];
export type NoticeName = WorkspaceNotice | (typeof releaseNotices)[number];

const names = [...workspaceNotices, ...releaseNotices] as const;
const secretUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).protocol === "https:",
    "must be an https address; set it with pulumi config set --secret --path",
  );

const common = {
  /** Kinds of notices; default: all of the release train, and drift. */
  on: z
    .array(z.enum(names, `must be one of ${names.join(", ")}`))
    .min(1, "must name a notice; take the channel away to be told nothing")
    .default([...releaseNotices, "datasetDriftDetected"]),
  /** After a message the channel is quiet for so long; what comes meanwhile arrives as one message. */
  quietSeconds: z.int("must be a whole number").min(1, "must be at least 1").max(3600, "must be at most 3600").default(60),
};

const channel = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("mail"),
      ...common,
      to: z.array(z.email("must be an e-mail address")).min(1, "must name somebody").max(50, "has at most 50 addresses"),
      /** Sender's address in a domain of the Communication Services resource. */
      from: z.email("must be an e-mail address, such as DoNotReply@<domain>.azurecomm.net"),
      /** Secret: connection string of the Communication Services resource that sends. */
      connectionString: z
        .string()
        .regex(
          /^endpoint=https:\/\/[^;]+;accesskey=.+$/i,
          "must be endpoint=https://…;accesskey=…; set it with pulumi config set --secret --path",
        ),
    }),
    ...(["teams", "slack", "webhook"] as const).map((kind) => z.strictObject({ kind: z.literal(kind), ...common, url: secretUrl })),
  ],
  "must have a kind: mail, teams, slack or webhook",
);
export type Channel = z.infer<typeof channel>;

/** By name; the name becomes part of resources' names. */
export const notifications = z
  .record(z.string(), channel)
  .superRefine((channels, context) => {
    for (const name of Object.keys(channels)) {
      if (/^[a-z][a-z0-9]{0,19}$/.test(name) && name !== "trigger") continue;
      const message = "names of channels are 1 to 20 lower-case letters and digits, a letter first, and not trigger";
      context.addIssue({ code: "custom", path: [name], message, input: channels });
    }
  })
  .default({});

/** The pipeline that a newly registered model starts. */
export const trigger = z
  .discriminatedUnion(
    "kind",
    [
      z.strictObject({
        kind: z.literal("github"),
        repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "must be owner/name"),
        /** Secret: a fine-grained token that may write this repository's contents and nothing else. */
        token: z.string().min(20, "must be a token; set it with pulumi config set --secret --path"),
      }),
      z.strictObject({
        kind: z.literal("azureDevOps"),
        organization: z.string().regex(/^[\w-]+$/, "must be the organization's name"),
        /** Name of the incoming webhook that the pipeline's resources name. */
        webhook: z.string().regex(/^[\w-]+$/, "must be the name of an incoming webhook"),
      }),
    ],
    "must have a kind: github or azureDevOps",
  )
  .optional();
export type Trigger = NonNullable<z.infer<typeof trigger>>;
