// Bad days of the release train: each puts the sandbox to a starting point, runs the real commands, and lets something go wrong.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Day } from "./bad-days/day.ts";
import { canaryDays } from "./bad-days/canary.ts";
import { killedBeforeProd } from "./bad-days/killedBeforeProd.ts";
import { killedInProd } from "./bad-days/killedInProd.ts";
import { Scene } from "./bad-days/scene.ts";
import { minutes } from "./ran.ts";

/** In the order of their starting points, so that each of those is made once. */
const days: readonly Day[] = [...canaryDays, ...killedBeforeProd, ...killedInProd];

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, 2 * minutes);

afterAll(async () => {
  await scene.dispose();
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
    const tell = (how: string): void => {
      const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(0).padStart(4);
      process.stderr.write(`${how} ${seconds(ready, performance.now())} s (+ ${seconds(began, ready)} s to begin)  ${day.name}\n`);
    };
    await day.run(scene).then(
      () => tell("ok    "),
      (error: unknown) => {
        tell("FAILED");
        throw error;
      },
    );
  },
  12 * minutes,
);
