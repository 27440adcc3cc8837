// The table of docs/sandbox.md: which operations of which official client work. `npx node test/clients/table.ts` writes it.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Coverage, type Inventory, readKept } from "./kept.ts";

const page = path.join(import.meta.dirname, "../../docs/sandbox.md");
const marks = ["<!-- clients: npx node test/clients/table.ts -->", "<!-- /clients -->"] as const;

/** The page with the table as the kept files have it. Throws when the page has lost its marks. */
export function withTable(text: string, { coverage, inventories }: ReturnType<typeof readKept>): string {
  const [from, to] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
  if (from < 0 || to < from) throw new Error(`${page} has no ${marks.join(" … ")}`);
  const clients = [...new Set(coverage.map(({ client }) => client))];
  const tables = clients.map((client) =>
    table(
      client,
      coverage.filter((one) => one.client === client),
      inventories.find((one) => one.client === client),
    ),
  );
  return `${text.slice(0, from + marks[0].length)}\n\n${tables.join("\n\n")}\n\n${text.slice(to)}`;
}

function table(client: string, seen: readonly Coverage[], inventory: Inventory | undefined): string {
  const outcomes = new Map(seen.flatMap(({ operations }) => Object.entries(operations)));
  for (const operation of inventory?.all ?? []) if (!tried(operation, outcomes)) outcomes.set(operation, "not tried");
  const groups = Map.groupBy(
    [...outcomes].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ([operation]) => place(operation)[0],
  );
  const untouched = [...groups].filter(([, all]) => all.every(([, outcome]) => outcome === "not tried")).map(([group]) => group);
  const touched = [...groups].filter(([group]) => !untouched.includes(group));
  const rows = touched.map(([group, all]) => {
    const of = (kind: RegExp): string =>
      all
        .filter(([, outcome]) => kind.test(outcome))
        .map(([operation]) => place(operation)[1])
        .join(", ");
    return `| ${group} | ${of(/^works/)} | ${of(/^refused/)} | ${of(/^not tried/)} |`;
  });
  if (untouched.length > 0) rows.push(`| nothing of | | | ${untouched.join(", ")} |`);
  const title = `**${client}** ${[...new Set(seen.map(({ version }) => version))].join(", ")}`;
  return [title, "", "| of | works | refused by name | not tried |", "|---|---|---|---|", ...rows].join("\n");
}

/** An operation of which only parts were refused (`jobs.create_or_update: spark`) has been tried. */
const tried = (operation: string, outcomes: ReadonlyMap<string, string>): boolean =>
  outcomes.has(operation) || [...outcomes.keys()].some((one) => one.startsWith(`${operation}:`));

/** `storage blob upload` is `upload` of `storage blob`; `data.get` is `get` of `data`. */
function place(operation: string): [string, string] {
  const [name = "", note] = operation.split(/:(.*)/s);
  const at = Math.max(name.lastIndexOf("."), name.lastIndexOf(" "));
  const own = name.slice(at + 1) + (note ? ` (${note.trim()})` : "");
  return at < 0 ? ["", own] : [name.slice(0, at), own];
}

export const upToDate = (): [actual: string, expected: string] => {
  const text = readFileSync(page, "utf8");
  return [text, withTable(text, readKept())];
};

if (process.argv[1] === import.meta.filename) writeFileSync(page, upToDate()[1]);
