// A stack's config before and after the stack exists: as Pulumi says it, else as the file has it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { CommandError } from "../../command.ts";
import { type Pulumi, projectName } from "../../pulumi.ts";

export interface StackConfig {
  /** Is there a stack of that name in the backend? */
  readonly made: boolean;
  /** Setting → its text, secrets in plain: never to be shown. */
  readonly values: Readonly<Record<string, string>>;
}

/** @throws CommandError when the backend or the secrets provider cannot be reached */
export async function stackConfig(repo: string, pulumi: Pulumi, stack: string): Promise<StackConfig> {
  const must = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await pulumi.run(args);
    if (code !== 0) throw new CommandError(`pulumi ${args.join(" ")} ended with ${code}: ${stderr.trim().replace(/^error: /, "")}`);
    return stdout;
  };
  // `pulumi config` would make a stack that is not there.
  const stacks = JSON.parse(await must("stack", "ls", "--json")) as { name: string }[];
  if (stacks.some(({ name }) => name.split("/").at(-1) === stack)) {
    const entries = Object.entries(
      JSON.parse(await must("config", "--json", "--show-secrets", "--stack", stack)) as Record<string, { value?: string }>,
    );
    return { made: true, values: ownKeys(entries.map(([key, { value }]) => [key, value ?? ""])) };
  }
  const file = join(repo, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) return { made: false, values: {} };
  const { config } = (parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  const plain = Object.entries(config ?? {}).filter(([, value]) => !isSecret(value));
  return { made: false, values: ownKeys(plain.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])) };
}

const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

const ownKeys = (entries: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(
    entries.filter(([key]) => key.startsWith(`${projectName}:`)).map(([key, value]) => [key.slice(projectName.length + 1), value]),
  );
