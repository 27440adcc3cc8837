// Brings one model version to a stage: stack config, `pulumi up`, a look at its health, a request that is answered.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiVersions } from "../../azure/ids.ts";
import type { Variant } from "../../assets/index.ts";
import { type Call, CommandError } from "../command.ts";
import { variantConfig } from "../core/stageRecord.ts";
import type { Pulumi } from "../pulumi.ts";
import type { Target } from "../target.ts";
import { type Answer, type EndpointState, score, waitHealthy, whenIdle } from "./endpoint.ts";
import type { ModelVersion } from "./model.ts";
import { projectFileIfThere } from "../project.ts";
import { openStage, type Workspace } from "./workspace.ts";

export interface Deployed {
  readonly model: Pick<ModelVersion, "name" | "version">;
  readonly endpoint: EndpointState;
  /** The answer to the project's sample request, when the project has one. */
  readonly sample: Answer | undefined;
}

/** Seconds that an endpoint may take to become healthy after `up`, which has waited for its deployments already. */
const HEALTHY_WITHIN = 300;

export async function deployModel(
  call: Call,
  target: Target,
  pulumi: Pulumi,
  stage: string,
  model: Pick<ModelVersion, "name" | "version"> & { readonly variant: Variant },
  project: string,
): Promise<Deployed> {
  const { variant } = variantConfig(model.variant);
  if (variant === "") await pulumi.unsetConfig(stage, ["variant"]);
  await pulumi.setConfig(stage, { modelName: model.name, modelVersion: model.version, ...(variant === "" ? {} : { variant }) });
  const wait = { seconds: HEALTHY_WITHIN, signal: call.signal, onWait: (why: string) => call.out.progress(`deploy  waiting: ${why}`) };
  await whenIdle(await openStage(stage, pulumi, target), wait);
  call.out.progress(`deploy  ${model.name}:${model.version} to ${stage}: pulumi up --stack ${stage}`);
  await pulumi.up(stage);
  const workspace = await openStage(stage, pulumi, target);
  const endpoint = await waitHealthy(workspace, wait);
  const request = sampleRequest(call.repo, project);
  return { model, endpoint, sample: request === undefined ? undefined : await score(workspace, endpoint, request) };
}

/** The sample request of the project; undefined when there is none. */
export function sampleRequest(repo: string, project: string): unknown {
  const path = projectFileIfThere(repo, project, "sampleRequest");
  if (!path) return undefined;
  try {
    return JSON.parse(readFileSync(join(repo, path), "utf8"));
  } catch (error) {
    throw new CommandError(`${path}: ${(error as Error).message}`, "A sample request is one JSON document.");
  }
}

/** The newest version of a model, versions compared as numbers where they are numbers. */
export async function newestModel(workspace: Workspace, name: string): Promise<ModelVersion> {
  const options = { apiVersion: apiVersions.machineLearning };
  const versions: ModelVersion[] = [];
  const id = `${workspace.id}/models/${name}`;
  if (await workspace.azure.find(id, options)) {
    for await (const found of workspace.azure.list<{ name: string; id: string }>(`${id}/versions`, options)) {
      versions.push({ name, version: found.name, id: found.id });
    }
  }
  const newest = versions.toSorted((a, b) => compareVersions(a.version, b.version)).at(-1);
  if (!newest) throw new CommandError(`workspace of stage ${workspace.stage} has no model "${name}"`, "`mlops train` makes one.");
  return newest;
}

/** 10 is newer than 9; what is no number is older than every number and compared as text. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
