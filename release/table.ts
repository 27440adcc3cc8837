// Tables for a terminal: a rule under the head and none between rows, so that they stay readable in a log.
import Table from "cli-table3";

export function table(head: readonly string[], rows: readonly (readonly string[])[], align: readonly ("left" | "right")[] = []): string {
  const bare = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
  };
  const made = new Table({
    head: [...head],
    colAligns: head.map((_, index) => align[index] ?? "left"),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: { ...bare, left: "", right: "", mid: "", "mid-mid": "", "left-mid": "", "right-mid": "", middle: "" },
  });
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => (row[index] ?? "").length)));
  made.push(
    widths.map((width) => "─".repeat(width)),
    ...rows.map((row) => [...row]),
  );
  return made.toString().replaceAll(/ +$/gm, "");
}
