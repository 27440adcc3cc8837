// Expressions in commands and pipeline nodes: `${{inputs.x}}`, `$[[--n ${{inputs.n}}]]`, `${{parent.jobs.a.outputs.o}}`.
import { userError } from "./refuse.ts";

const inCommand = /\$\{\{\s*(inputs|outputs|search_space)\.([^{}\s]+)\s*\}\}/g;

/**
 * The command with its inputs and outputs put in. A part in `$[[…]]` is left out when an optional input in it was not given.
 * @param inputs literal values, and local paths of files and folders
 * @param optional names of inputs that may be missing inside `$[[…]]`
 */
export function fillCommand(command: string, inputs: Readonly<Record<string, string>>, outputs: Readonly<Record<string, string>>): string {
  const withParts = command.replace(/\$\[\[([\s\S]*?)\]\]/g, (_, part: string) => {
    const given = [...part.matchAll(inCommand)].every(([, kind, name]) => (kind === "outputs" ? outputs : inputs)[name!] !== undefined);
    return given ? part : "";
  });
  return withParts.replace(inCommand, (whole, kind: string, name: string) => {
    const value = (kind === "outputs" ? outputs : inputs)[name];
    if (value === undefined)
      throw userError(
        `The command uses ${whole}, but the job has no ${kind === "outputs" ? "output" : "input"} "${name}". Give it one, or put the part into $[[…]] if it is optional.`,
        "command",
      );
    return value;
  });
}

/** Names that a command needs outside of `$[[…]]`. */
export function neededBy(command: string): { inputs: string[]; outputs: string[] } {
  const sure = command.replace(/\$\[\[[\s\S]*?\]\]/g, "");
  const found = [...sure.matchAll(inCommand)];
  return {
    inputs: found.filter((match) => match[1] === "inputs").map((match) => match[2]!),
    outputs: found.filter((match) => match[1] === "outputs").map((match) => match[2]!),
  };
}

/** What a pipeline node's text refers to. */
export type Reference =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "output"; readonly node: string; readonly name: string };

const inPipeline = /\$\{\{\s*parent\.(inputs\.([^{}\s]+?)|jobs\.([^{}\s.]+)\.outputs\.([^{}\s]+?)|outputs\.([^{}\s]+?))\s*\}\}/;

/** The reference that the whole text is; undefined for a literal or a text with references in it. */
export function referenceOf(text: string): Reference | undefined {
  const match = new RegExp(`^\\s*${inPipeline.source}\\s*$`).exec(text);
  if (!match || match[5] !== undefined) return undefined;
  return match[2] !== undefined ? { kind: "input", name: match[2] } : { kind: "output", node: match[3]!, name: match[4]! };
}

/** `${{parent.outputs.x}}` → `x` */
export const parentOutput = (text: string): string | undefined => /^\s*\$\{\{\s*parent\.outputs\.([^{}\s]+?)\s*\}\}\s*$/.exec(text)?.[1];

/** Nodes whose outputs the text needs. */
export const nodesIn = (text: string): string[] =>
  [...text.matchAll(new RegExp(inPipeline.source, "g"))].flatMap((match) => (match[3] === undefined ? [] : [match[3]]));

/** A text with references inside it, each replaced by its literal value. */
export function fillText(text: string, valueOf: (reference: Reference) => string): string {
  return text.replace(new RegExp(inPipeline.source, "g"), (whole, _all, input?: string, node?: string, output?: string) => {
    if (input !== undefined) return valueOf({ kind: "input", name: input });
    if (node !== undefined) return valueOf({ kind: "output", node, name: output! });
    throw userError(`${whole} cannot stand in an input.`);
  });
}
