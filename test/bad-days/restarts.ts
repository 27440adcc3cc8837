// Days on which the cloud goes away in the middle, or a machine that nobody reaches any more has left its lock.
import { expect } from "@jest/globals";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../sandbox/control.ts";
import { json, refused, succeeded, until } from "../ran.ts";
import type { Day } from "./day.ts";
import { atRest, type Deployed, shown } from "./look.ts";
import type { Scene } from "./scene.ts";

async function restart(scene: Scene): Promise<void> {
  const { pid } = JSON.parse(readFileSync(scene.path(".sandbox", "sandbox.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  await startSandbox(scene.path(".sandbox"));
}

export const restartDays: readonly Day[] = [
  {
    name: "the sandbox is killed and started again at 10 %: the command ends or takes back, and the same command completes",
    start: "live",
    async run(scene) {
      const canary = scene.begin("deploy", "--stage", "prod", "--release", "diabetes-2");
      await until("traffic at 10 %", () => canary.stderr().includes("blue=90 green=10"));
      await restart(scene);
      const first = await canary.done;
      await scene.answering("prod");
      const again = json(await scene.deploy("prod", "diabetes-2")) as Deployed;
      expect(again).toMatchObject({ changed: first.code !== 0, endpoint: { traffic: { green: 100 } } });
      await atRest(scene, "prod", { live: "green", versions: { blue: "1", green: "2" } });
    },
  },
  {
    name: "the sandbox is killed and started again while qa's deployment is made: the command ends or takes back, and the same command completes",
    start: "shared",
    async run(scene) {
      const qa = scene.begin("deploy", "--stage", "qa", "--release", "diabetes-1");
      await until("the endpoint", () => /OnlineEndpoint qa-endpoint created/.test(qa.stderr()));
      await restart(scene);
      await qa.done;
      const again = json(await scene.deploy("qa", "diabetes-1")) as Deployed;
      expect(again.endpoint.traffic).toEqual({ blue: 100 });
      expect(await shown(scene, "diabetes-1")).toMatch(/qa\s+tested: 3 acceptance requests answered rightly/);
      await atRest(scene, "qa", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "another machine has left its lock on prod's stack: said so, nothing changes and nothing counts as failed; after pulumi cancel the same command completes",
    start: "live",
    async run(scene) {
      const folder = scene.path(".sandbox", "pulumi-state", ".pulumi", "locks", "organization", "azure-mlops", "prod");
      mkdirSync(folder, { recursive: true });
      const lock = { pid: 4242, username: "runner", hostname: "build-7", timestamp: "2026-05-01T12:00:00Z" };
      writeFileSync(`${folder}/7d0f9b3c-0000-4000-8000-000000000001.json`, JSON.stringify(lock));
      refused(
        await scene.deploy("prod", "diabetes-2"),
        /stack prod is locked by runner@build-7 \(process 4242\) since 2026-05-01[^]*pulumi cancel --stack prod/,
      );
      expect(await shown(scene, "diabetes-2")).not.toMatch(/prod\s+failed/);
      succeeded(await scene.checkout.pulumi("cancel", "--yes", "--stack", "prod"));
      expect(json(await scene.deploy("prod", "diabetes-2"))).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
      await atRest(scene, "prod", { live: "green", versions: { blue: "1", green: "2" } });
    },
  },
];
