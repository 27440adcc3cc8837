// What is added to a program's inputs: a missing name, and sub-resources that the program leaves to resources of their own.
import type { Json } from "./http/request.ts";
import { autoNameOf, makeName } from "./naming.ts";
import type { Resource } from "./resource.ts";
import type { CheckArgs } from "./rpc/provider.ts";
import type { Properties } from "./rpc/values.ts";
import { get, put } from "./wire/convert.ts";

/** A name for a resource that was given none: the one it has, else a made one. */
export function fillName(resource: Resource, inputs: Properties, args: CheckArgs): void {
  const key = resource.pathParameters.at(-1);
  if (key === undefined || inputs[key] !== undefined || resource.table.in.r?.includes(key)) return;
  if (args.olds[key] !== undefined) {
    inputs[key] = args.olds[key];
    if (args.olds["__createBeforeDelete"] === true) inputs["__createBeforeDelete"] = true;
    return;
  }
  const made = makeName(args.name, autoNameOf(resource.entry.path, resource.entry.autoName), args.seed, args.autonaming);
  if (!made) return;
  inputs[key] = made.name;
  if (made.unique) inputs["__createBeforeDelete"] = true;
}

/** Sub-resources that the program leaves to resources of their own are sent as they are: a PUT without them would empty them. */
export function keep(body: Json, path: readonly string[], present: Json | undefined): void {
  if (get(body, path) === undefined) put(body, path, (present && get(present, path)) ?? []);
}

/** Takes a kept sub-resource out of inputs or outputs: the program does not speak of it. */
export function dropPath(shape: Properties, path: string, declared: Readonly<Record<string, unknown>>): void {
  const parts = path.split(".").filter((p) => p !== "properties" || "properties" in declared);
  const last = parts.pop()!;
  const holder = parts.length === 0 ? shape : (get(shape, parts) as Properties | undefined);
  if (holder) delete holder[last];
}
