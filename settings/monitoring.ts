// Settings of what is watched after a release: collected data, monitors, alerts, and what starts a training again.
import { z } from "zod";

const emails = z.array(z.email("must be an e-mail address")).max(50, "has at most 50 addresses").default([]);
const percent = (usual: number) => z.number().min(1, "must be 1 to 100").max(100, "must be 1 to 100").default(usual);
const flag = z.boolean("must be true or false").default(false);

export const monitoring = {
  /** Keep what the endpoint is asked and answers, in the workspace's storage. */
  collect: z
    .strictObject({
      enabled: flag,
      /** Share of the calls that are kept. */
      sampling: z.number().positive("must be more than 0 and at most 1").max(1, "must be more than 0 and at most 1").default(1),
      /** Columns to keep. Default: all but those that the scoring script holds for personal (PERSONAL_COLUMNS). */
      columns: z
        .array(z.string().min(1, "must be a column's name"))
        .min(1, "must name a column; leave it out for the usual ones")
        .optional(),
      retentionDays: z
        .int("must be a whole number of days")
        .min(1, "must be at least 1 day")
        .max(3650, "must be at most 3650 days")
        .default(90),
    })
    .prefault({}),
  /** Run the project's monitor (mlops/monitor.yml) on what the live slot collects. */
  monitor: z
    .strictObject({
      enabled: flag,
      /** Who is told; default: whom the file names. */
      emails,
      /** Where the truth comes in later, joined by correlation id; with it the model's error is measured. */
      groundTruth: z
        .strictObject({
          /** Data asset of the workspace. */
          data: z.string().regex(/^azureml:[\w.-]+[:@][\w.-]+$/, "must be a data asset, such as azureml:truth:1"),
          target: z.string().min(1, "must be a column's name").default("target"),
          correlationId: z.string().min(1, "must be a column's name").default("correlationid"),
          metric: z
            .enum(
              ["RootMeanSquaredError", "MeanSquaredError", "MeanAbsoluteError"],
              "must be RootMeanSquaredError, MeanSquaredError or MeanAbsoluteError",
            )
            .default("RootMeanSquaredError"),
          threshold: z.number().positive("must be more than 0"),
        })
        .optional(),
    })
    .prefault({}),
  /** Metric alerts on the endpoint, with who is told. */
  alerts: z
    .strictObject({
      enabled: flag,
      emails,
      /** Called with the common alert schema: a Logic App, a chat. */
      webhooks: z.array(z.url("must be a URL")).default([]),
      latencyP95Ms: z.number().positive("must be more than 0 ms").default(1000),
      /** Answers with a status from 500 on, in five minutes. */
      serverErrors: z.number().min(0, "must be 0 or more").default(5),
      cpuPercent: percent(80),
      memoryPercent: percent(80),
      quotaPercent: percent(80),
    })
    .prefault({}),
  /** What starts a training in dev again. A new release waits for its gate and its approvals as any other. */
  retrain: z
    .strictObject({
      /** When this stage's monitor finds a signal beyond its threshold. */
      onDrift: flag,
      /** When the training data has a new version. */
      onData: flag,
      /** After so many days without a training. */
      everyDays: z.int("must be a whole number of days").min(1, "must be at least 1 day").optional(),
      /** A signal over fewer collected rows tells nothing. */
      minRows: z.int("must be a whole number").min(1, "must be at least 1").default(50),
      /** Trainings in a row that may fail their gate before a person has to look. */
      attempts: z.int("must be a whole number").min(1, "must be at least 1").max(10, "must be at most 10").default(3),
    })
    .prefault({}),
};

type Values = { readonly [key in keyof typeof monitoring]: z.infer<(typeof monitoring)[key]> };

/** Rules across these fields. */
export function monitoringRules(settings: Values, context: z.core.$RefinementCtx<Values>): void {
  const issue = (path: (string | number)[], message: string): void => context.addIssue({ code: "custom", path, message, input: settings });
  if (settings.monitor.enabled && !settings.collect.enabled)
    issue(["monitor", "enabled"], "needs collect.enabled: a monitor looks at what the endpoint collects");
  if (settings.alerts.enabled && settings.alerts.emails.length + settings.alerts.webhooks.length === 0)
    issue(["alerts", "emails"], "must name somebody (or alerts.webhooks a URL): alerts that nobody gets are none");
  if (settings.retrain.onDrift && !settings.monitor.enabled)
    issue(["retrain", "onDrift"], "needs monitor.enabled: nothing else finds drift");
}
