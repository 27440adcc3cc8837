// Nodes of a pipeline that move data: how one is read, by its task, and what it says in the request.
import { jobFields } from "../common/command-fields.ts";
import { BUILT_IN, copyMode, externalBody, externalData, PORT_OF, type ExternalData, type TransferTask } from "../common/data-transfer.ts";
import { isBinding, isDataInput, jobInputs, outputObject, type InputValue, type OutputValue } from "../common/job-io.ts";
import { anonymousCopyComponent } from "../kinds/data-transfer-component.ts";
import type { Build } from "../kinds/kind.ts";
import { compute } from "../schema/azure.ts";
import { bindableFields, dict, object, union, type FieldMap } from "../schema/compound.ts";
import { nullable, required, type At, type Bad, type Field } from "../schema/field.ts";
import { any, checked, oneOf } from "../schema/scalars.ts";
import type { NodeEntity } from "./node-fields.ts";
import type { NodeSchemas } from "./node-kinds.ts";
import { componentRef, nodeInputsField, outputBinding, sharedNodeFields, SKIP, type ComponentRef } from "./node-shared.ts";

type Json = Record<string, unknown>;
const type = required(oneOf(["data_transfer"]));
const taskOf = (task: TransferTask) => required(oneOf([task]));

const single = <T>(port: "source" | "sink", ports: Field<Record<string, T>>): Field<Record<string, T>> =>
  checked(ports, (value, at) => {
    if (Object.keys(value).join() !== port) at.fail(`has one entry, \`${port}\``, `name it \`${port}\` and remove others`);
  });
const none = (fix: string): Field => ({ expects: "nothing", load: (value, at) => at.fail("is no field of this task", fix, value) });
const inAzure: Field<ComponentRef> = checked(componentRef(), (ref, at) => {
  if (ref.in === "file")
    at.fail("takes no component file", "leave `component` out, which runs Azure's own, or name one as azureml:<name>:<version>", ref.path);
});

// The SDK takes any text, and data, as an input of a component that moves data.
const textOrData: typeof nodeInputsField = {
  ...nodeInputsField,
  load(value, at) {
    const loaded = nodeInputsField.load(value, at);
    if (typeof loaded !== "object") return loaded;
    for (const [name, item] of Object.entries(loaded))
      if (typeof item !== "string" && !isDataInput(item as InputValue))
        return at.child(name).fail("must be a binding or data", "write ${{parent.inputs.<name>}}, or a mapping with `path`");
    return loaded;
  },
};

const aroundComponent = (fields: FieldMap) =>
  object({ ...bindableFields(sharedNodeFields, SKIP), ...fields, type }, { unknown: "keep", pathAware: true });
const wholeJob = (fields: FieldMap) => object({ ...jobFields, compute, ...fields, type }, { pathAware: true });
const outputs = dict(nullable(union(outputObject, outputBinding)));

/** By their task. */
export const TRANSFER_NODES: Readonly<Record<TransferTask, NodeSchemas>> = {
  copy_data: {
    key: "component",
    component: aroundComponent({
      task: taskOf("copy_data"),
      component: required(componentRef(anonymousCopyComponent as never)),
      inputs: textOrData,
      data_copy_mode: nullable(any),
    }),
    job: wholeJob({ task: taskOf("copy_data"), data_copy_mode: copyMode, inputs: jobInputs, outputs }),
  },
  import_data: {
    key: "component",
    component: aroundComponent({
      task: taskOf("import_data"),
      component: required(inAzure),
      source: required(externalData),
      inputs: none("remove it; what is imported is said by `source`"),
      outputs: single("sink", dict(union(outputBinding, outputObject))),
    }),
    job: wholeJob({ task: taskOf("import_data"), source: required(externalData), outputs: single("sink", outputs) }),
  },
  export_data: {
    key: "component",
    component: aroundComponent({
      task: taskOf("export_data"),
      component: required(inAzure),
      sink: required(externalData),
      inputs: single("source", textOrData as never),
      outputs: none("remove it; where data goes is said by `sink`"),
    }),
    job: wholeJob({ task: taskOf("export_data"), sink: required(externalData), inputs: single("source", jobInputs) }),
  },
};

/** A whole job that imports or exports runs a component of Azure's; says so on the node. */
export function withBuiltIn(node: NodeEntity, at: At): NodeEntity | Bad {
  const task = node.fields["task"] as TransferTask;
  if (node.type !== "data_transfer" || task === "copy_data") return node;
  if (node.form === "component") {
    // A component that imports has a table as its output unless the node says something else.
    const sink = task === "import_data" ? { sink: { type: PORT_OF.import_data.database } as OutputValue } : undefined;
    return { ...node, outputs: node.outputs ?? sink };
  }
  const text = BUILT_IN[task][kindOf(outside(node))];
  if (!text)
    return at
      .child("sink")
      .fail("Azure has no component that exports to a file system", "export to a database, or name a component of your own");
  return { ...node, form: "component", component: { in: "azure", text, builtIn: true } };
}

const outside = ({ fields }: NodeEntity): ExternalData => (fields["source"] ?? fields["sink"]) as ExternalData;
const kindOf = (data: ExternalData) => data.type ?? "file_system";

/** The settings of a node in the request, and the rules between its ports and what is outside Azure. */
export function transferSettings(node: NodeEntity, component: Json | null, build: Build, at: readonly string[]): Json {
  const task = node.fields["task"] as TransferTask;
  if (task === "copy_data") return { task, data_copy_mode: component?.["data_copy_mode"] ?? node.fields["data_copy_mode"] };
  const kind = kindOf(outside(node));
  const [side, port, ports] =
    task === "import_data" ? (["outputs", "sink", node.outputs] as const) : (["inputs", "source", node.inputs] as const);
  const wanted = PORT_OF[task][kind];
  const value = ports?.[port];
  if (value === undefined) build.problem([...at, side], `has one entry, \`${port}\``, `add \`${port}: {type: ${wanted}}\``);
  else if (value !== null && typeof value === "object" && isDataInput(value)) {
    if (task === "export_data" && isBinding(value.path))
      build.problem([...at, side, port], "binds in a mapping, which loses its type", `write \`${port}: ${value.path}\``);
    else if ((value.type ?? "uri_folder") !== wanted)
      build.problem([...at, side, port, "type"], `a ${kind} takes and gives a ${wanted}`, `write \`type: ${wanted}\``, value.type);
  }
  return task === "import_data" ? { task, source: externalBody(outside(node)) } : { task, sink: externalBody(outside(node)) };
}
