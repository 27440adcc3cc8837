// Days on which a command that changes prod is killed: the same command, or another one, brings prod to rest.
import { expect } from "@jest/globals";
import { deploymentStates } from "../../azure/online.ts";
import { json, succeeded } from "../ran.ts";
import type { Day } from "./day.ts";
import { killedAt, type Moment } from "./kill.ts";
import { atRest, type Deployed, endpointNow, shown } from "./look.ts";
import type { Scene } from "./scene.ts";
import { steadyClient } from "./steadyClient.ts";

const before = { live: "blue", versions: { blue: "1" } };
const after = { live: "green", versions: { blue: "1", green: "2" } };
const deploying = ["deploy", "--stage", "prod", "--release", "diabetes-2"] as const;

/** The same command again: it completes. */
async function completes(scene: Scene): Promise<void> {
  const done = json(await scene.deploy("prod", "diabetes-2", "--wait", "120")) as Deployed;
  expect(done).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
  await atRest(scene, "prod", after);
}

/** Green exists, and its processes are not up yet. */
async function greenIsMade(scene: Scene): Promise<Moment> {
  const [azure, endpoint] = [await scene.azure(), await endpointNow(scene, "prod")];
  return async () => (await deploymentStates(azure, endpoint!.id)).has("green");
}

export const killedInProd: readonly Day[] = [
  {
    name: "prod's deployment dies after the bytes were compared: the same command completes",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", /the bytes of the release/, ...deploying);
      await completes(scene);
    },
  },
  {
    name: "prod's deployment dies while green is made: the same command completes",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", await greenIsMade(scene), ...deploying);
      await completes(scene);
    },
  },
  {
    name: "prod's deployment dies at 10 %: the same command goes on",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", /blue=90 green=10/, ...deploying);
      expect((await endpointNow(scene, "prod"))!.traffic).toEqual({ blue: 90, green: 10 });
      await completes(scene);
    },
  },
  {
    name: "prod's deployment is killed at 10 % and its pulumi goes on alone: the same command completes, a steady client loses no request",
    start: "live",
    async run(scene) {
      const client = await steadyClient(scene, "prod");
      await killedAt(scene, "alone", /blue=90 green=10/, ...deploying);
      await completes(scene);
      expect(await client.stop()).toMatchObject({ failed: {}, reasons: [] });
    },
  },
  {
    name: "prod's deployment dies at 10 %: rollback takes it back",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", /blue=90 green=10/, ...deploying);
      const back = json(await scene.mlops("rollback", "--reason", "nobody goes on with it", "--json"));
      expect(back).toMatchObject({ from: "diabetes-2", to: "diabetes-1" });
      await atRest(scene, "prod", before);
      expect(await shown(scene, "diabetes-2")).toMatch(/prod\s+failed NO: taken back: nobody goes on with it/);
    },
  },
  {
    name: "prod's deployment dies at 50 %: another release's deployment takes it back first",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", /blue=50 green=50/, ...deploying);
      const ran = succeeded(await scene.deploy("prod", "diabetes-1"));
      expect(ran.stderr).toMatch(/the deployment of diabetes-2 to prod was never ended; it is taken back first/);
      expect(json(ran)).toMatchObject({ changed: false });
      await atRest(scene, "prod", before);
    },
  },
  {
    name: "prod's deployment dies when green has all traffic: the same command completes",
    start: "live",
    async run(scene) {
      await killedAt(scene, "all", /traffic green=100/, ...deploying);
      await completes(scene);
    },
  },
  {
    name: "rollback dies after it moved the traffic: the same command ends it, and does not go back once more",
    start: "live",
    async run(scene) {
      succeeded(await scene.deploy("prod", "diabetes-2"));
      await killedAt(scene, "all", /back\s+prod serves diabetes-1/, "rollback", "--reason", "answers are off");
      const back = json(await scene.mlops("rollback", "--reason", "answers are off", "--json"));
      expect(back).toMatchObject({ from: "diabetes-2", to: "diabetes-1" });
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1", green: "2" } });
      expect(await shown(scene, "diabetes-1")).toMatch(/restored: in place of diabetes-2: answers are off/);
    },
  },
];
