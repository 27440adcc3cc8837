// `mlops doctor`: what would stop `up`, found in seconds before it starts, each with its fix.
import { createInterface } from "node:readline/promises";
import pc from "picocolors";
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { type Checked, type DeletedName, examine, type State } from "../flow/doctor/check.ts";
import { checks } from "../flow/doctor/index.ts";
import { type StackName, stackNames, subjectOf } from "../flow/doctor/subject.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

const marks: Readonly<Record<State, string>> = {
  ok: pc.green("ok  "),
  warn: pc.yellow("warn"),
  fail: pc.red("FAIL"),
  skip: pc.dim("–   "),
};

export const doctor: Command = {
  name: "doctor",
  summary: "before up: what would stop it, with the fix for each",
  details:
    "Looks at versions, config, sign-in, state, roles, resource providers, sizes, quota, names, registry, locks and budget, all at once, and changes nothing. " +
    "Where something deleted still keeps a name of the stage, --recover brings it back and --purge takes it away for good; in a terminal it asks. " +
    "Exit code 1 when something would stop up; a warning does not.",
  examples: [
    "npx mlops doctor --stage dev",
    "npx mlops doctor --stage prod --json",
    "npx mlops doctor --stage qa --purge   # what was deleted and keeps a name goes for good",
  ],
  options: [
    { flags: "--stage <stage>", description: "which stack", choices: stackNames, default: "dev" },
    { flags: "--recover", description: "bring back what was deleted and keeps a name of the stage" },
    { flags: "--purge", description: "take it away for good, with what was in it" },
    targetOption,
  ],
  async run(call) {
    const stage = (option(call, "stage") ?? "dev") as StackName;
    const [recover, purge] = [call.options["recover"] === true, call.options["purge"] === true];
    if (recover && purge) throw new UsageError("--recover and --purge are opposites; give one of them");
    const target = await chooseTarget(call);
    const began = performance.now();
    const look = async (): Promise<Checked[]> =>
      examine(subjectOf({ stage, target, repo: call.repo, signal: call.signal, pulumi: pulumiFor(call, target) }), checks);
    let found = await look();
    const done: string[] = [];
    const held = found.flatMap(({ deleted }) => deleted ?? []);
    const [locked] = purge ? held.filter((one) => !one.purge) : [];
    if (locked)
      throw new CommandError(
        `the ${locked.kind} ${locked.name} cannot be purged yet: it has purge protection`,
        "--recover brings it back.",
      );
    for (const deleted of held) {
      const act = recover ? "recover" : purge ? "purge" : await asked(call, deleted);
      const work = act && deleted[act];
      if (!work) continue;
      call.out.progress(`${act}  ${deleted.kind} ${deleted.name} …`);
      await work();
      done.push(`${act === "recover" ? "recovered" : "purged"} ${deleted.kind} ${deleted.name}`);
    }
    if (done.length > 0) found = await look();
    const failed = found.filter(({ state }) => state === "fail");
    call.out.print(report(found));
    for (const line of done) call.out.print(line);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    call.out.print(failed.length === 0 ? `\nNothing stops up of ${stage} (${target.kind}, ${seconds} s).` : "");
    call.out.result({
      ...{ stage, target: target.kind, ok: failed.length === 0, done },
      checks: found.map(({ check, state, found: said, fix, deleted }) => ({
        ...{ check, state, found: said, ...(fix === undefined ? {} : { fix }) },
        ...(deleted ? { deleted: { kind: deleted.kind, name: deleted.name, id: deleted.id, canPurge: deleted.purge !== undefined } } : {}),
      })),
    });
    if (failed.length > 0)
      throw new CommandError(
        `${failed.length} of ${found.length} checks would stop up of ${stage} (${seconds} s)`,
        "The fix stands below each.",
      );
  },
};

function report(found: readonly Checked[]): string {
  const width = Math.max(...found.map(({ check }) => check.length));
  return found
    .map(({ check, state, found: said, fix }) => {
      const line = `${marks[state]}  ${check.padEnd(width)}  ${said.split("\n").join(`\n${" ".repeat(width + 8)}`)}`;
      return fix === undefined ? line : `${line}\n${" ".repeat(width + 8)}${pc.bold("Fix:")} ${fix}`;
    })
    .join("\n");
}

async function asked(call: Call, { kind, name, purge }: DeletedName): Promise<"recover" | "purge" | undefined> {
  if (!process.stdin.isTTY || call.out.json) return undefined;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const choices = purge ? "[r]ecover, [p]urge for good, or leave it" : "[r]ecover, or leave it";
    const answer = (await ask.question(`The deleted ${kind} ${name}: ${choices}? `, { signal: call.signal })).trim().toLowerCase();
    return answer.startsWith("r") ? "recover" : answer.startsWith("p") && purge ? "purge" : undefined;
  } finally {
    ask.close();
  }
}
