// The written exceptions: which rule does not hold for which resource, until when, why, and who answers for it.
import { parse } from "yaml";
import { z } from "zod";

const Exception = z.strictObject({
  rule: z.string(),
  /** Stack in which it is excepted. */
  stack: z.string(),
  /** Pulumi name of the resource, as a violation names it. */
  resource: z.string(),
  reason: z.string().min(20, "must say why, in a sentence"),
  /** Who answers for it. */
  by: z.string().min(1, "must name who answers for it"),
  /** Last day on which it holds. */
  until: z.iso.date("must be a day such as 2027-03-31"),
});
export type Exception = Readonly<z.infer<typeof Exception>>;

const Document = z.strictObject({ exceptions: z.array(Exception).nullable() });

/** Reads exceptions.yml. @throws Error that names each problem */
export function parseExceptions(text: string, ruleNames: readonly string[]): Exception[] {
  const read = Document.safeParse(parse(text));
  if (!read.success) {
    const lines = read.error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`);
    throw new Error(`policy/exceptions.yml is wrong\n${lines.join("\n")}`);
  }
  const exceptions = read.data.exceptions ?? [];
  const unknown = exceptions.find(({ rule }) => !ruleNames.includes(rule));
  if (unknown) throw new Error(`policy/exceptions.yml: "${unknown.rule}" is not a rule; there are ${ruleNames.join(", ")}`);
  return exceptions;
}

/** The exception that holds today, or the one that held and has ended. */
export function exceptionFor(
  exceptions: readonly Exception[],
  of: Pick<Exception, "rule" | "stack" | "resource">,
  now: Date,
): { readonly valid: boolean; readonly expired: Exception | undefined } {
  const found = exceptions.filter(({ rule, stack, resource }) => rule === of.rule && stack === of.stack && resource === of.resource);
  const today = now.toISOString().slice(0, 10);
  const valid = found.some(({ until }) => until >= today);
  return { valid, expired: valid ? undefined : found[0] };
}
