// Days on which two runs want the same: one goes, the other waits or is refused, and they never interleave.
import { expect } from "@jest/globals";
import { json, refused, until } from "../ran.ts";
import type { Day } from "./day.ts";
import { atRest, type Deployed } from "./look.ts";

export const atOnceDays: readonly Day[] = [
  {
    name: "two releases at once: the second is refused with who is at work, or waits for its turn; so is a rollback",
    start: "live",
    async run(scene) {
      const canary = scene.begin("deploy", "--stage", "prod", "--release", "diabetes-2", "--json");
      await until("traffic at 10 %", () => canary.stderr().includes("blue=90 green=10"));
      const waiting = scene.begin("deploy", "--stage", "prod", "--release", "diabetes-1", "--wait", "180", "--json");
      refused(
        await scene.deploy("prod", "diabetes-1", "--wait", "0"),
        /prod is being changed by another run, of \S+ on \S+ \(process \d+\) since/,
      );
      refused(await scene.mlops("rollback", "--reason", "no", "--wait", "0"), /prod is being changed by another run/);
      expect(json(await canary.done) as Deployed).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
      const second = await waiting.done;
      expect(second.stderr).toMatch(/waiting for another run that changes prod, of \S+ on/);
      // It began from what the first one had left: blue is the idle slot then.
      expect(json(second) as Deployed).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
      expect(second.stderr).toMatch(/green=90|blue=10 green=90/);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1", green: "2" } });
    },
  },
  {
    name: "the same release twice at once: one deploys it, the other finds it served",
    start: "shared",
    async run(scene) {
      const both = await Promise.all([scene.deploy("auto", "diabetes-1"), scene.deploy("auto", "diabetes-1")]);
      expect(new Set(both.map((ran) => (json(ran) as Deployed).changed))).toEqual(new Set([true, false]));
      await atRest(scene, "auto", { live: "blue", versions: { blue: "1" } });
    },
  },
];
