// What the history and the endpoints say after a bad day.
import { expect } from "@jest/globals";
import { json, succeeded } from "../ran.ts";
import type { Scene } from "./scene.ts";

export interface Plan {
  readonly live: string;
  readonly versions: Readonly<Record<string, string>>;
}
interface Releases {
  readonly releases: readonly { readonly id: string; readonly passed: boolean; readonly stages: Readonly<Record<string, string>> }[];
  readonly stages: readonly { readonly stage: string; readonly plan: Plan | null; readonly pending: unknown }[];
}
export interface Deployed {
  readonly changed: boolean;
  readonly endpoint: Endpoint;
  readonly acceptance?: { readonly passed: boolean };
}
export interface Endpoint {
  readonly id: string;
  readonly traffic: Readonly<Record<string, number>>;
  readonly deployments: readonly { readonly name: string }[];
}

export const releases = async (scene: Scene): Promise<Releases> => json(await scene.mlops("releases", "--json")) as Releases;

/** The history's account of a stage. */
export const stageNow = async (scene: Scene, stage: string): Promise<Releases["stages"][number]> =>
  (await releases(scene)).stages.find((one) => one.stage === stage)!;

/** Azure's account of a stage: undefined when it has no endpoint. */
export async function endpointNow(scene: Scene, stage: string): Promise<Endpoint | undefined> {
  const { stages } = json(await scene.mlops("status", "--stage", stage, "--json")) as { stages: readonly { endpoint?: Endpoint }[] };
  return stages[0]?.endpoint;
}

/** The stage serves this and nothing else, by the history and by Azure; plain Pulumi has nothing to do, and nothing is left half-way. */
export async function atRest(scene: Scene, stage: string, plan: Plan): Promise<void> {
  const [now, endpoint] = [await stageNow(scene, stage), await endpointNow(scene, stage)];
  expect({ ...now, endpoint }).toMatchObject({ plan, pending: null, endpoint: { traffic: { [plan.live]: 100 } } });
  expect(Object.values(endpoint!.traffic).filter((percent) => percent > 0)).toEqual([100]);
  expect(endpoint!.deployments.map(({ name }) => name).toSorted()).toEqual(Object.keys(plan.versions).toSorted());
  succeeded(await scene.up(stage, "--expect-no-changes"));
  await scene.answering(stage);
}

/** What `mlops releases show` prints of a release. */
export const shown = async (scene: Scene, id: string): Promise<string> => succeeded(await scene.mlops("releases", "show", id)).stdout;
