// The table of Azure's times in the docs says what the types play.
import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { usualLatency } from "./arm/engine.ts";
import { rolesHoldAfter } from "./server/latency.ts";
import { types } from "./types/index.ts";

const text = readFileSync(join(import.meta.dirname, "..", "docs", "decisions", "latencies.md"), "utf8");
const rows = new Map([...text.matchAll(/^\| ([^|]+) \| (\d+) \|/gm)].map(([, what, seconds]) => [what!.trim(), Number(seconds)]));

test("each type of the table takes the seconds that it says, and no slow one is left out", () => {
  for (const [what, seconds] of rows) {
    if (!what.startsWith("Microsoft.")) continue;
    expect([what, types.find(({ type }) => type === what)?.latencySeconds]).toEqual([what, seconds]);
  }
  const slow = types.filter(({ latencySeconds = 0 }) => latencySeconds >= 45).map(({ type }) => type);
  expect(slow.filter((type) => !rows.has(type) && !type.includes("batchEndpoints"))).toEqual([]);
});

test("what is usual, and how long a role takes to hold", () => {
  expect(rows.get("usual")).toBe(usualLatency);
  expect(rows.get("a role assignment holds")).toBe(rolesHoldAfter({ name: "azure", scale: 1 }));
});
