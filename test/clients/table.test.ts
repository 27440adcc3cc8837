// The table of the clients in the docs tells what the clients' tests saw.
import { expect, test } from "@jest/globals";
import type { Coverage } from "./kept.ts";
import { upToDate, withTable } from "./table.ts";

test("docs/sandbox.md has the table that the tests' files make; if not: npx node test/clients/table.ts", () => {
  const [actual, expected] = upToDate();
  expect(actual).toBe(expected);
});

test("a table: works, refused in part, not tried", () => {
  const text = "a\n<!-- clients: npx node test/clients/table.ts -->\nold\n<!-- /clients -->\nb";
  const coverage: Coverage[] = [
    { client: "az", version: "1", operations: { "group create": "works", "group delete: half": "refused: no", login: "works" } },
    { client: "az", version: "1", operations: { "group list": "works" } },
  ];
  const inventories = [{ client: "az", version: "1", all: ["group create", "group delete", "group wait", "tag list"] }];
  expect(withTable(text, { coverage, inventories }).split("\n").slice(2, -3)).toEqual([
    "",
    "**az** 1",
    "",
    "| of | works | refused by name | not tried |",
    "|---|---|---|---|",
    "| group | create, list | delete (half) | wait |",
    "|  | login |  |  |",
    "| nothing of | | | tag |",
  ]);
  expect(() => withTable("no marks", { coverage, inventories })).toThrow("has no <!-- clients");
});
