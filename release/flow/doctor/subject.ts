// The stage that is looked at: its settings, names and Azure, each asked for once, by whichever check needs it first.
import { type Azure, connect } from "../../../azure/client.ts";
import { callerIn, type Caller } from "../../../azure/caller.ts";
import { resourceGroupId } from "../../../azure/ids.ts";
import { AutoSettings } from "../../../settings/auto.ts";
import { globalNames, localNames, registryNames, suffixOf } from "../../../settings/names.ts";
import { SharedSettings } from "../../../settings/shared.ts";
import { type Stage, stageSettings, type StageSettings } from "../../../settings/stage.ts";
import { type Pulumi, projectName } from "../../pulumi.ts";
import type { Target } from "../../target.ts";
import { Blocked } from "./blocked.ts";
import { type StackConfig, stackConfig } from "./stackConfig.ts";

export const stackNames = ["shared", "dev", "auto", "qa", "prod"] as const;
export type StackName = (typeof stackNames)[number];

export type Settings =
  | ({ readonly kind: "stage" } & StageSettings)
  | ({ readonly kind: "auto" } & AutoSettings)
  | ({ readonly kind: "shared"; readonly stage: "shared" } & SharedSettings);

export interface Login {
  readonly azure: Azure;
  readonly caller: Caller;
}

export interface Place {
  /** Resource group that the stack's own things are in; for `auto` dev's. */
  readonly group: string;
  readonly groupId: string;
  readonly groupExists: boolean;
  readonly location: string;
  readonly names: ReturnType<typeof localNames> &
    ReturnType<typeof globalNames> & { readonly registry: string; readonly registryGroup: string };
}

export interface Subject {
  readonly repo: string;
  readonly stage: StackName;
  readonly target: Target;
  readonly pulumi: Pulumi;
  readonly signal: AbortSignal;
  /** Who is signed in. @throws Blocked when nobody is, told by the check `login` */
  readonly login: () => Promise<Login>;
  /** The same without its failure being told elsewhere. */
  readonly tryLogin: () => Promise<Login>;
  readonly config: () => Promise<StackConfig>;
  /** @throws Blocked when they are wrong, told by the check `config` */
  readonly settings: () => Promise<Settings>;
  readonly trySettings: () => Promise<Settings>;
  readonly place: () => Promise<Place>;
}

export function subjectOf(about: Pick<Subject, "repo" | "stage" | "target" | "pulumi" | "signal">): Subject {
  const { stage, target, pulumi, repo } = about;
  const tryLogin = once(async (): Promise<Login> => {
    const azure = await connect(target.env, { retries: 2 });
    return { azure, caller: callerIn(await azure.token(azure.cloud.resourceManagerScope)) };
  });
  const login = blocked(tryLogin, "nobody is signed in");
  const config = once(() => stackConfig(repo, pulumi, stage));
  const trySettings = once(async () => await parsed(stage, (await config()).values));
  const settings = blocked(trySettings, "the stack's config is wrong");
  const place = once(async (): Promise<Place> => {
    const [{ azure }, { prefix, location }] = await Promise.all([login(), settings()]);
    const suffix = suffixOf(azure.subscriptionId);
    const registry = registryNames({ prefix }, suffix);
    // `auto` lives in dev's workspace, under an endpoint name of its own.
    const home = { prefix, stage: stage === "auto" ? "dev" : stage };
    const names = {
      ...{ ...localNames(home), ...globalNames(home, suffix), endpoint: globalNames({ prefix, stage }, suffix).endpoint },
      ...{ registry: registry.registry, registryGroup: registry.resourceGroup },
    };
    const group = stage === "shared" ? registry.resourceGroup : names.resourceGroup;
    const groupId = resourceGroupId(azure.subscriptionId, group);
    return { group, groupId, groupExists: (await azure.find(groupId, { apiVersion: "2021-04-01" })) !== undefined, location, names };
  });
  return { ...about, tryLogin, login, config, trySettings, settings, place };
}

const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
};

const blocked = <T>(ask: () => Promise<T>, why: string) =>
  once(async () => {
    try {
      return await ask();
    } catch (error) {
      throw error instanceof Blocked ? error : new Blocked(why);
    }
  });

/** @throws RunError that names every problem */
async function parsed(stage: StackName, values: Readonly<Record<string, string>>): Promise<Settings> {
  // Loads a part of Pulumi's SDK, which most commands do without.
  const { parseSettings } = await import("../../../settings/read.ts");
  const config = Object.fromEntries(Object.entries(values).map(([key, value]) => [`${projectName}:${key}`, value]));
  if (stage === "shared") return { kind: "shared", stage, ...parseSettings(SharedSettings, config, projectName, stage) };
  if (stage === "auto") return { kind: "auto", ...parseSettings(AutoSettings, config, projectName, stage) };
  return { kind: "stage", ...parseSettings(stageSettings(stage satisfies Stage), config, projectName, stage) };
}
