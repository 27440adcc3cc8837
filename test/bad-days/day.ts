// What a bad day is: a starting point, what goes wrong, and what has to hold then.
import type { Scene, Start } from "./scene.ts";

export interface Day {
  /** What goes wrong, and what comes of it. */
  readonly name: string;
  readonly start: Start;
  /** Looks only: the next day may begin where this one ends. */
  readonly looksOnly?: true;
  run(scene: Scene): Promise<void>;
}
