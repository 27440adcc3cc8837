// Days on which Azure itself is unwell: calls are refused for a while, fail, or their answers are lost.
import { expect } from "@jest/globals";
import { writeFileSync } from "node:fs";
import { json, refused, succeeded } from "../ran.ts";
import type { Day } from "./day.ts";
import { atRest, type Deployed } from "./look.ts";
import type { Scene } from "./scene.ts";

const services = ["management", "entra", "graph", "machinelearning", "blob", "vault", "events"] as const;

/** Each call of each service meets this the first time; scoring is what canaries judge, and has days of its own. */
async function firstOfAll(scene: Scene, fault: string, methods = ""): Promise<void> {
  const rules = services.map((service) => `- call: { service: ${service}${methods} }\n  per: path\n  first: 1\n  ${fault}\n`);
  await set(scene, rules.join(""));
}

async function set(scene: Scene, rules: string): Promise<void> {
  const file = scene.path("faults.yml");
  writeFileSync(file, rules);
  succeeded(await scene.mlops("sandbox", "faults", file));
}

/** How often faults were played; clears them. */
async function played(scene: Scene): Promise<number> {
  const faults = json(await scene.mlops("sandbox", "faults", "--list", "--json")) as readonly { readonly played: number }[];
  succeeded(await scene.mlops("sandbox", "faults", "--clear"));
  return faults.reduce((sum, one) => sum + one.played, 0);
}

async function thereAndBack(scene: Scene): Promise<void> {
  expect(json(await scene.deploy("prod", "diabetes-2")) as Deployed).toMatchObject({
    changed: true,
    endpoint: { traffic: { green: 100 } },
  });
  succeeded(await scene.mlops("rollback", "--reason", "answers are off"));
  expect(await played(scene)).toBeGreaterThan(30);
  await atRest(scene, "prod", { live: "blue", versions: { blue: "1", green: "2" } });
}

export const faultDays: readonly Day[] = [
  {
    name: "every call is answered with 429 the first time: training, share, qa, approval and prod go through",
    start: "trained",
    async run(scene) {
      await firstOfAll(scene, "answer: { status: 429, retryAfter: 1 }");
      succeeded(await scene.mlops("train", "--set", "inputs.alpha=0.9"));
      succeeded(await scene.mlops("share"));
      succeeded(await scene.deploy("qa", "diabetes-2"));
      succeeded(await scene.ann.mlops("approve", "--release", "diabetes-2", "--yes"));
      expect(json(await scene.deploy("prod", "diabetes-2"))).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
      expect(await played(scene)).toBeGreaterThan(100);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "2" } });
    },
  },
  {
    name: "every call is answered with 500 the first time: the canary and a rollback go through",
    start: "live",
    async run(scene) {
      await firstOfAll(scene, "answer: { status: 500 }");
      await thereAndBack(scene);
    },
  },
  {
    name: "every answer is lost the first time, after the work was done: the canary and a rollback go through",
    start: "live",
    async run(scene) {
      await firstOfAll(scene, "drop: after");
      await thereAndBack(scene);
    },
  },
  {
    name: "the storage of the history is out of order: said so, nothing changes; when it is mended the same command completes",
    start: "live",
    async run(scene) {
      await set(scene, "- call: { service: blob, method: PUT }\n  answer: { status: 503 }\n");
      refused(await scene.deploy("prod", "diabetes-2"), /storage \S+\/\S*releases\S*: 503[^]*Run the command again/);
      await played(scene);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1" } });
      expect(json(await scene.deploy("prod", "diabetes-2"))).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
    },
  },
];
