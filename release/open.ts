// What a command about one stage begins with: the target, Pulumi, the stage's workspace.
import { type Call, option, type OptionSpec } from "./command.ts";
import { openStage, type Workspace } from "./flow/workspace.ts";
import { type Pulumi, pulumiFor } from "./pulumi.ts";
import { chooseTarget, type Target, targetOption } from "./target.ts";

export const stages = ["dev", "auto", "qa", "prod"] as const;

/** Options of every command about one stage. */
export const stageOptions: readonly OptionSpec[] = [
  { flags: "--stage <stage>", description: "which stage", choices: stages, default: "dev" },
  targetOption,
];

export interface Opened {
  readonly stage: string;
  readonly target: Target;
  readonly pulumi: Pulumi;
  readonly workspace: Workspace;
}

export async function openTarget(call: Call): Promise<Omit<Opened, "workspace">> {
  const target = await chooseTarget(call);
  return { stage: option(call, "stage") ?? "dev", target, pulumi: pulumiFor(call, target) };
}

export async function open(call: Call): Promise<Opened> {
  const opened = await openTarget(call);
  return { ...opened, workspace: await openStage(opened.stage, opened.pulumi, opened.target) };
}

/** Name of the project folder, from the stack's config. */
export async function projectOf(pulumi: Pulumi, stage: string): Promise<string> {
  return (await pulumi.config(stage))["project"] ?? "project";
}
