// Components that move data (`az ml component`, `type: data_transfer`): copy, import from and export to what is outside Azure.
import { copyMode, PORT_OF, TRANSFER_TASKS, type TransferTask } from "../common/data-transfer.ts";
import { withoutEmpty } from "../common/empty.ts";
import { inputPort, isParameter } from "../common/ports.ts";
import { dict, object, type Entity, type FieldMap } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { any, checked, nearest, oneOf } from "../schema/scalars.ts";
import { isMap } from "../yaml/value.ts";
import { commonSpec, componentDraft, componentFields, sourceOf, unknownFields, versionProperties } from "./command-component.ts";
import { defineKind, type AnonymousSource, type Build, type Draft } from "./kind.ts";

const only = (port: "source" | "sink", values: Field<{ type: string }>) =>
  checked(dict(values), (ports, at) => {
    if (Object.keys(ports).join() !== port) at.fail(`has one entry, \`${port}\``, `name it \`${port}\` and remove others`);
  });
/** A field that another task has. */
const none = (task: TransferTask, fix: string): Field => ({
  expects: "nothing",
  load: (value, at) => at.fail(`is no field of the task ${task}`, fix, value),
});
const outside = required(object({ type: required(oneOf(["file_system", "database"])) }));
const portOf = (...types: string[]) => object({ type: required(oneOf(types)) });

const TASK_FIELDS = {
  copy_data: { data_copy_mode: copyMode, inputs: dict(inputPort) },
  import_data: {
    source: outside,
    inputs: none("import_data", "remove it; what is imported is said by `source`"),
    outputs: only("sink", portOf("mltable", "uri_folder")),
  },
  export_data: {
    sink: outside,
    inputs: only("source", portOf("uri_folder", "uri_file")),
    outputs: none("export_data", "remove it; where data goes is said by `sink`"),
  },
} as const satisfies Record<TransferTask, FieldMap>;

const common = { ...componentFields, properties: dict(), type: oneOf(["data_transfer"]) } as const;
const fieldsOf = (task: TransferTask) => ({ ...common, task: required(oneOf([task])), ...TASK_FIELDS[task] });

export type DataTransferComponentEntity = Entity<typeof common> & {
  task: TransferTask;
  data_copy_mode?: string;
  source?: { type: "file_system" | "database" };
  sink?: { type: "file_system" | "database" };
};

/** A component of any task; which, is said by a word that has to be in lower case. */
const byTask: Field<DataTransferComponentEntity> = {
  expects: "a component that moves data",
  load(value, at) {
    const task = isMap(value) ? value.get("task") : undefined;
    const known = TRANSFER_TASKS.find((word) => word === task);
    if (!isMap(value) || known)
      return object(fieldsOf(known ?? "copy_data"), { unknown: "keep" }).load(value, at) as DataTransferComponentEntity;
    return at
      .child("task")
      .fail(
        `must be one of ${TRANSFER_TASKS.join(", ")}`,
        task === undefined ? "add `task:`" : nearest(task, TRANSFER_TASKS),
        task,
        task === undefined ? "key" : "value",
      );
  },
};

/** A copying component inside a pipeline; its name and version do not count. */
export const anonymousCopyComponent = object(
  { ...fieldsOf("copy_data"), name: any, version: any },
  { unknown: "keep", expects: "a component that copies data" },
);

export const dataTransferComponent = defineKind<DataTransferComponentEntity>({
  kind: "dataTransferComponent",
  noun: "component",
  field: byTask,
  anonymousField: anonymousCopyComponent as never,
  build: (entity, build) => buildDataTransferComponent(entity, build, build.anonymous ?? undefined),
});

/** The request of a component that moves data. */
export function buildDataTransferComponent(entity: DataTransferComponentEntity, build: Build, anonymous?: AnonymousSource): Draft {
  const { task, source } = entity;
  if (task === "copy_data") checkCopy(entity, build);
  const outputs = task === "import_data" ? { sink: { type: PORT_OF.import_data.database }, ...entity.outputs } : entity.outputs;
  const spec = {
    ...unknownFields(entity, fieldsOf(task)),
    ...commonSpec({ ...entity, outputs }, build, anonymous),
    is_deterministic: entity.is_deterministic ?? true,
    type: "data_transfer",
    task,
    data_copy_mode: entity.data_copy_mode,
    source,
    sink: entity.sink,
    _source: sourceOf(entity, anonymous),
  };
  return componentDraft(entity, withoutEmpty(spec) as Record<string, unknown>, versionProperties(entity.properties, anonymous), anonymous);
}

/** One output, of the type of a single input; several inputs go into a folder. */
function checkCopy(entity: DataTransferComponentEntity, build: Build): void {
  const [inputs, outputs] = [Object.entries(entity.inputs ?? {}), Object.entries(entity.outputs ?? {})];
  const [name, output] = outputs[0] ?? ["", { type: "" }];
  for (const [port, input] of inputs)
    if (isParameter(input.type))
      build.problem(["inputs", port], `copies data, not a value of type ${input.type}`, "bind it to data, or give a `path:`");
  if (outputs.length !== 1)
    build.problem(["outputs"], `copying has one output; there are ${outputs.length}`, outputs.length ? "keep one of them" : "add one");
  else if (inputs.length === 0) build.problem(["inputs"], "copying needs an input", "add one");
  else if (inputs.length === 1 && inputs[0]![1].type !== output.type)
    build.problem(
      ["outputs", name],
      `is of type ${output.type}, but the input \`${inputs[0]![0]}\` is of type ${inputs[0]![1].type}`,
      "give both the same type",
    );
  else if (inputs.length > 1 && output.type !== "uri_folder")
    build.problem(["outputs", name], `several inputs are copied into a uri_folder, not a ${output.type}`, "write `type: uri_folder`");
}
