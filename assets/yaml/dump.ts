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
        const lead = inSequence && index === 0 ? " " : `\n${pad}`;
        // A key of many letters or lines is written apart, with a question mark.
        if (typeof key === "string" && (key.length >= 128 || /^$|[\n\x85\u2028\u2029]/.test(key))) {
          return `${lead}? ${scalar(key, indent + 2, indent + 2, false)}\n${pad}:${block(item, isMap(item) || Array.isArray(item) ? indent + 2 : indent, indent + 2, true)}`;
        }
        const name = scalar(key, indent, indent, true);
        // PyYAML does not indent a list below its key.
        return `${lead}${name}:${block(item, isMap(item) ? indent + 2 : indent, indent + name.length + 2)}`;
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

// PyYAML's `write_double_quoted`, step by step: where it breaks a line depends on what it has written so far.
function doubleQuoted(value: string, indent: number, column: number, key: boolean): string {
  const chars = Array.from(value);
  const pad = " ".repeat(indent);
  let result = '"';
  let at = column + 1;
  let start = 0;
  const write = (text: string) => {
    result += text;
    at += text.length;
  };
  for (let end = 0; end <= chars.length; end++) {
    const ch = chars[end];
    const special = ch === undefined || ch === '"' || ch === "\\" || ch < " " || ch > "~";
    if (special && start < end) {
      write(chars.slice(start, end).join(""));
      start = end;
    }
    if (special && ch !== undefined) {
      write(escape(ch));
      start = end + 1;
    }
    if (!key && end > 0 && end < chars.length - 1 && (ch === " " || start >= end) && at + (end - start) > WIDTH) {
      write(`${chars.slice(start, end).join("")}\\`);
      if (start < end) start = end;
      result += `\n${pad}`;
      at = indent;
      if (chars[start] === " ") write("\\");
    }
  }
  return `${result}"`;
}

function escape(ch: string): string {
  if (Object.hasOwn(ESCAPES, ch)) return `\\${ESCAPES[ch]}`;
  const code = ch.codePointAt(0)!;
  const hex = (digits: number) => code.toString(16).toUpperCase().padStart(digits, "0");
  return code <= 0xff ? `\\x${hex(2)}` : code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
