// Resource ids as template functions put them together.
import { ArmError } from "../core.ts";

export const invalid = (message: string): ArmError =>
  new ArmError(400, "InvalidTemplate", `Deployment template validation failed: '${message}'`);

/** `resourceId([subscriptionId], [resourceGroup], type, name…)` */
export function templateResourceId(scope: string, args: readonly string[]): string {
  const at = args.findIndex((one) => /^[A-Za-z]+\.[\w.]+\//.test(one));
  if (at < 0) throw invalid(`Unable to evaluate template language function 'resourceId': no resource type among '${args.join(", ")}'`);
  const [, , subscription, , group] = scope.split("/");
  const groupName = at > 0 ? args[at - 1] : group;
  const home = `/subscriptions/${at > 1 ? args[0] : subscription}${groupName ? `/resourceGroups/${groupName}` : ""}`;
  return resourceId(home, args[at]!, args.slice(at + 1));
}

export function resourceId(scope: string, type: string, names: readonly string[]): string {
  const [namespace, ...kinds] = type.split("/");
  const all = names.flatMap((name) => name.split("/"));
  if (all.length !== kinds.length)
    throw invalid(`the type '${type}' requires '${kinds.length}' resource name segment(s), but '${all.join("/")}' has ${all.length}`);
  // A group's id has no provider in it.
  if (type.toLowerCase() === "microsoft.resources/resourcegroups")
    return `${scope.split("/").slice(0, 3).join("/")}/resourceGroups/${all[0]}`;
  return `${scope}/providers/${namespace}/${kinds.map((kind, index) => `${kind}/${all[index]}`).join("/")}`;
}
