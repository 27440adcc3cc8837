// `${{parent…}}`: what the nodes of a pipeline bind to, and the faults of that (nothing there, a cycle).
import { hasBinding } from "../schema/azure.ts";
import type { Build } from "../kinds/kind.ts";
import type { Path } from "../yaml/source.ts";
import type { NodeEntity } from "./node-fields.ts";
import { nearest } from "../schema/scalars.ts";

/** What is known of a port: null for a type that is only in Azure. */
export interface Port {
  type: string | null;
  mode?: string | null;
}

/** An input that a component declares. */
export interface InputOf extends Port {
  optional?: boolean;
  /** Found to be optional, since only optional inputs are bound to it. */
  inferredOptional?: boolean;
  default?: unknown;
}

/** Inputs and outputs that a component declares; null when it is only in Azure. */
export interface Ports {
  inputs: Readonly<Record<string, InputOf>>;
  outputs: Readonly<Record<string, Port>>;
}

/** What the nodes of one pipeline see around them. */
export interface Surroundings {
  /** Inputs and outputs of the pipeline itself. */
  parent: Ports;
  nodes: Readonly<Record<string, NodeEntity>>;
  /** Ports of each node; null where they are only known in Azure. */
  ports: Readonly<Record<string, Ports | null>>;
  /** Outputs that the nodes themselves name, for those whose ports are not known. */
  named: Readonly<Record<string, Readonly<Record<string, Port>>>>;
}

/**
 * Reports every input and output of the pipeline's nodes that binds to nothing, and nodes that wait for each other. Bindings in other
 * fields are Azure's business, as for the SDK.
 */
export function checkBindings(around: Surroundings, build: Build): void {
  const waits = new Map<string, Map<string, Path>>();
  for (const [name, node] of Object.entries(around.nodes)) {
    const needs = new Map<string, Path>();
    waits.set(name, needs);
    eachText({ inputs: node.inputs, outputs: node.outputs }, ["jobs", name], (value, path) => {
      for (const [whole, target = ""] of value.matchAll(/\$\{\{\s*(parent\.\S*?)\s*\}\}/g)) {
        const fault = whereTo(target, around);
        if (fault) build.problem(path, `\`${whole}\` binds to nothing: ${fault.rule}`, fault.fix, value);
        const other = /^parent\.jobs\.([^.]+)\./.exec(target)?.[1];
        if (other !== undefined) needs.set(other, path);
      }
    });
  }
  checkCycles(waits, build);
}

/**
 * A pipeline component's input that only optional inputs are bound to is optional itself, unless the file says otherwise; one that
 * the file says is optional may not be bound to a required input. Node by node, as the SDK does it.
 */
export function inferOptional(around: Surroundings, build: Build): void {
  for (const [name, node] of Object.entries(around.nodes)) {
    const ports = around.ports[name];
    if (!ports) continue;
    const bound = new Map<string, string[]>();
    for (const [input, raw] of Object.entries(node.inputs ?? {})) {
      const value = typeof raw === "object" && raw !== null && "path" in raw ? raw.path : raw;
      const target = typeof value === "string" ? /^\$\{\{parent\.inputs\.(.+)\}\}$/.exec(value)?.[1] : undefined;
      const port = ports.inputs[input];
      // Grouped inputs ("a.b") are settled by Azure.
      if (target === undefined || target.includes(".") || !port || !Object.hasOwn(around.parent.inputs, target)) continue;
      const required = bound.get(target) ?? [];
      bound.set(target, port.optional === true || port.inferredOptional ? required : [...required, input]);
    }
    for (const [target, required] of bound) settleOptional(target, name, required, around.parent.inputs[target]!, build);
  }
}

function settleOptional(target: string, node: string, required: readonly string[], input: InputOf, build: Build): void {
  if (input.optional === undefined && !required.length) input.inferredOptional = true;
  else if (input.inferredOptional && required.length) delete input.inferredOptional;
  else if (input.optional === true && required.length) {
    const path = ["jobs", node, "inputs", required[0]!];
    build.problem(
      path,
      `the input \`${required[0]}\` is required, but the pipeline's input \`${target}\` is optional`,
      "make both required or both optional",
    );
  }
}

function whereTo(target: string, around: Surroundings): { rule: string; fix: string } | undefined {
  const [, where = "", ...rest] = target.split(".");
  if (where === "inputs" || where === "outputs") {
    const name = rest.join(".");
    const known = around.parent[where];
    if (Object.hasOwn(known, name) || Object.keys(known).some((key) => key.startsWith(`${name}.`))) return undefined;
    return {
      rule: `the pipeline has no ${where.slice(0, -1)} \`${name}\``,
      fix: suggestion(name, Object.keys(known), `add \`${name}\` to the pipeline's \`${where}\``),
    };
  }
  if (where !== "jobs")
    return {
      rule: `\`parent.${where}\` is none of parent.inputs, parent.outputs and parent.jobs`,
      fix: "bind to ${{parent.inputs.<name>}} or ${{parent.jobs.<node>.outputs.<name>}}",
    };
  const [node = "", side = "", ...port] = rest;
  if (!Object.hasOwn(around.nodes, node))
    return { rule: `the pipeline has no job \`${node}\``, fix: suggestion(node, Object.keys(around.nodes), "name one of its jobs") };
  const ports = around.ports[node];
  // The task of automated ML has outputs that its node need not name.
  if ((side !== "outputs" && side !== "inputs") || !ports || around.nodes[node]!.type === "automl") return undefined;
  const name = port.join(".");
  if (Object.hasOwn(ports[side], name)) return undefined;
  return {
    rule: `the job \`${node}\` has no ${side.slice(0, -1)} \`${name}\``,
    fix: suggestion(name, Object.keys(ports[side]), `name one of its ${side}`),
  };
}

function suggestion(name: string, known: readonly string[], otherwise: string): string {
  const guess = nearest(name, known);
  return guess.startsWith("did") ? guess : known.length ? `${otherwise}; there are ${known.join(", ")}` : otherwise;
}

function checkCycles(waits: ReadonlyMap<string, ReadonlyMap<string, Path>>, build: Build): void {
  const done = new Set<string>();
  const visit = (name: string, open: readonly string[]) => {
    if (done.has(name)) return;
    for (const [next, path] of waits.get(name) ?? []) {
      const start = [...open, name].indexOf(next);
      if (start >= 0)
        build.problem(
          path,
          `is a cycle: ${[...[...open, name].slice(start), next].join(" → ")} wait for each other`,
          "take one of these bindings out",
        );
      else visit(next, [...open, name]);
    }
    done.add(name);
  };
  for (const name of waits.keys()) visit(name, []);
}

function eachText(value: unknown, path: Path, use: (text: string, path: Path) => void): void {
  if (typeof value === "string") {
    if (hasBinding(value)) use(value, path);
  } else if (value instanceof Map) for (const [key, item] of value) eachText(item, [...path, String(key)], use);
  else if (Array.isArray(value)) value.forEach((item, index) => eachText(item, [...path, index], use));
  else if (value !== null && typeof value === "object")
    for (const [key, item] of Object.entries(value)) eachText(item, [...path, key], use);
}
