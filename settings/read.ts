// From a stack's config to typed settings. Nothing else in the program reads config.
import { RunError } from "@pulumi/pulumi/errors.js";
import { allConfig } from "@pulumi/pulumi/runtime/config.js";
import type { z } from "zod";

/** Reads and checks the settings of the running stack. @throws RunError that names every problem (Pulumi prints it without a stack) */
export function readSettings<T>(schema: z.ZodType<T>, project: string, stack: string): T {
  return parseSettings(schema, allConfig(), project, stack);
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
  // A value is taken as the text that it is; where a field wants more than text, as the YAML or JSON that Pulumi made text of.
  let values: Record<string, unknown> = own;
  let result = schema.safeParse(values);
  const wrongType = new Set(result.success ? [] : result.error.issues.map((issue) => String(issue.path[0] ?? "")));
  if (!result.success && wrongType.size > 0) {
    values = Object.fromEntries(Object.entries(own).map(([key, text]) => [key, wrongType.has(key) ? parsed(text) : text]));
    result = schema.safeParse(values);
  }
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describe(issue, values, project, stack));
  throw new RunError(`Pulumi.${stack}.yaml: ${lines.length === 1 ? "a setting is" : `${lines.length} settings are`} wrong\n${lines.join("\n")}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>, project: string, stack: string): string[] {
  if (issue.code === "unrecognized_keys") {
    const inside = issue.path.join(".");
    return issue.keys.map((key) => {
      const path = inside ? `${inside}.${key}` : key;
      const fix = inside ? "remove it from Pulumi.yaml's list" : `remove it: pulumi config rm ${project}:${key} --stack ${stack}`;
      return `  ${project}:${path} is not a setting of this stack; check the spelling or ${inside ? "remove it" : fix}`;
    });
  }
  const path = issue.path.map(String).join(".");
  const value = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part as PropertyKey], values);
  const shown = value === undefined ? "" : ` is ${JSON.stringify(value)}:`;
  const top = String(issue.path[0] ?? "");
  const set = issue.path.length > 1 ? `pulumi config set --path '${project}:${path}' VALUE` : `pulumi config set ${project}:${top} VALUE`;
  return [`  ${project}:${path}${shown} ${issue.message}  (${set} --stack ${stack})`];
}
