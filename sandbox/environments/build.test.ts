// Environments really built by uv: once for all who ask, again after a kill, and a failure that names the package.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildEnvironment } from "./build.ts";
import { recipeOf } from "./recipe.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mlops-environments-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const recipe = (dependencies: unknown[]) => recipeOf({ condaFile: JSON.stringify({ dependencies }) });

test("two at the same time build once; later ones find it there", async () => {
  const lines: string[] = [];
  const six = recipe(["python=3.11", { pip: ["six==1.17.0"] }]);
  const [one, two] = await Promise.all([0, 1].map(async () => await buildEnvironment(root, six, (line) => lines.push(line))));
  expect(one!.dir).toBe(two!.dir);
  expect(lines.filter((line) => line.startsWith("Building"))).toHaveLength(1);
  expect(execFileSync(one!.python, ["-c", "import six, sys; print(six.__version__, sys.prefix)"]).toString().trim()).toBe(
    `1.17.0 ${one!.dir}`,
  );
  expect(readFileSync(one!.logFile, "utf8")).toContain("six");
  expect((await buildEnvironment(root, recipe([{ pip: ["six==1.17.0"] }, "python=3.11"]), (line) => lines.push(line))).dir).toBe(one!.dir);
  expect(lines.filter((line) => line.startsWith("Building"))).toHaveLength(1);
});

test("what a killed build left is not used, and goes", async () => {
  const empty = recipe(["python=3.11"]);
  const first = await buildEnvironment(root, empty, () => undefined);
  const home = join(root, first.hash);
  rmSync(join(home, "ready.json"));
  mkdirSync(join(home, "env-half"));
  const second = await buildEnvironment(root, empty, () => undefined);
  expect(second.dir).not.toBe(first.dir);
  expect(readdirSync(home).filter((name) => name.startsWith("env-"))).toEqual([second.dir.split("/").at(-1)]);
  expect(existsSync(second.python)).toBe(true);
});

test("a Python that is not installed: the nearest one, said so", async () => {
  const notes: string[] = [];
  const built = await buildEnvironment(root, recipe(["python=3.6"]), (line) => notes.push(line));
  expect(built.notes[0]).toMatch(
    /^Python 3\.6 is not installed here: 3\.\d+\.\d+ is used instead, with the package versions that 3\.6 would get/,
  );
  expect(notes).toContain(`note: ${built.notes[0]}`);
});

test("its open requirements are those of the Python that was asked for, where this one can have them", async () => {
  // pandas 2.1 needs Python 3.9: what Azure's image of 3.8 would get is 2.0.3.
  const built = await buildEnvironment(root, recipe(["python=3.8", { pip: ["pandas"] }]), () => undefined);
  expect(execFileSync(built.python, ["-c", "import pandas; print(pandas.__version__)"]).toString().trim()).toBe("2.0.3");
  // No package of 3.6 has a wheel that any later Python takes; then it is this Python's own.
  const old = await buildEnvironment(root, recipe(["python=3.6", { pip: ["numpy"] }]), () => undefined);
  expect(execFileSync(old.python, ["-c", "import numpy; print(numpy.__version__)"]).toString().trim()).toMatch(/^[12]\./);
});

test("what has no wheel is refused with its name, and nothing stays behind", async () => {
  await expect(buildEnvironment(root, recipe(["python=3.11", { pip: ["fusepy"] }]), () => undefined)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('package "fusepy" cannot be had as a wheel'),
  });
  const homes = readdirSync(root).filter((hash) => !existsSync(join(root, hash, "ready.json")));
  expect(homes.flatMap((hash) => readdirSync(join(root, hash)).filter((name) => name.startsWith("env-")))).toEqual([]);
});
