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

/** Inputs and outputs that a component declares; null when it is only in Azure. */
export interface Ports {
  inputs: Readonly<Record<string, Port & { optional?: boolean; default?: unknown }>>;
  outputs: Readonly<Record<string, Port>>;
}

/** What the nodes of one pipeline see around them. */
export interface Surroundings {
  /** Inputs and outputs of the pipeline itself. */
  parent: Ports;
  nodes: Readonly<Record<string, NodeEntity>>;
  /** Ports of each node; null where they are only known in Azure. */
  ports: Readonly<Record<string, Ports | null>>;
}

/** Reports every binding of the pipeline's nodes that leads nowhere, and nodes that wait for each other. */
export function checkBindings(around: Surroundings, build: Build): void {
  const waits = new Map<string, Map<string, Path>>();
  for (const [name, node] of Object.entries(around.nodes)) {
    const needs = new Map<string, Path>();
    waits.set(name, needs);
    eachText({ inputs: node.inputs, outputs: node.outputs, compute: node.compute, ...node.fields }, ["jobs", name], (value, path) => {
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

function whereTo(target: string, around: Surroundings): { rule: string; fix: string } | undefined {
  const [, where = "", ...rest] = target.split(".");
  if (where === "inputs" || where === "outputs") {
    const name = rest.join(".");
    const known = around.parent[where];
    if (Object.hasOwn(known, name) || Object.keys(known).some((key) => key.startsWith(`${name}.`))) return undefined;
    return { rule: `the pipeline has no ${where.slice(0, -1)} \`${name}\``, fix: suggestion(name, Object.keys(known), `add \`${name}\` to the pipeline's \`${where}\``) };
  }
  if (where !== "jobs") return { rule: `\`parent.${where}\` is none of parent.inputs, parent.outputs and parent.jobs`, fix: "bind to ${{parent.inputs.<name>}} or ${{parent.jobs.<node>.outputs.<name>}}" };
  const [node = "", side = "", ...port] = rest;
  if (!Object.hasOwn(around.nodes, node)) return { rule: `the pipeline has no job \`${node}\``, fix: suggestion(node, Object.keys(around.nodes), "name one of its jobs") };
  const ports = around.ports[node];
  if ((side !== "outputs" && side !== "inputs") || !ports) return undefined;
  const name = port.join(".");
  if (Object.hasOwn(ports[side], name)) return undefined;
  return { rule: `the job \`${node}\` has no ${side.slice(0, -1)} \`${name}\``, fix: suggestion(name, Object.keys(ports[side]), `name one of its ${side}`) };
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
      if (start >= 0) build.problem(path, `is a cycle: ${[...[...open, name].slice(start), next].join(" → ")} wait for each other`, "take one of these bindings out");
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
  else if (value !== null && typeof value === "object") for (const [key, item] of Object.entries(value)) eachText(item, [...path, key], use);
}
