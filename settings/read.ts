// From a stack's config to typed settings. Nothing else in the program reads config.
import { RunError } from "@pulumi/pulumi/errors.js";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config.js";
import type { z } from "zod";
import { secretFields, secretSettings } from "./secrets.ts";

/** Reads and checks the settings of the running stack. @throws RunError that names every problem (Pulumi prints it without a stack) */
export function readSettings<T>(schema: z.ZodType<T>, project: string, stack: string): T {
  const config = runtimeConfig.allConfig();
  // The SDK has it and its declarations do not.
  const { isConfigSecret } = runtimeConfig as unknown as { isConfigSecret: (this: void, key: string) => boolean };
  const settings = parseSettings(schema, config, project, stack);
  for (const key of secretSettings) {
    const full = `${project}:${key}`;
    if (config[full] === undefined || isConfigSecret(full)) continue;
    throw new RunError(
      `Pulumi.${stack}.yaml: ${full} holds a key and is no secret: whoever reads the file has it. Set the part that is the key anew, as a secret: ` +
        `pulumi config set --secret --path '${full}.…' VALUE --stack ${stack}`,
    );
  }
  return settings;
}

/**
 * Checks config values (`project:key` → text) against a schema. Keys of other namespaces (azure-native:location) are Pulumi's.
 * @throws RunError
 */
export function parseSettings<T>(schema: z.ZodType<T>, config: Readonly<Record<string, string>>, project: string, stack: string): T {
  const own: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key.startsWith(`${project}:`)) own[key.slice(project.length + 1)] = value;
  }
  // A value is taken as the text that it is; where a field wants more than text, as the YAML or JSON that Pulumi made text of. That is so
  // inside of a value too: `pulumi config set --path` keeps 0.5 as text.
  let values: Record<string, unknown> = own;
  let result = schema.safeParse(values);
  for (let depth = 0; depth < deepest && !result.success; depth++) {
    const texts = result.error.issues.filter((issue) => issue.code === "invalid_type" && typeof at(values, issue.path) === "string");
    if (texts.length === 0) break;
    values = structuredClone(values);
    for (const { path } of texts) {
      const holder = at(values, path.slice(0, -1)) as Record<PropertyKey, unknown>;
      holder[path.at(-1)!] = parsed(holder[path.at(-1)!] as string);
    }
    result = schema.safeParse(values);
  }
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describe(issue, values, project, stack));
  throw new RunError(
    `Pulumi.${stack}.yaml: ${lines.length === 1 ? "a setting is" : `${lines.length} settings are`} wrong\n${lines.join("\n")}`,
  );
}

/** How far settings are nested, and one more. */
const deepest = 6;

const at = (values: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], values);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One line a problem: key, value, rule, and the command that mends it. */
function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>, project: string, stack: string): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key].map(String).join(".");
      return `  ${project}:${path} is not a setting of this stack; check the spelling  (${command("rm", path, project, stack)})`;
    });
  }
  const path = issue.path.map(String).join(".");
  const value = at(values, issue.path);
  // The value of a secret, or of what holds one, stays where it is.
  const secret = secretSettings.includes(String(issue.path[0])) && (secretFields.test(path) || typeof value === "object");
  const shown = value === undefined || secret ? "" : ` is ${JSON.stringify(value)}:`;
  return [`  ${project}:${path}${shown} ${issue.message}  (${command("set", path, project, stack)})`];
}

function command(verb: "set" | "rm", path: string, project: string, stack: string): string {
  const key = path.includes(".") ? `--path '${project}:${path}'` : `${project}:${path}`;
  return `pulumi config ${verb} ${key}${verb === "set" ? " VALUE" : ""} --stack ${stack}`;
}
