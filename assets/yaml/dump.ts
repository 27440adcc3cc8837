// Writes YAML the way PyYAML's `yaml.dump(value, sort_keys=True)` does, which is what the SDK sends as an environment's conda file.
import { plainScalar } from "./scalar.ts";
import { Float, isMap, pythonString, Stamp, type Yaml } from "./value.ts";

const WIDTH = 80;

/** The text PyYAML would write for a value: block style, keys sorted, lines folded at 80, non-ASCII escaped. */
export function dumpYaml(value: Yaml): string {
  const lines = block(value, 0, 0);
  return `${lines.trimStart()}\n`;
}

// A value that follows "key:" or "-", which end at `column`; begins with a blank or a line break.
function block(value: Yaml, indent: number, column: number, inSequence = false): string {
  const pad = " ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return " []";
    return value
      .map((item, index) => `${inSequence && index === 0 ? " " : `\n${pad}`}-${block(item, indent + 2, indent + 2, true)}`)
      .join("");
  }
  if (isMap(value)) {
    if (value.size === 0) return " {}";
    return [...value]
      .toSorted(([a], [b]) => order(a, b))
      .map(([key, item], index) => {
        const name = scalar(key, indent, indent, true);
        // PyYAML does not indent a list below its key.
        return `${inSequence && index === 0 ? " " : `\n${pad}`}${name}:${block(item, isMap(item) ? indent + 2 : indent, indent + name.length + 2)}`;
      })
      .join("");
  }
  return ` ${scalar(value, indent + (inSequence ? 0 : 2), column, false)}`;
}

function order(a: Yaml, b: Yaml): number {
  const [x, y] = [pythonString(a), pythonString(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function scalar(value: Yaml, indent: number, column: number, key: boolean): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof Float) return floatText(value);
  if (value instanceof Stamp) return value.text;
  if (typeof value !== "string") return pythonString(value);
  return text(value, indent, column, key);
}

function floatText(value: Float): string {
  if (Number.isNaN(value.value)) return ".nan";
  if (!Number.isFinite(value.value)) return value.value > 0 ? ".inf" : "-.inf";
  const repr = value.toString();
  return !repr.includes(".") && repr.includes("e") ? repr.replace("e", ".0e") : repr;
}

function text(value: string, indent: number, column: number, key: boolean): string {
  const analysis = analyze(value);
  const multiline = value.includes("\n");
  if (analysis.plain && resolvesToText(value) && !multiline) return fold(value, indent, column, key);
  if (analysis.single && !(key && multiline)) return singleQuoted(value, indent, column, key);
  return doubleQuoted(value, indent, column, key);
}

function resolvesToText(value: string): boolean {
  if (value === "<<" || value === "=") return false;
  try {
    return typeof plainScalar(value) === "string";
  } catch {
    return false;
  }
}

/** PyYAML's `analyze_scalar`, for block context. */
function analyze(value: string): { plain: boolean; single: boolean } {
  if (value === "") return { plain: false, single: true };
  let indicators = value.startsWith("---") || value.startsWith("...");
  let special = false;
  let leadingSpace = false;
  let trailingSpace = false;
  let leadingBreak = false;
  let trailingBreak = false;
  let breakSpace = false;
  let spaceBreak = false;
  let preceded = true;
  let previous = "";
  const chars = Array.from(value);
  for (const [index, ch] of chars.entries()) {
    const next = chars[index + 1];
    const followed = next === undefined || /[\0 \t\r\n\x85\u2028\u2029]/.test(next);
    if (index === 0) {
      if ("#,[]{}&*!|>'\"%@`".includes(ch) || (ch === "?" && followed) || (ch === ":" && followed) || (ch === "-" && followed))
        indicators = true;
    } else if ((ch === ":" && followed) || (ch === "#" && preceded)) indicators = true;
    if (!(ch === "\n" || (ch >= " " && ch <= "~"))) special = true;
    if (ch === " ") {
      if (index === 0) leadingSpace = true;
      if (next === undefined) trailingSpace = true;
      if (previous === "break") breakSpace = true;
      previous = "space";
    } else if (ch === "\n") {
      if (index === 0) leadingBreak = true;
      if (next === undefined) trailingBreak = true;
      if (previous === "space") spaceBreak = true;
      previous = "break";
    } else previous = "";
    preceded = /[\0 \t\r\n\x85\u2028\u2029]/.test(ch);
  }
  const spaced = leadingSpace || leadingBreak || trailingSpace || trailingBreak;
  return { plain: !(spaced || breakSpace || spaceBreak || special || indicators), single: !(spaceBreak || special) };
}

function fold(value: string, indent: number, column: number, key: boolean): string {
  if (key) return value;
  let result = "";
  let at = column;
  for (const part of value.split(/( +)/)) {
    if (/^ +$/.test(part)) {
      if (part.length === 1 && at > WIDTH) {
        result += `\n${" ".repeat(indent)}`;
        at = indent;
        continue;
      }
    }
    result += part;
    at += part.length;
  }
  return result;
}

function singleQuoted(value: string, indent: number, column: number, key: boolean): string {
  const quoted = value.replaceAll("'", "''");
  if (key) return `'${quoted}'`;
  const pad = " ".repeat(indent);
  let result = "'";
  let at = column + 1;
  const parts = quoted.split(/( +|\n+)/);
  for (const [index, part] of parts.entries()) {
    if (/^\n+$/.test(part)) {
      // A break is written as an empty line, since one alone would read as a blank.
      result += `\n${part}${pad}`;
      at = indent;
    } else if (part === " " && at > WIDTH && index > 0 && index < parts.length - 1 && parts[index - 1] !== "" && parts[index + 1] !== "") {
      result += `\n${pad}`;
      at = indent;
    } else {
      result += part;
      at += part.length;
    }
  }
  return `${result}'`;
}

const ESCAPES: Record<string, string> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function doubleQuoted(value: string, indent: number, column: number, key: boolean): string {
  let result = '"';
  let at = column + 1;
  let start = 0;
  const chars = Array.from(value);
  const pieces = chars.map((ch) => {
    const code = ch.codePointAt(0)!;
    if (Object.hasOwn(ESCAPES, ch)) return `\\${ESCAPES[ch]}`;
    if (ch >= " " && ch <= "~") return ch;
    return code <= 0xff
      ? `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`
      : code <= 0xffff
        ? `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`
        : `\\U${code.toString(16).toUpperCase().padStart(8, "0")}`;
  });
  for (const [index, piece] of pieces.entries()) {
    const inner = index > 0 && index < pieces.length - 1;
    if (!key && inner && piece === " " && at + (index - start) > WIDTH) {
      result += ` \\\n${" ".repeat(indent)}`.replace(/^ /, "");
      if (chars[index] === " ") result += "\\";
      at = indent;
      start = index;
    }
    result += piece;
    at += piece.length;
    start = index + 1;
  }
  return `${result}"`;
}
