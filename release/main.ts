// `mlops`: builds the command line from the commands, which are data, and turns errors into exit codes (0 done, 1 failed, 2 wrong use).
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument, Command as Program, CommanderError, Option } from "commander";
import { type Command, CommandError, type Output, UsageError } from "./command.ts";
import { adviceFor } from "./core/advice.ts";
import { commands } from "./commands/index.ts";

const repo = dirname(dirname(fileURLToPath(import.meta.url)));

function output(json: boolean): Output {
  return {
    json,
    progress: (line) => void process.stderr.write(`${line}\n`),
    print: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
  };
}

/** First Ctrl-C asks the command to stop, the second ends the process. */
function interrupts(out: Output): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      out.progress(`\n${signal === "SIGINT" ? "Interrupted" : signal}: stopping; once more ends at once.`);
      stop.abort(new CommandError("interrupted"));
    });
  }
  return stop.signal;
}

function add(program: Program, command: Command): void {
  const words = command.name.split(" ");
  let parent = program;
  for (const word of words.slice(0, -1)) {
    const group = parent.commands.find((known) => known.name() === word) ?? parent.command(word).exitOverride();
    group.enablePositionalOptions();
    group.summary(group.summary() || `${word} …`).showHelpAfterError();
    parent = group;
  }
  const built = parent.command(words.at(-1) ?? command.name).summary(command.summary);
  built.description(command.details ? `${command.summary}\n\n${command.details}` : command.summary).exitOverride();
  for (const { name, description } of command.arguments ?? []) built.addArgument(new Argument(name, description));
  for (const spec of command.options ?? []) {
    const option = new Option(spec.flags, spec.description);
    if (spec.choices) option.choices(spec.choices);
    if (spec.default !== undefined) option.default(spec.default);
    if (spec.required) option.makeOptionMandatory();
    if (spec.repeatable) option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value]);
    built.addOption(option);
  }
  built.option("--json", "print the result as JSON on standard output; progress stays on standard error");
  built.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  built.action(async () => {
    const options = built.opts<Record<string, unknown>>();
    const out = output(options.json === true);
    await command.run({ args: built.args, options, repo, out, signal: interrupts(out) });
  });
}

// `mlops … | head`: who reads has seen enough, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = new Program("mlops")
  .description("Machine-learning releases on Azure, or in the sandbox on this machine.")
  .exitOverride()
  .showHelpAfterError("Run with --help for the options and an example.")
  // `releases show ID --json`: options behind a subcommand are its own, also where its group is a command with the same ones.
  .enablePositionalOptions()
  .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.");
for (const command of commands) add(program, command);

try {
  await program.parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    process.stderr.write(`mlops: ${error.message}\n`);
    return 2;
  }
  const known = error instanceof Error ? error : new Error(String(error));
  const expected = known instanceof CommandError || "expected" in known;
  const next = "fix" in known && typeof known.fix === "string" ? known.fix : adviceFor(known.message);
  const fix = next === undefined ? "" : `\n${next}`;
  process.stderr.write(`mlops: ${expected || !process.env.MLOPS_DEBUG ? known.message : (known.stack ?? known.message)}${fix}\n`);
  return known.message === "interrupted" ? 130 : 1;
}
