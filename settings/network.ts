// Settings of a stage's network: who can reach it.
import { z } from "zod";

const ipv4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(1[6-9]|2[0-7])$/;

/** True for a range whose address has no bits beyond its length. */
function aligned(cidr: string): boolean {
  const [address = "", bits] = cidr.split("/");
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) % 2 ** (32 - Number(bits)) === 0;
}

const networkId = z
  .string()
  .regex(
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+$/i,
    "must be the resource id of a virtual network",
  );

export const network = {
  /**
   * `public`: reached from the internet, with sign-in. `private`: from its virtual network alone, through private endpoints; jobs and
   * builds run in the workspace's managed network. Default: private in prod, public elsewhere.
   */
  network: z.enum(["public", "private"], "must be public or private").optional(),
  /** Where the private endpoints are, and what may leave. Needs `network: private`. */
  virtualNetwork: z
    .strictObject({
      /** Of the stage's own network: half for private endpoints, half for the machines that deploy. */
      addressSpace: z
        .string()
        .regex(ipv4, "must be an IPv4 range of /16 to /27, such as 10.40.0.0/24")
        .refine(aligned, "must begin at its own first address, such as 10.40.0.0/24")
        .default("10.40.0.0/24"),
      /** Networks that may reach it (a hub, the runners' network); each needs its own half of the peering. */
      peers: z.array(networkId).default([]),
      /** A subnet that somebody else keeps, instead of a network of the stage's own. */
      subnetId: z
        .string()
        .regex(/\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i, "must be the resource id of a subnet")
        .optional(),
      /** `own`: private DNS zones in the stage's resource group. `none`: whoever keeps the network writes the records. */
      dns: z.enum(["own", "none"], "must be own or none").default("own"),
      /** Host names that jobs and builds may reach besides what Azure ML itself needs. */
      outbound: z
        .array(z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/i, "must be a host name, such as pypi.org or *.pypi.org"))
        .default(["pypi.org", "*.pypi.org", "*.pythonhosted.org", "anaconda.com", "*.anaconda.com", "*.anaconda.org"]),
    })
    .optional(),
};

interface Reach {
  readonly publicAccess?: boolean | undefined;
  readonly network?: "public" | "private" | undefined;
  readonly virtualNetwork?: object | undefined;
}

/** `public` or `private`, from both settings that can say it. */
export const networkOf = ({ network: given, publicAccess }: Reach, usual: "public" | "private"): "public" | "private" =>
  given ?? (publicAccess === undefined ? usual : publicAccess ? "public" : "private");

/** Adds an issue for each contradiction. */
export function networkRules(settings: Reach, usual: "public" | "private", context: z.core.$RefinementCtx): void {
  const issue = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message, input: settings });
  const is = networkOf(settings, usual);
  if (settings.publicAccess !== undefined && settings.publicAccess !== (is === "public"))
    issue("publicAccess", `is ${settings.publicAccess}, but network is ${is}; remove publicAccess`);
  if (settings.virtualNetwork && is === "public") issue("virtualNetwork", "needs network: private; set it, or remove virtualNetwork");
}
