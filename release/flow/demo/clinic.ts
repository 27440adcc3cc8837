// The people of the story: patients as the sample's data has them, and those of another clinic, who are heavier and have higher pressure.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A table as the sample's CSV has it; the last column is the outcome. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

export function readTable(file: string): Table {
  const [head = "", ...lines] = readFileSync(file, "utf8").trim().split("\n");
  return { columns: head.split(","), rows: lines.map((line) => line.split(",").map(Number)) };
}

const csv = ({ columns, rows }: Table): string => `${columns.join(",")}\n${rows.map((row) => row.join(",")).join("\n")}\n`;

/** What the other clinic's patients have more than ours, and their outcomes. */
const more: Readonly<Record<string, number>> = { bmi: 9, bp: 16, s5: 0.4, target: 61 };
/** Their outcomes lie closer together. */
const spread = 0.8;
const middle = 150;

/** Every second of our patients, moved to where the other clinic's are. */
export const otherClinic = ({ columns, rows }: Table): Table => ({
  columns,
  rows: rows
    .filter((_, i) => i % 2 === 0)
    .map((row) =>
      row.map((value, i) => {
        const name = columns[i]!;
        const at = name === "target" ? middle + spread * (value - middle) : value;
        return Number((at + (more[name] ?? 0)).toFixed(name === "target" ? 0 : 4));
      }),
    ),
});

/** The usual mistake of a pasted column: each outcome stands one row too low. */
export function slipped({ columns, rows }: Table): Table {
  const last = columns.length - 1;
  return { columns, rows: rows.map((row, i) => [...row.slice(0, last), rows.at(i - 1)![last]!]) };
}

export const together = (a: Table, b: Table): Table => ({ columns: a.columns, rows: [...a.rows, ...b.rows] });

/** The request that asks for these rows. */
export const requestFor = ({ columns, rows }: Table): unknown => ({
  input_data: { columns: columns.slice(0, -1), data: rows.map((row) => row.slice(0, -1)) },
});

/** Writes the table as a new version of the project's training data. */
export function newVersion(project: string, version: string, table: Table): void {
  const file = `diabetes-${version}.csv`;
  writeFileSync(join(project, "data", file), csv(table));
  const asset = join(project, "data", "data.yml");
  const text = readFileSync(asset, "utf8");
  writeFileSync(asset, text.replace(/^version:.*$/m, `version: "${version}"`).replace(/^path:.*$/m, `path: ./${file}`));
}
