// Days on which a release does not get as far as qa: the gate says no, the registry refuses.
import { expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { registryId } from "../../azure/ids.ts";
import type { ReleaseManifest } from "../../release/core/manifest.ts";
import { json, refused, succeeded } from "../ran.ts";
import type { Day } from "./day.ts";
import { releases, shown } from "./look.ts";
import type { Scene } from "./scene.ts";
import { edit } from "./scoring.ts";

export const manifest = (scene: Scene): ReleaseManifest => JSON.parse(readFileSync(scene.path("release.json"), "utf8")) as ReleaseManifest;

export async function registry(scene: Scene): Promise<string> {
  const outputs = json(await scene.checkout.pulumi("stack", "output", "--json", "--stack", "shared")) as Record<string, string>;
  const { subscriptionId } = await scene.azure();
  return registryId(subscriptionId, outputs["registryResourceGroupName"]!, outputs["registryName"]!);
}

export const beforeQaDays: readonly Day[] = [
  {
    name: "the gate fails: the release is written down with the reason, and goes nowhere",
    start: "shared",
    async run(scene) {
      edit(scene, "project/mlops/gate.yml", (text) => text.replace("r2: { min: 0.40 }", "r2: { min: 0.99 }"));
      const trained = await scene.mlops("train", "--no-up", "--out", "failed.json");
      refused(trained, /diabetes-2 did not pass the gate: r2 is 0\.\d+; it must be at least 0\.99/);
      expect((await releases(scene)).releases[0]).toMatchObject({ id: "diabetes-2", passed: false });
      refused(await scene.mlops("share", "--release", "failed.json"), /failed the gate and goes nowhere/);
      refused(await scene.deploy("auto", "diabetes-2"), /failed the gate: r2 is/);
      refused(
        await scene.ann.mlops("approve", "--release", "diabetes-2", "--yes"),
        /cannot be approved for prod yet: diabetes-2 failed the gate/,
      );
    },
  },
  {
    name: "the registry refuses who may not write there: said so, nothing is shared; who may then shares",
    start: "trained",
    async run(scene) {
      refused(await scene.ann.mlops("share"), /the registry \S+ refused environments \S+: AuthorizationFailed/);
      refused(await scene.deploy("auto", "diabetes-1"), /diabetes-1 is not in the registry; run mlops share/);
      succeeded(await scene.mlops("share"));
      expect(await shown(scene, "diabetes-1")).toMatch(/shared: registry/);
    },
  },
  {
    name: "the registry has other content under a version: refused, and the release stays out of the registry",
    start: "trained",
    async run(scene) {
      const [azure, id] = [await scene.azure(), await registry(scene)];
      const { name, version } = manifest(scene).environments[0]!;
      await azure.put(
        `${id}/environments/${name}/versions/${version}`,
        { properties: { image: "mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:1", osType: "Linux" } },
        { apiVersion: "2024-10-01" },
      );
      refused(
        await scene.mlops("share"),
        new RegExp(`has environments ${name}:${version} with other content than workspace[^]*give the changed asset another version`),
      );
      refused(await scene.deploy("auto", "diabetes-1"), /diabetes-1 is not in the registry/);
    },
  },
];
