// Days in qa: the deployment never gets healthy, or answers wrongly.
import { expect } from "@jest/globals";
import { json, refused } from "../ran.ts";
import type { Day } from "./day.ts";
import { atRest, type Deployed, shown, stageNow } from "./look.ts";
import { edit } from "./scoring.ts";

export const qaDays: readonly Day[] = [
  {
    name: "qa never gets healthy: taken back, the reason is the container's own; mended, the same command completes",
    start: "shared",
    async run(scene) {
      edit(scene, "project/deploy/score.py", (text) =>
        text.replace(
          "    global _collecting, _scorer\n",
          '    global _collecting, _scorer\n    raise RuntimeError("the model is for another table")\n',
        ),
      );
      refused(
        await scene.deploy("qa", "diabetes-1"),
        /diabetes-1 failed in qa[^]*User container has crashed or terminated[^]*\n\s+RuntimeError: the model is for another table[^]*nothing serves qa, as before/,
      );
      expect(await stageNow(scene, "qa")).toMatchObject({ plan: null, pending: null });
      expect(await shown(scene, "diabetes-1")).toMatch(/qa\s+failed NO: [^]*RuntimeError: the model is for another table/);
      refused(await scene.deploy("prod", "diabetes-1"), /not tested in qa/);

      edit(scene, "project/deploy/score.py", (text) => text.replace('    raise RuntimeError("the model is for another table")\n', ""));
      expect(json(await scene.deploy("qa", "diabetes-1"))).toMatchObject({ changed: true, acceptance: { passed: true } });
      await atRest(scene, "qa", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "an answer in qa is wrong: the release stops there, serves to be looked at, and prod is closed to it; right answers open it",
    start: "shared",
    async run(scene) {
      const file = "project/deploy/acceptance/1-typical-patients.json";
      edit(scene, file, (text) => text.replace('"near": [200, 80]', '"near": [80, 200]'));
      refused(await scene.deploy("qa", "diabetes-1"), /failed its acceptance in qa: 1-typical-patients.json: prediction 0 is/);
      refused(await scene.deploy("prod", "diabetes-1"), /failed its acceptance in qa/);
      refused(
        await scene.ann.mlops("approve", "--release", "diabetes-1", "--yes"),
        /cannot be approved for prod yet: diabetes-1 failed its acceptance/,
      );
      await scene.answering("qa");
      edit(scene, file, (text) => text.replace('"near": [80, 200]', '"near": [200, 80]'));
      const again = json(await scene.deploy("qa", "diabetes-1")) as Deployed;
      expect(again).toMatchObject({ changed: false, acceptance: { passed: true } });
    },
  },
];
