// Command components (`az ml component`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-component-command;
// REST ComponentVersion 2024-01-01-preview: the specification is the component in snake_case.
import { assetFields } from "../common/asset-fields.ts";
import { commandFields, componentDistribution, componentResources, type Distribution, type Resources } from "../common/command-fields.ts";
import { withoutEmpty } from "../common/empty.ts";
import { codeMark, environmentMark, refuseGit } from "../common/marks.ts";
import { componentInputs, componentOutputs, inputPortsBody, outputPortsBody } from "../common/ports.ts";
import { armVersioned, registryUri, REGISTRY_URI } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, required, BAD, type Field } from "../schema/field.ts";
import { any, bool, int, oneOf, str } from "../schema/scalars.ts";
import { isMap, pythonString, type Yaml } from "../yaml/value.ts";
import { uuidOf } from "../upload.ts";
import { defineKind, type AnonymousSource, type Build, type Draft } from "./kind.ts";

/** Names of components. */
const componentName: Field<string> = {
  expects: "a name of lower-case letters, digits and underscores that starts with a letter",
  load(value, at) {
    const text = str.load(value, at);
    if (text === BAD || /^[a-z][a-z\d_]*$/.test(text)) return text;
    return at.fail(
      "must have lower-case letters, digits and underscores only, and start with a letter",
      `write ${suggestName(text)}`,
      value,
    );
  },
};

const suggestName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z\d_]+/g, "_")
    .replace(/^[^a-z]+/, "") || "a_name";

/** Components turn any version into text. */
const anyVersion: Field<string> = {
  expects: "a version",
  load: (value, at) =>
    value instanceof Map || Array.isArray(value) ? at.fail("must be a version", "put the version in quotes", value) : pythonString(value),
};

/** What only publishers in Azure's registries may say: the official SDK breaks on it. */
const closed: Field = {
  expects: "left out",
  nullable: true,
  load: (value, at) =>
    isMap(value) && value.size === 0 ? null : at.fail("is not open to everybody, and not read", "remove it", value, "key"),
};

/** What all components have. */
export const componentFields = {
  ...assetFields,
  $schema: str,
  name: required(componentName),
  id: union(registryUri("component"), armVersioned("component", { bare: true })),
  version: anyVersion,
  display_name: str,
  description: str,
  tags: dict(str),
  is_deterministic: bool,
  inputs: componentInputs,
  outputs: componentOutputs,
  intellectual_property: closed,
} as const;

const { environment_variables: _none, queue_settings, ...fromCommand } = commandFields;
export const commandComponentFields = {
  ...componentFields,
  ...fromCommand,
  queue_settings,
  type: oneOf(["command"]),
  resources: componentResources,
  distribution: componentDistribution,
  properties: dict(any),
  additional_includes: list(str),
  // For sweeps, whose trial a component may be: the SDK keeps it to itself.
  environment_variables: nullable(dict()),
  instance_count: nullable(int),
} as const;

const field = object(commandComponentFields, { unknown: "keep" });
/** A component inside a pipeline; its name and version do not count. */
export const anonymousCommandComponent = object(
  { ...commandComponentFields, name: any, version: any },
  { unknown: "keep", expects: "a command component" },
);
export type CommandComponentEntity = Entity<typeof commandComponentFields>;

export const commandComponent = defineKind<CommandComponentEntity>({
  kind: "commandComponent",
  noun: "component",
  field,
  anonymousField: anonymousCommandComponent as never,
  build: (entity, build) => buildCommandComponent(entity, build, build.anonymous ?? undefined),
});

/** The request of a command component. */
export function buildCommandComponent(entity: CommandComponentEntity, build: Build, anonymous?: AnonymousSource): Draft {
  checkComponentBindings(entity, build);
  refuseGit(entity.code, build);
  if (entity.queue_settings)
    build.problem(["queue_settings"], "a component has no queue settings", "move them to the job or the pipeline's node");
  const includes = (entity.additional_includes ?? []).map((path, index) => includePath(path, index, entity.code, build));
  const { environment, distribution, properties, ...rest } = entity as CommandComponentEntity & Record<string, Yaml>;
  const spec: Record<string, unknown> = {
    ...unknownFields(entity, commandComponentFields),
    ...commonSpec(rest, build, anonymous),
    is_deterministic: entity.is_deterministic ?? true,
    command: entity.command,
    code: codeMark(entity.code, build, "none", includes),
    environment: environmentMark(environment, build, ["environment"]),
    resources: specResources(withCount(entity, build)),
    distribution: specDistribution(distribution),
    type: "command",
    properties: properties && Object.keys(properties).length ? properties : null,
    additional_includes: includes.length ? entity.additional_includes : null,
    _source: sourceOf(entity, anonymous),
  };
  return componentDraft(entity, withoutEmpty(spec) as Record<string, unknown>, versionProperties(properties, anonymous), anonymous);
}

/** Properties of a version: the SDK makes text of those of a component with a name, and leaves others as they are. */
export function versionProperties(
  properties: Record<string, Yaml> | undefined,
  anonymous: AnonymousSource | undefined,
): Record<string, Yaml> {
  const given = Object.entries(properties ?? {}).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([key, value]) => [key, anonymous ? value : pythonString(value)]));
}

