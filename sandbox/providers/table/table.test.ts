// The tables against the SDK they are made of, and against Microsoft's own client for Azure ML: who puts which property where.
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Mappers } from "../testing/mappers.ts";
import { functions, resources, types } from "../catalog/index.ts";
import { ensureTables } from "../install.ts";
import { repoDir } from "../testing/project.ts";
import type { ObjectTable } from "./format.ts";
import { chooseAlternative, Tables } from "./load.ts";

let tables: Tables;

beforeAll(async () => {
  tables = new Tables(await ensureTables(repoDir));
}, 60_000);

const parameters = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).filter((p) => p !== "subscriptionId");

describe("the catalog fits the SDK", () => {
  test.each(Object.entries(resources))("%s", (token, entry) => {
    const [module, type] = token.split(":") as [string, string];
    const { table } = tables.resource(module, type)!;
    const inputs = Object.keys(table.in.p);
    for (const name of [...parameters(entry.path), ...(entry.query ?? []), ...(entry.replaces ?? [])]) expect(inputs).toContain(name);
    for (const name of Object.keys(entry.wire ?? {})) expect([...inputs, ...Object.keys(table.out.p)]).toContain(name);
    expect(table.api).toMatch(entry.dataPlane ? /^$/ : /^\d{4}-\d\d-\d\d(-preview)?$/);
    // What names a resource may be left out, except where its parent's names are the only ones.
    expect(table.in.r ?? []).not.toContain(parameters(entry.path).at(-1));
  });

  test.each(Object.entries(functions))("%s", (token, { post }) => {
    const [module, name] = token.split(":") as [string, string];
    const { table } = tables.fn(module, name)!;
    for (const parameter of parameters(post)) expect(Object.keys(table.in.p)).toContain(parameter);
  });

  test("every nested type that the catalog tells of exists in the SDK", () => {
    for (const [module, byName] of Object.entries(types)) {
      for (const name of Object.keys(byName)) {
        const found = [`${name}Args`, `${name}Response`, name].filter((n) => {
          try {
            return tables.object({ t: n }, module);
          } catch {
            return false;
          }
        });
        expect({ module, name, found: found.length > 0 }).toEqual({ module, name, found: true });
      }
    }
  });
});

describe("Azure ML's bodies are those of @azure/arm-machinelearning", () => {
  const compare = (table: ObjectTable, mapper: Readonly<Record<string, string>>, skip: readonly string[] = []): number => {
    const common = Object.keys(table.p).filter((name) => name in mapper && !skip.includes(name));
    expect(Object.fromEntries(common.map((n) => [n, (table.w?.[n] ?? [n]).join(".")]))).toEqual(
      Object.fromEntries(common.map((n) => [n, mapper[n]])),
    );
    return common.length;
  };

  test("resources and the objects in them", () => {
    const mappers = Mappers.read(repoDir);
    let compared = 0;
    for (const token of Object.keys(resources).filter((t) => t.startsWith("machinelearningservices:"))) {
      const type = token.split(":")[1]!;
      const mapper = mappers.of(type);
      if (!mapper) continue;
      const { table } = tables.resource("machinelearningservices", type)!;
      compared += compare(table.in, mapper, parameters(resources[token]!.path)) + compare(table.out, mapper);
    }
    for (const name of mappers.names()) {
      for (const suffix of ["Args", "Response"]) {
        const table = tables.has("machinelearningservices", name + suffix);
        if (table) compared += compare(table, mappers.of(name)!);
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });
});

test("unions by their constants, objects without a constant only when nothing else fits", () => {
  const { table, module } = tables.resource("machinelearningservices", "Compute")!;
  const shape = table.in.p["properties"] as { o: readonly { t: string }[] };
  expect(chooseAlternative(shape.o, { computeType: "AmlCompute" }, module, tables)).toEqual({ t: "AmlComputeArgs" });
  expect(chooseAlternative(shape.o, { computeType: "Nonsense" }, module, tables)).toBeUndefined();
});
