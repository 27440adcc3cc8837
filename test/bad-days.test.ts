// Bad days of the release train: each puts the sandbox to a starting point, runs the real commands, and lets something go wrong.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Day } from "./bad-days/day.ts";
import { canaryDays } from "./bad-days/canary.ts";
import { Scene } from "./bad-days/scene.ts";
import { minutes } from "./ran.ts";

const days: readonly Day[] = [...canaryDays];

let scene: Scene;
const took: string[] = [];

beforeAll(async () => {
  scene = await Scene.open();
}, 2 * minutes);

afterAll(async () => {
  await scene.dispose();
  process.stderr.write(`${took.join("\n")}\n`);
}, minutes);

// The first day of a starting point makes it, which takes minutes.
test.each(days.map((day) => [day.name, day] as const))(
  "%s",
  async (_name, day) => {
    expect.hasAssertions();
    const began = performance.now();
    await scene.to(day.start);
    const ready = performance.now();
    if (!day.looksOnly) scene.changes();
    try {
      await day.run(scene);
    } finally {
      const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(0).padStart(4);
      took.push(`${seconds(ready, performance.now())} s (+ ${seconds(began, ready)} s to begin)  ${day.name}`);
    }
  },
  12 * minutes,
);
