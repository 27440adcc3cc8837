// What a command of `mlops` is: data (name, options, summary, examples) and one function; and what it may use while it runs.

/** One option in commander's notation: `--stage <stage>`. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string | boolean | readonly string[];
  /** May be given several times; the values arrive as a list. */
  readonly repeatable?: boolean;
  readonly required?: boolean;
}

export interface Command {
  /** As typed, with spaces for a command of a group: `sandbox start`. */
  readonly name: string;
  readonly summary: string;
  /** More for `--help`: what it changes, what it needs. */
  readonly details?: string;
  /** Whole command lines, each with what it does behind `#`. */
  readonly examples: readonly string[];
  /** commander's notation: `<file...>`, `[name]`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly options?: readonly OptionSpec[];
  run(call: Call): Promise<void>;
}

/** One call of a command. */
export interface Call {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The checkout: where Pulumi.yaml and `project/` are. */
  readonly repo: string;
  /** Aborted by the first Ctrl-C; the command then stops cleanly and says what goes on in the cloud. */
  readonly signal: AbortSignal;
  readonly out: Output;
}

export interface Output {
  readonly json: boolean;
  /** One line to standard error. */
  progress(line: string): void;
  /** Text that belongs to the command's result, to standard output; nothing under `--json`. */
  print(text: string): void;
  /** The result itself: printed as one JSON document under `--json`. Call it once. */
  result(value: unknown): void;
}

/** The command line was used wrongly: exit code 2, nothing was sent. */
export class UsageError extends Error {}

/** Something expected went wrong: exit code 1, no stack trace. */
export class CommandError extends Error {
  /** What to do about it, on a line of its own. */
  readonly fix: string | undefined;
  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}

/** A string option that was given, or undefined. */
export function option(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A repeatable option's values. */
export function optionList(call: Call, name: string): string[] {
  const value = call.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}
