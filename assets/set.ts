// `--set path.to.field=value`, as in `az ml`: values from the command line over those of the file.
import { ProblemsError } from "./problems.ts";
import type { Path, Source } from "./yaml/source.ts";
import { isMap, typeName, type Yaml } from "./yaml/value.ts";

/** One override, taken apart. */
export interface SetOption {
  path: Path;
  value: string;
  /** As it was written. */
  text: string;
}

/**
 * Takes `inputs.lr=0.1` apart. Steps are separated by dots; a list's item is `items[0]` or `items.0`, a dot in a key is `\.`.
 * @throws {ProblemsError} when there is no `=` or no path.
 */
export function parseSet(text: string): SetOption {
  const cut = text.indexOf("=");
  const name = text.slice(0, cut).trim();
  if (cut < 1 || !name) {
    throw new ProblemsError([
      {
        file: `--set ${text}`,
        line: 1,
        column: 1,
        field: "",
        value: text,
        rule: "an override is <path>=<value>",
        fix: "write for example --set inputs.epochs=3",
      },
    ]);
  }
  return { path: stepsOf(name), value: text.slice(cut + 1), text };
}

// pydash's `to_path`: dots and brackets separate, a backslash keeps a dot.
function stepsOf(name: string): Path {
  const steps: (string | number)[] = [];
  for (const match of name.matchAll(/\[(-?\d+)\]|((?:\\.|[^.[\\])+)/g)) {
    if (match[1] !== undefined) steps.push(Number(match[1]));
    else steps.push(match[2]!.replaceAll(/\\(.)/g, "$1"));
  }
  return steps;
}

/** Applies overrides to a parsed file, in order. Every one that cannot be applied is reported. */
export function applySets(source: Source, sets: readonly SetOption[]): void {
  const problems = [];
  for (const set of sets) {
    const fault = applyOne(source, set);
    if (fault)
      problems.push({
        file: `--set ${set.text}`,
        line: 1,
        column: 1,
        field: set.path.join("."),
        value: set.value,
        rule: fault.rule,
        fix: fault.fix,
      });
    else source.overridden.push(set.path);
  }
  if (problems.length) throw new ProblemsError(problems);
}

function applyOne(source: Source, { path, value }: SetOption): { rule: string; fix: string } | undefined {
  let here: Yaml = source.root;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (Array.isArray(here)) {
      const at = typeof step === "number" ? step : /^\d+$/.test(step) ? Number(step) : undefined;
      if (at === undefined)
        return { rule: `\`${path.slice(0, index).join(".")}\` is a list`, fix: "give the number of an item, counted from 0" };
      while (here.length <= at) here.push(null);
      if (last) here[at] = value;
      else here = here[at] = container(here[at], path[index + 1]!);
    } else if (isMap(here)) {
      const key = String(step);
      if (last) here.set(key, value);
      else {
        const next: Yaml = here.get(key) ?? null;
        if (typeof next === "string")
          return {
            rule: `\`${path.slice(0, index + 1).join(".")}\` refers to something else (${next}), which --set cannot change`,
            fix: "change what it refers to, or write it out in the file",
          };
        const made: Yaml = container(next, path[index + 1]!);
        here.set(key, made);
        here = made;
      }
    } else return { rule: `\`${path.slice(0, index).join(".")}\` is ${typeName(here)}, which has no fields`, fix: "check the path" };
  }
  return undefined;
}

const container = (value: Yaml | undefined, next: string | number): Yaml =>
  isMap(value) || Array.isArray(value) ? value : typeof next === "number" ? [] : new Map();
