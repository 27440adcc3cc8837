// Prod serves what was signed and what enough people approved, to the byte. The same judgement as the command's and the stack program's, made a third
// time, from the config that Pulumi hands the pack: a program that was changed to skip its own check does not get past this one.
import { parseSettings } from "../../settings/read.ts";
import { stageSettings, type StageSettings } from "../../settings/stage.ts";
import { at, type Finding, type ResourceRule, type Subject } from "../rule.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Why the release of the settings may not be served; none when it may. */
export type Judge = (settings: StageSettings & { modelVersion: string }) => Promise<readonly string[]>;

/** @param env of the pack's process: Pulumi sets PULUMI_CONFIG, PULUMI_PROJECT and PULUMI_DRY_RUN */
export function approvedRelease(env: Env, judge: Judge = judgeByHistory): ResourceRule {
  let problems: Promise<readonly string[]> | undefined;
  const settingsOf = (stack: string): StageSettings =>
    parseSettings(
      stageSettings("prod"),
      JSON.parse(env["PULUMI_CONFIG"] ?? "{}") as Record<string, string>,
      env["PULUMI_PROJECT"] ?? "azure-mlops",
      stack,
    );
  return {
    name: "approved-release",
    description: "prod serves only releases that are signed and whose exact digests enough people approved",
    stacks: ["prod"],
    // A preview is what people look at before they approve, so there it only says what an update would meet.
    level: env["PULUMI_DRY_RUN"] === "true" ? "advisory" : "mandatory",
    check: {
      "azure-native:machinelearningservices:OnlineDeployment": async (subject) => {
        const settings = settingsOf(subject.stack);
        const { modelVersion } = settings;
        if (modelVersion === undefined) return [{ problem: "the config names no modelVersion", fix: "deploy with mlops deploy --release" }];
        problems ??= judge({ ...settings, modelVersion }).catch((error: Error) => [
          `the history of releases cannot be asked: ${error.message}`,
        ]);
        const fix = `mlops approve --release ${settings.release ?? "release.json"} --stage ${subject.stack}, by someone who may; then mlops deploy --stage ${subject.stack}`;
        return [...(await problems).map((problem) => ({ problem, fix })), ...strangers(subject, settings)];
      },
    },
  };
}

/** A deployment of a model version that the config does not name was not what anyone approved. */
function strangers({ props }: Subject, { modelVersion, keptVersion }: StageSettings): Finding[] {
  const model = at(props, "properties.model");
  const version = typeof model === "string" ? model.split("/versions/")[1] : undefined;
  if (version !== undefined && [modelVersion, keptVersion].includes(version)) return [];
  return [
    {
      problem: `it serves ${typeof model === "string" ? model : "no registered model"}, the config names version ${[modelVersion, keptVersion].filter(Boolean).join(" and ")}`,
      fix: "let the stack make its deployments from modelVersion and keptVersion alone",
    },
  ];
}

const judgeByHistory: Judge = async (settings) => {
  // Loaded only when something is to be served: other stacks' previews stay quick.
  const { refusalsOf } = await import("../../release/flow/release/permission.ts");
  return refusalsOf(settings);
};
