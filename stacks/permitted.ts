// Refuses to change a stage that would serve what nobody signed or approved, however `pulumi up` was called; a preview only says so.
import { log } from "@pulumi/pulumi";
import { RunError } from "@pulumi/pulumi/errors.js";
import { isDryRun } from "@pulumi/pulumi/runtime/settings.js";
import type { ServingWish } from "../release/flow/release/permission.ts";
import { AutoSettings } from "../settings/auto.ts";
import { readSettings } from "../settings/read.ts";
import { stageSettings, stages } from "../settings/stage.ts";
import type { Stage } from "../settings/stage.ts";

const isStage = (name: string): name is Stage => (stages as readonly string[]).includes(name);

type Serving = Omit<ServingWish, "modelVersion"> & { readonly modelVersion?: string | undefined };

/** Does nothing for a stack that serves nothing, or that needs no approval and names no release. @throws RunError before any resource is declared */
export async function permitted(project: string, stack: string): Promise<void> {
  const settings = servingOf(project, stack);
  if (!settings) return;
  const { modelVersion, approval, release } = settings;
  if (modelVersion === undefined || (approval.required === 0 && release === undefined)) return;
  const problems = await refusalsOf({ ...settings, modelVersion }).catch((error: unknown) => [
    `the history of releases cannot be asked: ${error instanceof Error ? error.message : String(error)}`,
  ]);
  if (problems.length === 0) return;
  const said = `${stack} may not serve model version ${modelVersion}\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
  const deploy = `mlops deploy --stage ${stack} --release ${release ?? "release.json"}`;
  const fix =
    approval.required === 0
      ? `Fix: ${deploy}, which says what is missing; mlops releases show ${release} shows the release`
      : `Fix: mlops approve --release ${release ?? "release.json"} --stage ${stack}, by someone who may; then ${deploy}`;
  if (isDryRun()) await log.warn(`pulumi up would be refused: ${said}\n${fix}`);
  else throw new RunError(`${said}\n${fix}`);
}

/** What a stack serves, and who has to agree; undefined for one that has no endpoint. */
function servingOf(project: string, stack: string): Serving | undefined {
  if (stack === "auto") return { ...readSettings(AutoSettings, project, stack), approval: { required: 0, validHours: 0, approvers: [] } };
  return isStage(stack) ? readSettings(stageSettings(stack), project, stack) : undefined;
}

async function refusalsOf(wish: ServingWish): Promise<string[]> {
  // Loaded only when there is something to ask: a preview of any other stack needs none of it.
  const permission = await import("../release/flow/release/permission.ts");
  return permission.refusalsOf(wish);
}
