// `node test/sdk/compare-folder.ts FOLDER…`: reads every YAML file below as we do and as the official SDK does, and lists what differs.
import fs from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { formatProblem, readAsset, type Noun, type ReadResult } from "../../assets/index.ts";
import { detectNoun } from "../../assets/detect.ts";
import { readSource } from "../../assets/yaml/source.ts";
import { diskFiles } from "../../release/files.ts";
import { oursComparable, settle, theirsComparable } from "./compare.ts";
import { askSdk } from "./setup.ts";

const files = diskFiles();
const paths = process.argv.slice(2).flatMap((given) => {
  if (fs.statSync(given).isFile()) return [given];
  return fs
    .readdirSync(given, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => path.join(given, name))
    .toSorted();
});

/** `# noun: x` in a file says it where neither the schema nor the fields tell. */
function nounOf(file: string): Noun | undefined {
  const said = /^# noun: (\w+)/m.exec(fs.readFileSync(file, "utf8"))?.[1];
  if (said) return said as Noun;
  try {
    return detectNoun(readSource(files, path.resolve(file), file));
  } catch {
    return undefined;
  }
}

const asked = paths.flatMap((file) => {
  const kind = nounOf(file);
  if (!kind) console.log(`?        ${file}: kind not known`);
  return kind ? [{ path: path.resolve(file), kind, file }] : [];
});
const answers = askSdk(asked.map(({ path: full, kind }) => ({ path: full, kind })));
const counts = { same: 0, refused: 0, body: 0, "we refuse": 0, "they refuse": 0 };
for (const [index, { file, kind }] of asked.entries()) {
  const answer = answers[index]!;
  const result = await readOrThrown(file, kind);
  const said = result.ok ? "" : result.problems.map(formatProblem).join("\n           ");
  if (result.ok !== answer.ok) {
    counts[result.ok ? "they refuse" : "we refuse"]++;
    console.log(`${result.ok ? "THEY-REF" : "WE-REF  "} ${file} (${kind})\n           ${result.ok ? answer.error!.slice(0, 1500) : said}`);
  } else if (!result.ok) {
    counts.refused++;
    if (process.env["VERBOSE"]) console.log(`refused  ${file}\n     us:   ${said}\n     them: ${answer.error!.slice(0, 300)}`);
  } else {
    const [ours, theirs] = settle(oursComparable(result.asset), theirsComparable(answer), result.asset);
    if (isDeepStrictEqual(ours, theirs)) counts.same++;
    else {
      counts.body++;
      console.log(`BODY     ${file} (${kind})`);
      differences(ours, theirs, "");
    }
  }
}
console.log(JSON.stringify(counts));

/** A fault of ours is a difference too. */
async function readOrThrown(file: string, kind: Noun): Promise<ReadResult> {
  try {
    return await readAsset(file, files, { kind });
  } catch (error) {
    const rule = `CRASH ${(error as Error).stack}`;
    return { ok: false, problems: [{ file, line: 0, column: 0, field: "", value: "", rule, fix: "mend it" }] };
  }
}

function differences(ours: unknown, theirs: unknown, at: string): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  const both = [ours, theirs];
  if (both.every((item) => item !== null && typeof item === "object")) {
    const keys = new Set(both.flatMap((item) => Object.keys(item)));
    for (const key of keys) differences((ours as never)[key], (theirs as never)[key], `${at}/${key}`);
  } else console.log(`           ${at}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`);
}
