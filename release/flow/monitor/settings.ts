// The stage's setting `retrain`, as the command line reads it from the stack's config.
import type { RetrainPolicy } from "../../core/retraining.ts";
import type { Pulumi } from "../../pulumi.ts";

/** Defaults as in settings/monitoring.ts. */
const usual = { onDrift: false, onData: false, minRows: 50, attempts: 3 };

export async function retrainSettings(pulumi: Pulumi, stage: string): Promise<RetrainPolicy & { readonly minRows: number }> {
  const given = (await pulumi.config(stage))["retrain"];
  const set = typeof given === "string" && given !== "" ? (JSON.parse(given) as Partial<typeof usual & { everyDays: number }>) : {};
  return { ...usual, ...set };
}
