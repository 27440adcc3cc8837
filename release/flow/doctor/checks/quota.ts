// Is there quota for the machines? Azure finds out late, in the middle of a deployment.
import { reservedInstances } from "../../../core/quota.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";
import { machinesOf, sizesOf, usagesOf } from "../machines.ts";

const more = (name: string): string =>
  `Ask for more of "${name}" (portal, Quotas, Machine learning; minutes to days), or use fewer or other machines, or another region`;

export const quota: Check = {
  name: "quota",
  stacks: ["dev", "auto", "qa", "prod"],
  async run(subject) {
    const [machines, offered, cores, { location }] = await Promise.all([
      machinesOf(subject),
      sizesOf(subject),
      usagesOf(subject),
      subject.place(),
    ]);
    const findings = machines.flatMap(({ what, size, count, use, lowPriority }): Finding[] => {
      const found = offered.find(({ name }) => name.toLowerCase() === size.toLowerCase());
      if (!found) return [];
      const instances = use === "endpoint" ? reservedInstances(count) : count;
      const wanted = instances * found.vCPUs;
      const limits = lowPriority ? [cores.totalLowPriority] : [cores.family(found.family), cores.total];
      const short = limits.filter((one) => one !== undefined).toSorted((a, b) => a.free - b.free)[0];
      if (!short || short.free >= wanted) return [];
      const said = `${what} takes ${wanted} cores of ${size} in ${location}${use === "endpoint" ? ` (${count} of it, ${instances} with the 20 % reserve for upgrades)` : ` (${count} nodes)`}; ${Math.max(short.free, 0)} of ${short.limit} are free`;
      // A cluster starts with no node and only grows less far; a deployment does not come up.
      return [use === "endpoint" ? fail(said, more(short.name)) : warn(said, `${more(short.name)}, or lower azure-mlops:compute.maxNodes`)];
    });
    if (findings.length > 0) return findings;
    const free = cores.total
      ? `${cores.total.free} of ${cores.total.limit} cores are free in ${location}`
      : `no regional limit in ${location}`;
    return ok(machines.length === 0 ? free : `enough for ${machines.map(({ what }) => what).join(" and ")}; ${free}`);
  },
};
