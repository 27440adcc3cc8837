// `mlops sandbox faults`: what goes wrong in the sandbox as it does in Azure: set, looked at, cleared, also while it runs.
import { readFileSync } from "node:fs";
import { listFaults, setFaults } from "../../sandbox/control.ts";
import type { FaultRule } from "../../sandbox/faults/rule.ts";
import { type Command, CommandError, UsageError } from "../command.ts";
import { table } from "../table.ts";
import { sandboxDir } from "../target.ts";

export const faults: Command = {
  name: "sandbox faults",
  summary: "have calls fail as they do in Azure, and see which have",
  details: "With a file (docs/sandbox.md says what is in it) its faults take the place of those set before, at once. Without: the list.",
  examples: ["npx mlops sandbox faults faults.yml", "npx mlops sandbox faults --list", "npx mlops sandbox faults --clear"],
  arguments: [{ name: "[file]", description: "YAML list of faults" }],
  options: [
    { flags: "--list", description: "show what is set, and how often it happened" },
    { flags: "--clear", description: "nothing goes wrong any more" },
  ],
  async run(call) {
    const dir = sandboxDir(call.repo);
    const [file] = call.args;
    const clear = call.options["clear"] === true;
    if ([file !== undefined, clear, call.options["list"] === true].filter(Boolean).length > 1)
      throw new UsageError("a file, --clear and --list exclude each other; give one of them");
    if (file !== undefined || clear) await setFaults(dir, file === undefined ? [] : await readFaultFile(file));
    const set = await listFaults(dir);
    if (set.length === 0) call.out.print("no faults are set");
    else
      call.out.print(
        table(
          ["fault", "calls met", "played"],
          set.map(({ rule, met, played }) => [describeFault(rule), String(met), String(played)]),
        ),
      );
    call.out.result(set);
  },
};

/** @throws CommandError with a line for each problem of the file */
export async function readFaultFile(file: string): Promise<FaultRule[]> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const { FaultFileError, readFaults } = await import("../../sandbox/faults/read.ts");
  try {
    return readFaults(text, file);
  } catch (error) {
    if (error instanceof FaultFileError) throw new CommandError(error.message, "docs/sandbox.md (Faults) says what a fault may have.");
    throw error;
  }
}

/** In one line: `429 on PUT management Microsoft.Storage/storageAccounts, the first 2`. */
export function describeFault(rule: FaultRule): string {
  if (rule.name) return rule.name;
  const { service, method, type, operation, path } = rule.call;
  if (rule.rolesHoldAfter) return `role assignments hold after ${rule.rolesHoldAfter} s`;
  const what = rule.answer
    ? String(rule.answer.status)
    : rule.drop
      ? `connection dropped ${rule.drop}`
      : rule.fail
        ? `operation fails with ${rule.fail.code}`
        : (rule.refuse ?? `${rule.slow} s slower`);
  const calls = [[method ?? []].flat().join("/"), service, operation ?? type ?? "", path ?? ""].filter((word) => word !== "").join(" ");
  const often = rule.first
    ? `, the first ${rule.first}`
    : rule.every
      ? `, each ${rule.every}.`
      : rule.probability
        ? `, with a chance of ${rule.probability}`
        : "";
  return `${what} on ${calls}${often}${rule.per === "path" ? " of each path" : ""}${rule.times ? `, at most ${rule.times}` : ""}`;
}
