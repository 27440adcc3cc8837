// A scoring script that goes wrong when the test says so: what the next deployment runs, and nothing that is deployed already.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Scene } from "./scene.ts";

/** The process dies; every answer is an error; every eighth answer takes a second. */
export type Trouble = "crash" | "error" | "slow";

const trouble = (file: string): string => `
import itertools
import signal

_asked = itertools.count(1)


def _bad_day() -> None:
    try:
        with open(${JSON.stringify(file)}) as said:
            kind = said.read()
    except FileNotFoundError:
        return
    if kind == "crash":
        os.killpg(0, signal.SIGKILL)
    if kind == "error":
        raise RuntimeError("a bad day")
    if kind == "slow" and next(_asked) % 8 == 0:
        time.sleep(1)


def run(`;

export interface Switch {
  begins(trouble: Trouble): void;
  ends(): void;
}

/** Changes project/deploy/score.py so that it looks for trouble before each answer. */
export function troubled(scene: Scene): Switch {
  const file = scene.path(".bad-day");
  rmSync(file, { force: true });
  edit(scene, "project/deploy/score.py", (text) =>
    text
      .replace("\ndef run(", trouble(file))
      .replace("    try:\n        table, predictions", "    _bad_day()\n    try:\n        table, predictions"),
  );
  return { begins: (kind) => writeFileSync(file, kind), ends: () => rmSync(file, { force: true }) };
}

/** Changes a file of the checkout. @throws when that leaves it as it was: a test that changes nothing shows nothing */
export function edit(scene: Scene, file: string, change: (text: string) => string): void {
  const before = readFileSync(scene.path(file), "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${file} has not what the test wanted to change`);
  writeFileSync(scene.path(file), after);
}