/** A path of `additional_includes`, which has to be there, and not in the code already. */
export function includePath(path: string, index: number, code: string | undefined, build: Build): string {
  const full = build.absolute(path);
  const at = ["additional_includes", index];
  if (build.files.stat(full)) {
    const twin = code === undefined ? undefined : build.files.resolve(build.absolute(code), full.split(/[/\\]/).at(-1)!);
    if (twin !== undefined && build.files.stat(twin))
      build.problem(at, `stands in the code already: ${twin}`, "remove one of the two", path);
    return full;
  }
  if (path.endsWith(".zip") && build.files.stat(build.absolute(path.slice(0, -".zip".length))))
    build.problem(at, "folders cannot be zipped yet", "include the folder itself, or a zip file that is there", path);
  else build.problem(at, `no such file or folder: ${full}`, "correct the path; it is taken from the folder of this file", path);
  return full;
}

/** The parts of a specification that all components share. */
export function commonSpec(
  entity: Entity<typeof componentFields> & { type?: string },
  build: Build,
  anonymous: AnonymousSource | undefined,
): Record<string, unknown> {
  const tags = entity.tags && Object.keys(entity.tags).length ? entity.tags : null;
  return {
    $schema: entity.$schema,
    name: anonymous ? "azureml_anonymous" : entity.name,
    id: entity.id === undefined || anonymous || entity.id.startsWith(REGISTRY_URI) ? entity.id : `azureml:${entity.id}`,
    version: anonymous ? "1" : entity.version || null,
    display_name: entity.display_name,
    description: entity.description,
    tags,
    is_deterministic: entity.is_deterministic,
    inputs: notEmpty(inputPortsBody(entity.inputs ?? {}, build)),
    outputs: notEmpty(outputPortsBody(entity.outputs ?? {}, build)),
  };
}

/** Where the SDK says that a component comes from: one with an id is Azure's own. */
export function sourceOf({ id }: { id?: string }, anonymous: AnonymousSource | undefined): string {
  if (id === undefined || anonymous) return anonymous ?? "YAML.COMPONENT";
  return id.startsWith(REGISTRY_URI) ? "REMOTE.REGISTRY" : "REMOTE.WORKSPACE.COMPONENT";
}

/** The version around a specification. */
export function componentDraft(
  entity: { name: string; version?: string; description?: string; tags?: Record<string, string> },
  spec: Record<string, unknown>,
  properties: Record<string, unknown>,
  anonymous: AnonymousSource | undefined,
  archived: boolean | null = false,
): Draft {
  const body = {
    properties: {
      description: entity.description,
      isAnonymous: anonymous !== undefined,
      isArchived: archived,
      properties,
      tags: entity.tags ?? {},
      componentSpec: spec,
    },
  };
  if (anonymous) return { name: "azureml_anonymous", body, versionOf: uuidOf };
  return { name: entity.name, version: entity.version || undefined, body };
}

/** Fields that no schema knows go into the specification as they are. */
export function unknownFields(entity: object, known: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(entity).filter(
      ([key, value]) => !Object.hasOwn(known, key) && value !== null && !(value instanceof Map && value.size === 0),
    ),
  );
}

/** The resources of a component, which may say their `instance_count` alone. */
export function withCount(entity: { resources?: Resources; instance_count?: unknown }, build: Build): Resources | undefined {
  const { resources, instance_count: count } = entity;
  if (count === undefined || count === null) return resources;
  if (resources) build.problem(["instance_count"], "stands in `resources` already", "keep one of the two", count);
  return { ...resources, instance_count: count } as Resources;
}

/** Resources in a specification: the SDK leaves their properties out. */
export function specResources(value: Resources | undefined): unknown {
  if (!value) return null;
  const { instance_count, instance_type, locations, shm_size, max_instance_count, docker_args } = value;
  return notEmpty({ locations, instance_count, instance_type, shm_size, max_instance_count, docker_args });
}

/** Distribution in a specification: as in the file. */
export const specDistribution = (value: Distribution | undefined): unknown =>
  value?.type === "tensorflow" ? { parameter_server_count: 0, ...value } : value;

function notEmpty(value: Record<string, unknown>): Record<string, unknown> | null {
  return Object.values(value).some((item) => item !== undefined && item !== null) ? value : null;
}

// `${{inputs.x}}` and the like must name something that the component has: the SDK looks it up on the component itself.
function checkComponentBindings(entity: CommandComponentEntity, build: Build): void {
  for (const [whole, inner = ""] of entity.command.matchAll(/\$\{\{\s*(\S*?)\s*\}\}/g)) {
    const [head = "", ...rest] = inner.split(".");
    const ports = head === "inputs" ? entity.inputs : head === "outputs" ? entity.outputs : undefined;
    const name = rest.join(".");
    const known = ports && (Object.hasOwn(ports, name) || Object.keys(ports).some((key) => key.startsWith(`${name}.`)));
    const other =
      ports === undefined &&
      rest.length === 0 &&
      ["name", "version", "display_name", "description", "command", "code", "environment", "tags"].includes(head);
    const bare = rest.length === 0 && (head === "inputs" || head === "outputs");
    if (known || bare || other) continue;
    const what = head === "inputs" ? "input" : head === "outputs" ? "output" : undefined;
    build.problem(
      ["command"],
      `\`${whole}\` binds to nothing${what ? `: the component has no ${what} \`${name}\`` : ""}`,
      what ? `add \`${name}\` to \`${head}\`, or correct the name` : "bind to inputs.<name> or outputs.<name>",
      whole,
    );
  }
}
