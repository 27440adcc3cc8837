// Our YAML against PyYAML, which the SDK reads files with: what a scalar is, which texts are refused, how a conda file is written.
import { beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { ProblemsError } from "../../assets/index.ts";
import { dumpYaml } from "../../assets/yaml/dump.ts";
import { parseSource } from "../../assets/yaml/source.ts";
import { Float, isMap, Stamp, type Yaml } from "../../assets/yaml/value.ts";
import { sdkPython } from "./setup.ts";

const scalars = [
  ...[
    "1",
    "0",
    "-3",
    "+4",
    "1_000",
    "010",
    "0o10",
    "08",
    "09",
    "0x1F",
    "0X1F",
    "0b101",
    "1:30",
    "190:20:30",
    "-1:30",
    "1:60",
    "1e3",
    "1E3",
    "1e+3",
    "1.e+3",
  ],
  ...[
    "1.0",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "1.5e3",
    "1.5e+3",
    "1.5E-3",
    "1_0.5",
    "._5",
    "1:30.5",
    ".inf",
    "-.Inf",
    "+.INF",
    ".nan",
    ".NaN",
    "inf",
    "nan",
    "1.2.3",
  ],
  ...[
    "1e-5",
    "1.0e-5",
    "0.00001",
    "123456789.123456789",
    "1e400",
    "1.7976931348623157e+308",
    "4.9e-324",
    "100000000000000000000",
    "9007199254740993",
    "0.1",
  ],
  ...[
    "yes",
    "Yes",
    "YES",
    "yEs",
    "no",
    "on",
    "Off",
    "true",
    "True",
    "TRUE",
    "tRUE",
    "y",
    "n",
    "null",
    "Null",
    "NULL",
    "nULL",
    "~",
    "",
    "=",
    "<<",
  ],
  ...[
    "2024-01-31",
    "2024-1-3",
    "2024-13-01",
    "2024-02-30",
    "2024-01-31T10:20:30",
    "2024-01-31 10:20:30.5",
    "2024-01-31t10:20:30Z",
    "2024-01-31 10:20:30 +02:00",
    "2024-01-31T10:20:30-5",
    "2024-01-31T25:00:00",
    "20:30",
    "2024",
  ],
  ...[
    "a b",
    "a:b",
    "a: b",
    "a #b",
    "a#b",
    "- a",
    "-a",
    "?a",
    "? a",
    ":a",
    "a:",
    "[a]",
    "{a: b}",
    "'it''s'",
    '"a\\tb\\u00e9\\x41"',
    "'a\\nb'",
    "@a",
    "`a",
    "%a",
    "!a b",
    "&a b",
    "*a",
    "|",
    ">",
    "a\tb",
    "é",
    "a,b",
    "a]b",
    '"a" b',
  ],
  ...["!!str 1", "!!int '3'", "!!float 3", "!!bool yes", "!!null x", "!!str", "!!timestamp 2024-01-31", "!local x", "!!python/object:x y"],
];

const documents = [
  "a: 1\na: 2\n",
  "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz:\n  <<: [*x, {a: 9, c: 4}]\n",
  "<<: {a: 1}\nb: 2\n",
  "a: |\n  one\n  two\n\nb: |-\n  one\nc: |+\n  one\n\nd: >\n  one\n  two\n\n  three\n   four\n",
  "a: >-\n  one\n  two\nb: 'one\n  two\n\n  three'\nc: one\n  two\n",
  "- 1\n-\n- - a\n  - b\n- {a: [1, 2]}\n",
  "? a\n: b\n? [c]\n: d\n",
  "2: a\ntrue: b\n1.5: c\nnull: d\n2024-01-31: e\n",
  "%YAML 1.1\n---\na: 1\n...\n",
  "---\na: 1\n---\nb: 2\n",
  "a: 1\n b: 2\n",
  "a:\n- b\n- c\nd: e\n",
  "a: {b: c, }\n",
  "a: [b, c, ]\n",
  "a: [b, , c]\n",
  "\ufeffa: 1\n",
  'a: "unterminated\n',
  "a: b: c\n",
  "a: &x 1\nb: *x\nc: *y\n",
  "{a: 1, b: [2, 3]}\n",
  "# c\n\n",
  "a: !!set {b, c}\n",
  "a: !!binary aGk=\n",
  "key with spaces: v\n'quoted key': v\n\"a\\nb\": v\n",
  "a: 'x' # comment\nb: \"y\"# no comment\n",
  "a:\n  - b: 1\n    c: 2\n  -   d: 3\n",
  "a: -\n",
  "a: - b\n",
  "plain: multi\n  line # c\nnext: 1\n",
];

const dumps: unknown[] = [
  {
    name: "env",
    channels: ["conda-forge"],
    dependencies: ["python=3.11", { pip: ["a==1", "b[x]>=2,<3", "--extra-index-url https://x.y/z"] }],
  },
  {
    a: [],
    b: {},
    c: null,
    d: true,
    e: 1,
    f: 1.5,
    g: "1",
    h: "",
    i: "yes",
    j: "a: b",
    k: "#x",
    l: " lead",
    m: "trail ",
    n: "a\nb",
    o: "a\n",
    p: "\ttab",
    q: "é",
    r: "'",
    s: '"',
    t: "a'b",
    u: "- x",
    v: "*x",
    w: "2024-01-31",
    x: "1e3",
    y: "null",
    z: "~",
  },
  {
    nested: [
      [1, [2, 3]],
      [{ a: [1] }, { b: { c: [] } }],
    ],
    deep: { a: { b: { c: { d: "e" } } } },
  },
  {
    long: "word ".repeat(40).trim(),
    quoted: "it's # a word ".repeat(12).trim(),
    unicode: "größe ".repeat(25).trim(),
    key: { ["k".repeat(130)]: 1 },
  },
  ["top", { list: 1 }],
  { "key: with": 1, "": 2, "1": 3, true: 4, "multi\nline": 5 },
  { "a\u2028b": "\u0000\u0007\u001b\u0085\u00a0\ud83d\ude00" },
];

let answers: { load: ({ value: unknown } | { error: string })[]; dump: string[] };
const texts = [...scalars.flatMap((text) => [`key: ${text}\n`, `- ${text}\n`]), ...documents];

beforeAll(() => {
  const out = execFileSync(sdkPython(), [path.join(import.meta.dirname, "yaml_oracle.py")], {
    input: JSON.stringify({ load: texts, dump: dumps }),
    encoding: "utf8",
  });
  answers = JSON.parse(out) as typeof answers;
}, 300_000);

function typed(value: Yaml): unknown {
  if (typeof value === "number" || typeof value === "bigint") return { int: String(value) };
  if (value instanceof Float) return { float: value.toString() };
  if (value instanceof Stamp) return { stamp: value.iso, text: value.text };
  if (Array.isArray(value)) return value.map(typed);
  if (!isMap(value)) return value;
  const entries = [...value].map(([key, item]) => [typed(key), typed(item)]);
  return { map: entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

function ours(text: string): { value: unknown } | { error: string } {
  try {
    return { value: typed(parseSource(text, "x.yml").root) };
  } catch (error) {
    if (error instanceof ProblemsError) return { error: error.problems[0]!.rule };
    throw error;
  }
}

test.each(texts.map((text, index) => [JSON.stringify(text), index] as const))("reads %s as PyYAML does", (_, index) => {
  const theirs = answers.load[index]!;
  const mine = ours(texts[index]!);
  const shown = "error" in theirs ? { error: "error" in mine ? mine.error : "but we read it" } : theirs;
  // Nothing in a file is an error of ours; a set or bytes are none of Azure's.
  const refusedByUs = "value" in theirs && (theirs.value === null || JSON.stringify(theirs.value).includes('"other"'));
  expect(refusedByUs ? "error" in mine : sortKeys(mine)).toEqual(refusedByUs ? true : sortKeys(shown));
});

test.each(dumps.map((value, index) => [JSON.stringify(value).slice(0, 60), index] as const))("writes %s as PyYAML does", (_, index) => {
  expect(dumpYaml(toYaml(dumps[index]))).toBe(answers.dump[index]);
});

// Both sides in one order: Python's JSON separates with blanks, which sorts differently.
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === "map"
        ? (item as unknown[]).map(sortKeys).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
        : sortKeys(item),
    ]),
  );
}

function toYaml(value: unknown): Yaml {
  if (Array.isArray(value)) return value.map(toYaml);
  if (value !== null && typeof value === "object") return new Map(Object.entries(value).map(([key, item]) => [key, toYaml(item)]));
  return typeof value === "number" && !Number.isInteger(value) ? new Float(value) : (value as Yaml);
}
