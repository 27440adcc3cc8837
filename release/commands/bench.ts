// `mlops bench`: takes the figures of the README, writes bench/results.json and the README's table.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { Figure } from "../../bench/figures.ts";
import { benchmarks, called } from "../../bench/index.ts";
import { runSteps } from "../../tools/setup/step.ts";
import { toolchain } from "../../tools/setup/toolchain.ts";
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";

interface Result extends Figure {
  readonly benchmark: string;
  readonly measured: string;
}

const begin = "<!-- figures: npm run bench -->";
const end = "<!-- /figures -->";

export const bench: Command = {
  name: "bench",
  summary: "take the figures of the README: ratios, each within one run",
  details: `In this order:\n${benchmarks.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`).join("\n")}\nWrites bench/results.json and the table in README.md. Exit code 1 when a goal is missed.`,
  examples: ["npm run bench", "npm run bench -- scoring     # one of them", "npm run bench -- load        # all that begin with load:"],
  arguments: [{ name: "[names...]", description: "which benchmarks; default: all" }],
  options: [
    { flags: "--soak <minutes>", description: "how long load:soak lasts, after a minute of warming up", default: "10" },
    { flags: "--kills <number>", description: "how often load:kills kills the sandbox", default: "200" },
    {
      flags: "--deployments <number>",
      description: "how many deployments load:deployments makes; each takes about 70 MB of memory",
      default: "200",
    },
  ],
  async run(call) {
    const unknown = call.args.filter((name) => called(name).length === 0);
    if (unknown.length > 0)
      throw new UsageError(`no benchmark ${unknown.join(", ")}; there are ${benchmarks.map(({ name }) => name).join(", ")}`);
    const options = { soak: above(call, "soak"), kills: above(call, "kills"), deployments: above(call, "deployments") };
    await runSteps(toolchain, (line) => call.out.progress(line));
    const file = join(call.repo, "bench", "results.json");
    const readme = join(call.repo, "README.md");
    const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
    let results = readResults(file);
    const broken: string[] = [];
    const chosen = new Set(call.args.length === 0 ? benchmarks : call.args.flatMap(called));
    for (const each of benchmarks.filter((benchmark) => chosen.has(benchmark))) {
      const { name } = each;
      call.out.progress(`bench  ${name} …`);
      try {
        const figures = await each.measure((line) => call.out.progress(`bench  ${name}: ${line}`), options);
        const measured = new Date().toISOString().slice(0, 10);
        // Another run may have written its own meanwhile.
        results = merged(
          readResults(file),
          name,
          figures.map((figure) => ({ benchmark: name, measured, ...figure })),
        );
        for (const figure of figures) call.out.print(line(figure));
      } catch (error) {
        // The others can still be taken; what this one had measured before stays.
        if (call.signal.aborted) throw error;
        call.out.progress(`bench  ${name} failed: ${(error as Error).message}`);
        broken.push(`${name} could not be measured`);
        continue;
      }
      write(file, `${JSON.stringify({ machine, figures: results }, null, 2)}\n`);
      write(readme, withTable(readFileSync(readme, "utf8"), results, machine));
    }
    call.out.result({ machine, figures: results });
    const missed = results.filter(({ value, atMost }) => atMost !== undefined && value > atMost);
    const wrong = [...broken, ...missed.map(({ name }) => `above the goal: ${name}`)];
    if (wrong.length > 0) throw new CommandError(wrong.join("; "));
  },
};

function above(call: Call, name: string): number {
  const value = Number(option(call, name));
  if (!(value > 0)) throw new UsageError(`--${name} is "${option(call, name)}"; it must be a number above 0`);
  return value;
}

/** The results with those of one benchmark replaced, in the order in which the benchmarks run. */
function merged(results: readonly Result[], name: string, fresh: readonly Result[]): Result[] {
  const all = [...results.filter(({ benchmark }) => benchmark !== name), ...fresh];
  return benchmarks.flatMap((one) => all.filter(({ benchmark }) => benchmark === one.name));
}

function readResults(file: string): Result[] {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { figures: Result[] }).figures;
  } catch {
    return [];
  }
}

const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function line({ name, value, unit, atMost }: Figure): string {
  const goal = atMost === undefined ? "" : value <= atMost ? ` (goal ≤ ${atMost} ${unit})` : ` ABOVE the goal of ${atMost} ${unit}`;
  return `${name}: ${rounded(value)} ${unit}${goal}`;
}

function withTable(readme: string, results: readonly Result[], machine: string): string {
  const rows = results.map(
    ({ benchmark, name, value, unit, atMost, how }) =>
      `| ${name} | ${rounded(value)} ${unit} | ${atMost === undefined ? "" : `≤ ${atMost} ${unit}`} | ${how} | \`npm run bench -- ${benchmark}\` |`,
  );
  const table = [`Machine: ${machine}.`, "", "| what | measured | goal | how | command |", "|---|---|---|---|---|", ...rows].join("\n");
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < 0) throw new CommandError(`README.md has no "${begin}" … "${end}"`);
  return `${readme.slice(0, from)}${begin}\n\n${table}\n\n${readme.slice(to)}`;
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
