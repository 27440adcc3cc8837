// The managed virtual network of a workspace (API 2024-10-01): its isolation mode and outbound rules. Kept and checked; what a job's process
// connects to is not held to them, since it runs on this machine.
// https://learn.microsoft.com/azure/machine-learning/how-to-managed-network
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType } from "../core.ts";
import { linkGroupsOf } from "../network/groups.ts";
import { proxy } from "./shapes.ts";

const category = z.enum(["Required", "Recommended", "UserDefined", "Dependency"]).nullish();
const rule = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("FQDN"), category, destination: z.string().min(1) }),
  z.looseObject({
    type: z.literal("PrivateEndpoint"),
    category,
    destination: z.looseObject({ serviceResourceId: z.string(), subresourceTarget: z.string(), sparkEnabled: z.boolean().nullish() }),
  }),
  z.looseObject({
    type: z.literal("ServiceTag"),
    category,
    destination: z.looseObject({ serviceTag: z.string().nullish(), protocol: z.string().nullish(), portRanges: z.string().nullish() }),
  }),
]);

export const managedNetwork = z.looseObject({
  isolationMode: z.enum(["Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"]).nullish(),
  outboundRules: z.record(z.string(), rule).nullish(),
  firewallSku: z.enum(["Standard", "Basic"]).nullish(),
});

type Network = z.infer<typeof managedNetwork>;

const modeOf = (workspace: ArmResource | undefined): string =>
  (workspace?.properties["managedNetwork"] as Network | null | undefined)?.isolationMode ?? "Disabled";

/** Once there, a managed network stays. @throws ArmError 400 */
export function checkIsolation(before: ArmResource | undefined, after: ArmResource): void {
  const was = modeOf(before);
  const is = modeOf(after);
  if (was === "Disabled" || is !== "Disabled") return;
  throw new ArmError(
    400,
    "ValidationError",
    `The isolation mode of the managed network of workspace '${after.name}' is '${was}'; it cannot be changed to 'Disabled'.`,
    { target: "properties.managedNetwork.isolationMode" },
  );
}

/** As Azure shows it. The network itself comes into being with the first compute. */
export const filledNetwork = (given: unknown): Record<string, unknown> => ({
  isolationMode: "Disabled",
  status: { status: "Inactive", sparkReady: false },
  outboundRules: {},
  ...(given as Network | undefined),
});

const ruleBody = proxy(rule);

export const outboundRules: ResourceType<z.infer<typeof ruleBody>> = {
  type: "Microsoft.MachineLearningServices/workspaces/outboundRules",
  putStatus: 200,
  body: ruleBody,
  check({ after }, sandbox) {
    const parent = sandbox.resources.get(after.id.slice(0, after.id.toLowerCase().lastIndexOf("/outboundrules/")));
    if (modeOf(parent) === "Disabled")
      throw new ArmError(
        400,
        "ValidationError",
        `Workspace '${parent?.name}' has no managed network; set managedNetwork.isolationMode first.`,
      );
    const { type, destination } = after.properties as z.infer<typeof rule>;
    if (type === "FQDN" && modeOf(parent) !== "AllowOnlyApprovedOutbound")
      throw new ArmError(400, "ValidationError", "FQDN outbound rules take the isolation mode AllowOnlyApprovedOutbound.");
    if (type !== "PrivateEndpoint") return;
    const target = sandbox.resources.get(destination.serviceResourceId);
    if (!target || !linkGroupsOf(target.type)?.includes(destination.subresourceTarget))
      throw new ArmError(
        400,
        "ValidationError",
        `Outbound rule '${after.name}': '${destination.serviceResourceId}' was not found, or has no sub-resource '${destination.subresourceTarget}'.`,
      );
  },
  fill: ({ after }) => ({ ...after, properties: { category: "UserDefined", status: "Active", ...after.properties } }),
};
