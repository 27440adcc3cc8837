// Every fixture is read by us and by the official SDK: the same request, or refused by both.
import { beforeAll, describe, expect, test } from "@jest/globals";
import fs from "node:fs";
import path from "node:path";
import { formatProblem, NOUNS, readAsset } from "../../assets/index.ts";
import { diskFiles } from "../../release/files.ts";
import { oursComparable, settle, theirsComparable } from "./compare.ts";
import { askSdk, type Answer, type Asked } from "./setup.ts";

const FIXTURES = path.join(import.meta.dirname, "fixtures");
const nouns = NOUNS;
const files = diskFiles();

/** Fixtures lie in a folder of their noun; those that both refuse in `refused/<noun>`. */
function list(folder: string): string[] {
  const full = path.join(FIXTURES, folder);
  return fs.existsSync(full)
    ? fs
        .readdirSync(full)
        .filter((name) => name.endsWith(".yml"))
        .map((name) => path.join(folder, name))
    : [];
}

/** `# set: a.b=c` lines at the top of a fixture are the overrides it is read with. */
function setsOf(text: string): string[] {
  return [...text.matchAll(/^# set: (.*)$/gm)].map((match) => match[1]!);
}

const accepted = nouns.flatMap((noun) => list(noun).map((name) => [name, noun] as const));
const refused = nouns.flatMap((noun) => list(path.join("refused", noun)).map((name) => [name, noun] as const));
const answers = new Map<string, Answer>();

beforeAll(() => {
  const asked = [...accepted, ...refused].map(([name, noun]): Asked => {
    const full = path.join(FIXTURES, name);
    const sets = setsOf(fs.readFileSync(full, "utf8")).map(
      (text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)] as const,
    );
    return { path: full, kind: noun, sets };
  });
  for (const answer of askSdk(asked)) answers.set(path.relative(FIXTURES, answer.path), answer);
}, 300_000);

test("there are enough fixtures to speak of", () => {
  expect(accepted.length).toBeGreaterThanOrEqual(80);
});

describe("the same request as the SDK's", () => {
  test.each(accepted)("%s", async (name, noun) => {
    const full = path.join(FIXTURES, name);
    const answer = answers.get(name)!;
    expect(answer.error).toBeUndefined();
    const result = await readAsset(full, files, { sets: setsOf(fs.readFileSync(full, "utf8")), kind: noun });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([]);
    if (!result.ok) return;
    const [ours, theirs] = settle(oursComparable(result.asset), theirsComparable(answer), result.asset);
    expect(ours).toEqual(theirs);
    const [sentName, sentVersion] = nameAndVersion(answer.url!);
    // Jobs without a name get one at random; where no version is given, the SDK counts on and we hash.
    expect(result.asset.name ?? sentName).toBe(sentName);
    expect(result.asset.versionGiven ? result.asset.version : (/^(LATEST|NEXT)?$/.exec(sentVersion ?? "")?.[0] ?? "counted")).toBe(
      sentVersion ?? "",
    );
  });

  test.each(accepted.filter(([name]) => fs.readFileSync(path.join(FIXTURES, name), "utf8").includes("$schema")))(
    "%s is known by its schema",
    async (name, noun) => {
      const result = await readAsset(path.join(FIXTURES, name), files, {
        sets: setsOf(fs.readFileSync(path.join(FIXTURES, name), "utf8")),
      });
      expect(result.ok && result.asset.noun).toBe(noun);
    },
  );
});

describe("refused by both", () => {
  test.each(refused)("%s", async (name, noun) => {
    expect(answers.get(name)!.ok).toBe(false);
    const result = await readAsset(path.join(FIXTURES, name), files, { kind: noun });
    expect(result.ok ? [] : result.problems.map((problem) => problem.line)).not.toEqual([]);
  });
});

function nameAndVersion(url: string): [string | undefined, string | undefined] {
  const parts = url.split("/");
  const versions = parts.indexOf("versions");
  return versions > 0 ? [parts[versions - 1], parts[versions + 1]] : [parts.at(-1), undefined];
}
