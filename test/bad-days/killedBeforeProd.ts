// Days on which a command on the way to prod is killed: the same command completes.
import { expect } from "@jest/globals";
import { apiVersions, workspaceId } from "../../azure/ids.ts";
import { startSandbox, stopSandbox } from "../../sandbox/control.ts";
import { json, succeeded } from "../ran.ts";
import type { Day } from "./day.ts";
import { killedAt } from "./kill.ts";
import { atRest, type Deployed, endpointNow, releases, shown } from "./look.ts";

interface Trained {
  readonly job: string;
  readonly release: { readonly id: string; readonly gate: { readonly passed: boolean } };
}
interface Shared {
  readonly assets: readonly { readonly copied: boolean }[];
}

export const killedBeforeProd: readonly Day[] = [
  {
    name: "training dies in its up and while its job runs: the same command trains, and the job that was left can be followed to a release",
    start: "shared",
    async run(scene) {
      await killedAt(scene, "all", /Updating \(dev\)/, "train", "--set", "inputs.alpha=0.9");
      const dead = await killedAt(scene, "all", /train\s+\S+\s+Running/, "train", "--set", "inputs.alpha=0.9");
      expect(dead.stderr).toMatch(/an earlier run on dev was killed; its lock is taken away/);
      const [, left] = /as job (\S+)/.exec(dead.stderr)!;
      const followed = json(await scene.mlops("train", "--job", left!, "--json")) as Trained;
      expect(followed).toMatchObject({ job: left, release: { id: "diabetes-2", gate: { passed: true } } });
      expect(json(await scene.mlops("train", "--set", "inputs.alpha=0.8", "--json"))).toMatchObject({ release: { id: "diabetes-3" } });
    },
  },
  {
    name: "training dies at the gate: nothing is a release yet; judged again, it is",
    start: "shared",
    async run(scene) {
      await killedAt(scene, "all", /^gate /m, "train", "--no-up", "--set", "inputs.alpha=0.9");
      expect((await releases(scene)).releases.map(({ id }) => id)).toEqual(["diabetes-1"]);
      const again = json(await scene.mlops("train", "--model", "diabetes:2", "--json")) as Trained;
      expect(again.release).toMatchObject({ id: "diabetes-2", gate: { passed: true } });
    },
  },
  {
    name: "share dies half-way: the same command copies the rest",
    start: "trained",
    async run(scene) {
      await killedAt(scene, "all", /component \S+ copied/, "share");
      const { assets } = json(await scene.mlops("share", "--json")) as Shared;
      expect(assets.some(({ copied }) => !copied)).toBe(true);
      expect(assets.some(({ copied }) => copied)).toBe(true);
      const again = json(await scene.mlops("share", "--json")) as Shared;
      expect(again.assets.every(({ copied }) => !copied)).toBe(true);
    },
  },
  {
    name: "auto's deployment dies while the slot is made: the same command completes",
    start: "shared",
    async run(scene) {
      await killedAt(scene, "all", /OnlineEndpoint auto-endpoint created/, "deploy", "--stage", "auto", "--release", "diabetes-1");
      expect(json(await scene.deploy("auto", "diabetes-1"))).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
      await atRest(scene, "auto", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "qa's first deployment dies while Azure makes its workspace: the same command takes over what was made, and completes",
    start: "shared",
    async run(scene) {
      await stopSandbox(scene.path(".sandbox"));
      await startSandbox(scene.path(".sandbox"), { profile: "azure", scale: 20 });
      const azure = await scene.azure();
      const id = workspaceId({ subscriptionId: azure.subscriptionId, resourceGroupName: "rg-mlops-qa", workspaceName: "mlw-mlops-qa" });
      const begun = async (): Promise<boolean> =>
        (await azure.find(id, { apiVersion: apiVersions.machineLearning }).catch(() => undefined)) !== undefined;
      await killedAt(scene, "all", begun, "deploy", "--stage", "qa", "--release", "diabetes-1");
      const ran = succeeded(await scene.deploy("qa", "diabetes-1"));
      expect(ran.stderr).toMatch(/an earlier run was killed while it made qa-workspace; what it made is taken over/);
      expect(json(ran) as Deployed).toMatchObject({ changed: true, acceptance: { passed: true } });
      await atRest(scene, "qa", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "qa's deployment dies among its acceptance requests: the same command sends them",
    start: "shared",
    async run(scene) {
      await killedAt(scene, "all", /^test /m, "deploy", "--stage", "qa", "--release", "diabetes-1");
      succeeded(await scene.deploy("qa", "diabetes-1"));
      expect(await shown(scene, "diabetes-1")).toMatch(/qa\s+tested: 3 acceptance requests answered rightly/);
      await atRest(scene, "qa", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "approve dies after it has shown what would change: nothing was approved, or all of it; the same command approves",
    start: "tested",
    async run(scene) {
      await killedAt(scene.ann, "all", /traffic[^]*cost/, "approve", "--release", "diabetes-1", "--yes");
      expect(json(await scene.ann.mlops("approve", "--release", "diabetes-1", "--yes", "--json"))).toMatchObject({ approved: true });
    },
  },
  {
    name: "prod's first deployment ever dies when it has its traffic: rollback leaves nothing that serves, and the same command completes",
    start: "tested",
    async run(scene) {
      succeeded(await scene.ann.mlops("approve", "--release", "diabetes-1", "--yes"));
      await killedAt(scene, "all", /traffic blue=100/, "deploy", "--stage", "prod", "--release", "diabetes-1");
      expect(json(await scene.mlops("rollback", "--reason", "not today", "--json"))).toMatchObject({ from: "diabetes-1", to: "nothing" });
      expect(await endpointNow(scene, "prod")).toBeUndefined();
      expect(json(await scene.deploy("prod", "diabetes-1"))).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1" } });
    },
  },
];
