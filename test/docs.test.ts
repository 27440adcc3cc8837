// What the documents say is there: commands with their options, files, npm scripts, and the tests that bad days name.
import { describe, expect, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commands } from "../release/commands/index.ts";

const repo = dirname(import.meta.dirname);
const read = (path: string): string => readFileSync(join(repo, path), "utf8");
const documents = ["README.md", ...readdirSync(join(repo, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []))];

/** What is wrong with `words`, typed behind `mlops`; undefined when nothing is. */
function wrong(line: string): string | undefined {
  const words = line.split(/\s+/);
  const command = commands.filter(({ name }) => `${line} `.startsWith(`${name} `)).toSorted((a, b) => b.name.length - a.name.length)[0];
  // A group by its name alone: `mlops connect`.
  if (!command) return commands.some(({ name }) => name.startsWith(`${line} `)) ? undefined : `there is no command: ${line}`;
  const known = ["--help", "--json", "--version", ...(command.options ?? []).flatMap(({ flags }) => flags.match(/--[\w-]+/g) ?? [])];
  const unknown = words
    .filter((word) => /^--\w/.test(word))
    .map((word) => word.replace(/[=.,;:)]+.*$/, ""))
    .filter((word) => !known.includes(word));
  return unknown.length > 0 ? `${command.name} has no ${unknown.join(", ")}` : undefined;
}

/** Command lines of `mlops` in a text, as far as they go: to the end of the code, a comment, a pipe. */
const typed = (text: string): string[] =>
  [...text.matchAll(/npx mlops ([a-z][^`\n#|;&>)"]*)/g)].map(([, line]) => line!.replaceAll(/(?:, then|, `).*$/g, "").trim());

test.each(documents)("%s: commands and their options are there", (document) => {
  expect(typed(read(document)).flatMap((line) => wrong(line) ?? [])).toEqual([]);
});

test("the same would find a command, or an option, that is not there", () => {
  expect([wrong("trian"), wrong("deploy --stage dev --realese x"), wrong("connect")]).toEqual([
    "there is no command: trian",
    "deploy has no --realese",
    undefined,
  ]);
});

test("links between documents lead somewhere", () => {
  const links = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => join(dirname(document), to!)),
  );
  expect(links.length).toBeGreaterThan(30);
  expect(links.filter((to) => !existsSync(join(repo, to)))).toEqual([]);
});

describe("README", () => {
  const text = read("README.md");
  const mission = text
    .split("## The mission")[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| feature"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  test("the mission: each row says what, where in the seeds, and by which command or file it is seen", () => {
    expect(mission.length).toBeGreaterThan(20);
    for (const [feature, seeds, shown] of mission) {
      expect(feature).not.toBe("");
      expect(seeds).toMatch(/^S[12] /);
      expect(shown).toMatch(/`(npx mlops|npm|pulumi|project\/|\.github\/|azure-)/);
    }
  });

  test("npm scripts and files are there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const run = [...text.matchAll(/npm run (\w[\w:-]*\w)/g)].map(([, name]) => name!);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
    const files = [...text.matchAll(/`((?:project|\.github|pipelines|docs|release|policy)\/[\w./-]+|azure-pipelines\.yml)`/g)].map(
      ([, path]) => path!,
    );
    expect(files.filter((path) => !existsSync(join(repo, path)))).toEqual([]);
  });
});

describe("docs/bad-days.md", () => {
  const section = read("docs/bad-days.md").split("## After a release")[1]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| what"));
  const named = [...section.matchAll(/\| `([^`]+\.test\.ts)`: "([^"]+)" \|$/gm)].map(([, file, title]) => [file!, title!] as const);

  test("every bad day after a release names its test", () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(named).toHaveLength(rows.length);
  });

  test.each(named)('%s has "%s"', (file, title) => {
    expect(read(file)).toContain(title);
  });
});
