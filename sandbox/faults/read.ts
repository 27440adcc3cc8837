// Reads a list of faults from YAML; what is wrong with it is said with file, line and column.
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { FaultList } from "./rule.ts";
import type { FaultRule } from "./rule.ts";

/** The file cannot be used; the message has a line for each problem, `file:line:column: field: rule`. */
export class FaultFileError extends Error {}

/**
 * @param shown name of the file for messages
 * @throws FaultFileError with all problems
 */
export function readFaults(text: string, shown: string): FaultRule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${shown}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const broken = document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message}`);
  if (broken.length > 0) throw new FaultFileError(broken.join("\n"));
  const read = FaultList.safeParse(document.toJS({ maxAliasCount: 100 }) ?? []);
  if (read.success) return read.data;
  const place = (path: readonly PropertyKey[]): string => {
    // What is missing is shown at the nearest thing around it.
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return at(0);
  };
  const problems = read.error.issues.flatMap((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return keys.map((path) => `${place(path)}: ${field(path)}${worded(issue, path)}`);
  });
  throw new FaultFileError(problems.join("\n"));
}

const field = (path: readonly PropertyKey[]): string => {
  const name = path
    .slice(1)
    .map(String)
    .filter((part) => part !== "")
    .join(".");
  return name === "" ? "" : `\`${name}\`: `;
};

function worded(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string {
  if (issue.code === "unrecognized_keys") return `there is no field ${String(path.at(-1))}; docs/sandbox.md has the list`;
  if (issue.path.length === 0) return "the file must be a list of faults, each beginning with `- `";
  return issue.message;
}
