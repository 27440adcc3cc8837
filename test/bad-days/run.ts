// Runs bad days one after the other in one scene, and prints what each took.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { minutes } from "../ran.ts";
import type { Day } from "./day.ts";
import { Scene } from "./scene.ts";

/** Days are cheapest in the order of their starting points: each of those is made once, when it is first asked for. */
export function runDays(name: string, days: readonly Day[]): void {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open(name);
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
        (error: Error) => {
          tell("FAILED");
          process.stderr.write(`${error.message.slice(0, 1500)} … ${error.message.slice(-1500)}\n`);
          throw error;
        },
      );
    },
    12 * minutes,
  );
}
