// The acceptance requests of the project: sent to a stage's endpoint, answers held against what they must fulfil.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Variant, VARIANTS } from "../../../assets/index.ts";
import { type Call, CommandError, UsageError } from "../../command.ts";
import { type AcceptanceCase, readCase, shortcomings } from "../../core/acceptance.ts";
import { type EndpointState, scorePatiently } from "../endpoint.ts";
import type { Workspace } from "../workspace.ts";

export interface NamedCase {
  readonly file: string;
  readonly value: AcceptanceCase;
}

/** Reads all of them before anything is deployed. @throws when there is none: a qa that tests nothing would let everything through */
export function acceptanceCases(repo: string, project: string, variant: Variant): NamedCase[] {
  const folder = join(project, VARIANTS[variant].acceptance);
  const files = existsSync(join(repo, folder))
    ? readdirSync(join(repo, folder))
        .filter((name) => name.endsWith(".json"))
        .toSorted()
    : [];
  if (files.length === 0)
    throw new CommandError(`${folder} has no acceptance requests, so qa would test nothing`, 'docs/project.md, "Acceptance requests".');
  const read = files.map((file) => ({ file, result: readCase(readFileSync(join(repo, folder, file), "utf8")) }));
  const wrong = read.flatMap(({ file, result }) => (result.ok ? [] : [`  ${join(folder, file)}: ${result.problem}`]));
  if (wrong.length > 0) throw new UsageError(`acceptance requests are wrong\n${wrong.join("\n")}`);
  return read.flatMap(({ file, result }) => (result.ok ? [{ file, value: result.value }] : []));
}

export interface Acceptance {
  readonly passed: boolean;
  readonly results: readonly { readonly file: string; readonly milliseconds: number; readonly problems: readonly string[] }[];
}

/** Sends each request, until the model has answered it. */
export async function runAcceptance(
  call: Call,
  workspace: Workspace,
  endpoint: EndpointState,
  cases: readonly NamedCase[],
): Promise<Acceptance> {
  const results: Acceptance["results"][number][] = [];
  for (const { file, value } of cases) {
    const answer = await scorePatiently(workspace, endpoint, value.request, { signal: call.signal });
    // The case says what the model answers, wherever it is deployed; an endpoint wraps the errors.
    const problems = shortcomings(value, { status: answer.modelStatus ?? answer.status, body: answer.body });
    call.out.progress(
      `test   ${problems.length === 0 ? "✓" : "✗"} ${file}: ${problems.length === 0 ? value.description : problems.join("; ")}`,
    );
    results.push({ file, milliseconds: Math.round(answer.milliseconds), problems });
  }
  return { passed: results.every(({ problems }) => problems.length === 0), results };
}
