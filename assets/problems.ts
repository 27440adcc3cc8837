// What is wrong with a file: where, which value, by which rule, and what to do about it.

/** One fault. `line` and `column` count from 1; both are 1 when the whole file is meant. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  /** Dotted path of the field in the file, empty for the file itself. */
  field: string;
  /** The value as it is written, shortened. Empty when a value is missing. */
  value: string;
  rule: string;
  fix: string;
}

/** `path:line:column: field "x" = value: rule. Fix: …`, on one line. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, field, value, rule, fix } = problem;
  const subject = [field && `\`${field}\``, value && `= ${value}`].filter(Boolean).join(" ");
  return `${file}:${line}:${column}: ${subject ? `${subject}: ` : ""}${rule}. Fix: ${fix}`;
}

/** Thrown by the parts that cannot go on; `readAsset` turns it into its result. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "ProblemsError";
    this.problems = problems;
  }
}
