// What nodes of every type have: a component somewhere, ports that bind to the pipeline, a compute.
import { bindableInputs, outputObject } from "../common/job-io.ts";
import type { CommandComponentEntity } from "../kinds/command-component.ts";
import { armVersioned, compute, registryUri, REGISTRY_URI } from "../schema/azure.ts";
import { dict, union } from "../schema/compound.ts";
import { BAD, nullable, type Bad, type Field } from "../schema/field.ts";
import { str } from "../schema/scalars.ts";
import { isMap } from "../yaml/value.ts";

/** Where a node's component is. */
export type ComponentRef =
  | { in: "file"; path: string; source: "YAML.COMPONENT" | "YAML.JOB" }
  /** `builtIn`: one of Azure's own, which the file does not name. */
  | { in: "azure"; text: string; builtIn?: true }
  | { in: "node"; entity: CommandComponentEntity };

export const OUTPUT_BINDING = /^\$\{\{parent\.outputs\.(.*?)\}\}$/;
export const INPUT_BINDING = /^\$\{\{parent\.(inputs|jobs)\.(.*?)\}\}$/;

/** A node's component: a file, something in Azure, or (where a kind allows it) written inline. */
export function componentRef(inline?: Field<CommandComponentEntity>): Field<ComponentRef> {
  return {
    expects: "a component file, `azureml:<component>:<version>`" + (inline ? ", or a component" : ""),
    load(value, at): ComponentRef | Bad {
      if (isMap(value) && inline) {
        const entity = inline.load(value, at);
        return entity === BAD ? BAD : { in: "node", entity: entity };
      }
      const name = str.load(value, at);
      if (name === BAD) return BAD;
      const path = name;
      if (path.startsWith(REGISTRY_URI)) return asAzure(registryUri("component").load(value, at));
      if (path.startsWith("azureml:")) return asAzure(armVersioned("component", { bare: true }).load(value, at));
      return path.startsWith("file:")
        ? { in: "file", path: path.slice("file:".length), source: "YAML.JOB" }
        : { in: "file", path, source: "YAML.COMPONENT" };
    },
  };
}

const asAzure = (loaded: string | Bad): ComponentRef | Bad => (loaded === BAD ? BAD : { in: "azure", text: loaded });

/** `${{parent.outputs.x}}`, also as `{path: …}` alone. */
export const outputBinding: Field<string> = {
  expects: "a binding `${{parent.outputs.<name>}}`",
  load(value, at) {
    const inner =
      isMap(value) && value.has("path") && !["mode", "name", "version"].some((key) => value.has(key)) ? value.get("path") : value;
    return typeof inner === "string" && OUTPUT_BINDING.test(inner)
      ? inner
      : at.fail("must be a binding to an output of the pipeline", "write ${{parent.outputs.<name>}}", value);
  },
};

/** Fields that no binding may stand for. */
export const SKIP = ["type", "component", "trial", "inputs"];
export const sharedNodeFields = {
  outputs: dict(nullable(union(outputBinding, outputObject))),
  properties: dict(nullable(str)),
  comment: str,
  compute,
} as const;
export const nodeInputsField = bindableInputs;
