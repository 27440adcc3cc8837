// Every benchmark that is here can be run: a file that the list forgets would silently measure nothing.
import { expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarks } from "./index.ts";

test("the list names each *.bench.ts once", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".bench.ts"));
  expect(benchmarks.map(({ name }) => `${name}.bench.ts`).toSorted()).toEqual(files.toSorted());
  const list = readFileSync(join(import.meta.dirname, "index.ts"), "utf8");
  for (const file of files) expect(list).toContain(`import("./${file}")`);
});
