// Refuses to change a stage that would serve what nobody approved, however `pulumi up` was called; a preview only says so.
import { log } from "@pulumi/pulumi";
import { RunError } from "@pulumi/pulumi/errors.js";
import { isDryRun } from "@pulumi/pulumi/runtime/settings.js";
import { refusals } from "../release/core/permission.ts";
import { historyNames, suffixOf } from "../settings/names.ts";
import { readSettings } from "../settings/read.ts";
import { stageSettings, stages } from "../settings/stage.ts";
import type { Stage, StageSettings } from "../settings/stage.ts";

const isStage = (name: string): name is Stage => (stages as readonly string[]).includes(name);

/** Does nothing for a stack that needs no approval or serves nothing. @throws RunError before any resource is declared */
export async function permitted(project: string, stack: string): Promise<void> {
  if (!isStage(stack)) return;
  const settings = readSettings(stageSettings(stack), project, stack);
  const { modelVersion, approval } = settings;
  if (modelVersion === undefined || approval.required === 0) return;
  const problems = await problemsOf(settings, modelVersion).catch((error: unknown) => [
    `the history of releases cannot be asked: ${error instanceof Error ? error.message : String(error)}`,
  ]);
  if (problems.length === 0) return;
  const said = `${stack} may not serve model version ${modelVersion}\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
  const fix = `Fix: mlops approve --release ${settings.release ?? "release.json"} --stage ${stack}, by someone who may; then mlops deploy --stage ${stack}`;
  if (isDryRun()) await log.warn(`pulumi up would be refused: ${said}\n${fix}`);
  else throw new RunError(`${said}\n${fix}`);
}

async function problemsOf(settings: StageSettings, modelVersion: string): Promise<string[]> {
  // Loaded only when there is something to ask: a preview of any other stack needs none of it.
  const [{ connect }, { History }] = await Promise.all([import("../azure/client.ts"), import("../release/flow/release/history.ts")]);
  const azure = await connect(process.env);
  const { account, containers } = historyNames(settings, suffixOf(azure.subscriptionId));
  const history = await History.at(azure, { account, ...containers });
  const { release, releaseDigest, modelName, stage, approval } = settings;
  const [record, approvals] = release ? await Promise.all([history.release(release), history.approvals(release, stage)]) : [undefined, []];
  return refusals({ stage, modelName, modelVersion, release, releaseDigest }, { record, approvals, policy: approval, now: new Date() });
}
