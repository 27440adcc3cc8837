// Every benchmark that is here can be run: a file that the list forgets would silently measure nothing.
import { expect, test } from "@jest/globals";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarks, called } from "./index.ts";

/** What the parts of a folder have in common. */
const shared = ["load/target.ts", "load/workspace.ts", "seeds/sides.ts", "seeds/theirs.ts"];

test("the list names each *.bench.ts, and each part of load/ and seeds/, once", () => {
  const files = globSync(["*.bench.ts", "load/*.ts", "seeds/*.ts"], { cwd: import.meta.dirname }).filter((name) => !shared.includes(name));
  const fileOf = (name: string): string => (name.includes(":") ? `${name.replace(":", "/")}.ts` : `${name}.bench.ts`);
  expect(benchmarks.map(({ name }) => fileOf(name)).toSorted()).toEqual(files.toSorted());
  const list = readFileSync(join(import.meta.dirname, "index.ts"), "utf8");
  for (const file of files) expect(list).toContain(`import("./${file}")`);
});

test("a name means itself or its parts", () => {
  expect(called("load").map(({ name }) => name)).toEqual(benchmarks.map(({ name }) => name).filter((name) => name.startsWith("load:")));
  expect(called("load:soak").map(({ name }) => name)).toEqual(["load:soak"]);
  expect(called("lo")).toEqual([]);
});
