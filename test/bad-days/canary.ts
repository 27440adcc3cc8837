// Days on which the new version goes wrong while it gets its traffic, and what served before serves again.
import { expect } from "@jest/globals";
import type { Ran } from "../checkout.ts";
import { json, refused, succeeded, until } from "../ran.ts";
import type { Day } from "./day.ts";
import { atRest, type Deployed, shown } from "./look.ts";
import type { Scene } from "./scene.ts";
import { type Trouble, troubled } from "./scoring.ts";
import { steadyClient } from "./steadyClient.ts";

const before = { live: "blue", versions: { blue: "1" } };

/** Deploys diabetes-2 to prod; the trouble begins when green has so much traffic. */
async function troubledAt(scene: Scene, percent: number, trouble: Trouble): Promise<Ran> {
  const scoring = troubled(scene);
  const canary = scene.begin("deploy", "--stage", "prod", "--release", "diabetes-2");
  await until(`green at ${percent} %`, () => canary.stderr().includes(`blue=${100 - percent} green=${percent}`));
  scoring.begins(trouble);
  const ended = await canary.done;
  scoring.ends();
  return ended;
}

export const canaryDays: readonly Day[] = [
  {
    name: "green crashes at 10 %: blue serves as before, by itself, and the history says why",
    start: "live",
    async run(scene) {
      const ended = await troubledAt(scene, 10, "crash");
      refused(ended, /diabetes-2 failed in prod[^]*green failed its check with traffic[^]*diabetes-1 serves prod, as before/);
      expect(ended.stderr).not.toMatch(/green=50/);
      await atRest(scene, "prod", before);
      expect(await shown(scene, "diabetes-2")).toMatch(/prod\s+failed NO: .*green failed its check/);
    },
  },
  {
    name: "green's answers turn to errors at 50 %: blue serves as before, by itself, and the history says why",
    start: "live",
    async run(scene) {
      const ended = await troubledAt(scene, 50, "error");
      refused(ended, /diabetes-2 failed in prod[^]*% failed, the limit is 1 %[^]*diabetes-1 serves prod, as before/);
      await atRest(scene, "prod", before);
      expect(await shown(scene, "diabetes-2")).toMatch(/prod\s+failed NO: .*the limit is 1 %/);
    },
  },
  {
    name: "green gets slow at 50 %: blue serves as before, by itself; a steady client loses no request",
    start: "live",
    async run(scene) {
      await scene.set("prod", "rollout.maxP95Ms", "800");
      await scene.set("prod", "deploymentSet[2]", "environment_variables.WORKER_COUNT=6");
      const client = await steadyClient(scene, "prod");
      const ended = await troubledAt(scene, 50, "slow");
      const { sent, ...lost } = await client.stop();
      refused(ended, /diabetes-2 failed in prod[^]*p95 is \d+ ms, the limit is 800 ms[^]*diabetes-1 serves prod, as before/);
      expect(lost).toEqual({ failed: {}, reasons: [] });
      expect(sent).toBeGreaterThan(500);
      await atRest(scene, "prod", before);
    },
  },
  {
    name: "a whole canary and a rollback, nothing wrong: a steady client loses no request",
    start: "live",
    async run(scene) {
      const client = await steadyClient(scene, "prod");
      const deployed = json(await scene.deploy("prod", "diabetes-2")) as Deployed;
      expect(deployed).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
      succeeded(await scene.mlops("rollback", "--reason", "answers are off"));
      const { sent, ...lost } = await client.stop();
      expect(lost).toEqual({ failed: {}, reasons: [] });
      expect(sent).toBeGreaterThan(500);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1", green: "2" } });
    },
  },
];
