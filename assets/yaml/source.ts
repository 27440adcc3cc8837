// One YAML file: its values as PyYAML loads them, and where in the text each of them stands.
import { isAlias, isMap as isYamlMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from "yaml";
import type { Files } from "../files.ts";
import { ProblemsError, type Problem } from "../problems.ts";
import { plainScalar, taggedScalar } from "./scalar.ts";
import { findTab } from "./tabs.ts";
import { readText } from "./text.ts";
import { showValue, type Yaml, type YamlMap } from "./value.ts";

/** Keys and indexes from the root of a file to a value in it. */
export type Path = readonly (string | number)[];

/** Values after aliases are expanded; a file with more is a mistake or an attack ("billion laughs"). */
const MAX_NODES = 200_000;

/** What is wrong with a file of nothing but comments. */
export const EMPTY = "the file is empty";

/** A parsed file. */
export class Source {
  readonly file: string;
  root: Yaml;
  /** Dotted paths that `--set` replaced; they have no place in the text. */
  readonly overridden: Path[] = [];
  readonly #doc: Document;
  readonly #lines: LineCounter;

  constructor(file: string, root: Yaml, doc: Document, lines: LineCounter) {
    this.file = file;
    this.root = root;
    this.#doc = doc;
    this.#lines = lines;
  }

  /** Line and column of a value (or of its key), or of the nearest thing around it that is in the text. */
  locate(path: Path, part: "key" | "value" = "value"): { line: number; column: number } {
    let node: unknown = this.#doc.contents;
    let best: unknown = node;
    for (const [index, step] of path.entries()) {
      const found = descend(node, step, this.#doc);
      if (!found) break;
      // What is missing is shown at the key of the nearest thing around it.
      const whole = index === path.length - 1 && part === "value" && found.value !== null;
      best = whole ? found.value : found.key;
      node = found.value;
    }
    return position(this.#lines, offsetOf(best) ?? 0);
  }

  /** A problem at a place of this file. */
  problem(path: Path, rule: string, fix: string, value?: Yaml, part: "key" | "value" = "value"): Problem {
    const field = path
      .map((step) => (typeof step === "number" ? `[${step}]` : step))
      .join(".")
      .replaceAll(".[", "[");
    return { file: this.file, ...this.locate(path, part), field, value: showValue(value), rule, fix };
  }
}

/**
 * Reads and parses a YAML file the way the SDK does (UTF-8 with or without a mark, PyYAML's types, the last of two equal keys).
 * @throws {ProblemsError} with every syntax error of the file: missing, too long, not UTF-8, tabs, no mapping, …
 */
export function readSource(files: Files, path: string, shown: string): Source {
  return parseSource(readText(files, path, shown), shown);
}

/** Parses YAML text. See {@link readSource}. */
export function parseSource(text: string, shown: string): Source {
  const lines = new LineCounter();
  const at = (offset: number, rule: string, fix: string, value = ""): Problem => ({
    file: shown,
    ...position(lines, offset),
    field: "",
    value,
    rule,
    fix,
  });
  const doc = parseDocument(text, {
    schema: "failsafe",
    uniqueKeys: false,
    lineCounter: lines,
    merge: false,
    logLevel: "error",
    prettyErrors: false,
  });
  const problems: Problem[] = [];
  const tab = findTab(text);
  if (tab !== undefined) problems.push(at(tab, "YAML does not allow a tab between its tokens", "indent and separate with spaces", "tab"));
  // eslint-disable-next-line no-control-regex -- these characters are what is looked for
  const control = /[^\x09\x0A\x0D\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(text);
  if (control)
    problems.push(
      at(
        control.index,
        "YAML does not allow control characters",
        "remove the character",
        `U+${control[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`,
      ),
    );
  for (const error of doc.errors) {
    // PyYAML does not mind a comment right behind a quote.
    if (error.message.startsWith("Comments must be separated")) continue;
    const rule = error.code === "MULTIPLE_DOCS" ? "a file holds one YAML document" : error.message.replace(/\.$/, "");
    const fix = error.code === "MULTIPLE_DOCS" ? "put each asset in a file of its own" : "correct the YAML here";
    if (tab === undefined || !/tab/i.test(error.message)) problems.push(at(error.pos[0], rule, fix));
  }
  if (problems.length) throw new ProblemsError(problems);
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.source === "" && doc.contents.type === "PLAIN"))
    throw new ProblemsError([at(0, EMPTY, "write the fields of the asset, or remove the file")]);
  const reader: Reader = { doc, at, count: 0, problems, open: [] };
  const root = convert(doc.contents, reader);
  if (problems.length) throw new ProblemsError(problems);
  if (root === null) throw new ProblemsError([at(0, EMPTY, "write the fields of the asset, or remove the file")]);
  return new Source(shown, root, doc, lines);
}

interface Reader {
  doc: Document;
  at: (offset: number, rule: string, fix: string, value?: string) => Problem;
  count: number;
  problems: Problem[];
  /** Nodes being read, by which an alias to something around itself is noticed. */
  open: unknown[];
}

function convert(node: Node | null, reader: Reader): Yaml {
  if (node === null) return null;
  if (++reader.count > MAX_NODES) {
    throw new ProblemsError([
      ...reader.problems,
      reader.at(
        offsetOf(node) ?? 0,
        `the file has more than ${MAX_NODES} values when its aliases are expanded`,
        "write the values out, or use fewer aliases",
      ),
    ]);
  }
  if (isAlias(node)) {
    const target = node.resolve(reader.doc);
    if (!target || reader.open.includes(target)) {
      reader.problems.push(
        reader.at(
          offsetOf(node) ?? 0,
          target ? "an alias may not contain itself" : "no such anchor",
          "name an anchor that stands before it",
          `*${node.source}`,
        ),
      );
      return null;
    }
    return convert(target, reader);
  }
  if (isScalar(node)) return scalar(node, reader);
  reader.open.push(node);
  const result = isSeq(node)
    ? sequence(node.items as Node[], node.tag, node, reader)
    : isYamlMap(node)
      ? mapping(node.items as Pair<Node, Node | null>[], node, reader)
      : null;
  reader.open.pop();
  return result;
}

function scalar(node: { value: unknown; type?: string; tag?: string } & Node, reader: Reader): Yaml {
  // The package turns some tagged scalars into values of its own; the text is wanted.
  const text = (node as { source?: string }).source ?? (typeof node.value === "string" ? node.value : "");
  try {
    if (node.tag && node.tag !== "!") {
      const value = taggedScalar(node.tag, text);
      if (value === undefined) throw new Error(`the tag ${node.tag.replace("tag:yaml.org,2002:", "!!")} cannot be loaded`);
      return value;
    }
    return node.type === "PLAIN" && node.tag !== "!" ? plainScalar(text) : text;
  } catch (error) {
    reader.problems.push(
      reader.at(offsetOf(node) ?? 0, error instanceof Error ? error.message : String(error), "put the value in quotes", text.slice(0, 80)),
    );
    return null;
  }
}

function sequence(items: Node[], tag: string | undefined, node: Node, reader: Reader): Yaml[] {
  checkTag(tag, "seq", node, reader);
  return items.map((item) => convert(item, reader));
}

function mapping(pairs: Pair<Node, Node | null>[], node: Node & { tag?: string }, reader: Reader): YamlMap {
  checkTag(node.tag, "map", node, reader);
  const merged: YamlMap = new Map();
  const own: YamlMap = new Map();
  for (const pair of pairs) {
    const key = pair.key as Node | null;
    if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") merge(pair.value, merged, reader);
    else {
      const name = convert(key, reader);
      if (typeof name === "object" && name !== null && (Array.isArray(name) || name instanceof Map))
        reader.problems.push(reader.at(offsetOf(key) ?? 0, "a key may not be a list or a mapping", "use a string as key"));
      own.delete(name);
      own.set(name, convert(pair.value, reader));
    }
  }
  return new Map([...merged, ...own]);
}

// `<<: *a` or `<<: [*a, *b]`: the mapping's own keys win, then the first of the list.
function merge(value: Node | null, target: YamlMap, reader: Reader): void {
  const loaded = convert(value, reader);
  const sources = Array.isArray(loaded) ? loaded : [loaded];
  for (const source of sources.toReversed()) {
    if (!(source instanceof Map)) {
      reader.problems.push(reader.at(offsetOf(value) ?? 0, "`<<` takes a mapping or a list of mappings", "name an anchor of a mapping"));
      return;
    }
    for (const [key, item] of source) target.set(key, item);
  }
}

function checkTag(tag: string | undefined, core: string, node: Node, reader: Reader): void {
  if (tag && tag !== "!" && tag !== `tag:yaml.org,2002:${core}`)
    reader.problems.push(reader.at(offsetOf(node) ?? 0, `the tag ${tag} cannot be loaded`, "remove the tag"));
}

function descend(node: unknown, step: string | number, doc: Document): { key: unknown; value: unknown } | undefined {
  const target = isAlias(node) ? node.resolve(doc) : node;
  if (isSeq(target) && typeof step === "number")
    return target.items[step] === undefined ? undefined : { key: target.items[step], value: target.items[step] };
  if (!isYamlMap(target)) return undefined;
  const pair = target.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(step));
  if (pair) return { key: pair.key, value: pair.value };
  for (const item of target.items) {
    if (!isScalar(item.key) || item.key.value !== "<<") continue;
    const value = isAlias(item.value) ? item.value.resolve(doc) : item.value;
    for (const source of isSeq(value) ? value.items : [value]) {
      const found = descend(source, step, doc);
      if (found) return found;
    }
  }
  return undefined;
}

const offsetOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
