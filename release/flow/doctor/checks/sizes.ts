// Does the region offer the sizes of machines, for what they are to do?
import { type Check, fail, ok } from "../check.ts";
import { machinesOf, sizesOf } from "../machines.ts";

export const sizes: Check = {
  name: "sizes",
  stacks: ["dev", "auto", "qa", "prod"],
  async run(subject) {
    const [machines, offered, { location }] = await Promise.all([machinesOf(subject), sizesOf(subject), subject.place()]);
    const findings = machines.flatMap(({ what, size, use, setting }) => {
      const found = offered.find(({ name }) => name.toLowerCase() === size.toLowerCase());
      // Azure calls managed endpoints by the name of the service that runs them.
      const kind = use === "endpoint" ? "MIR" : "AmlCompute";
      if (found && (found.supportedComputeTypes ?? [kind]).includes(kind)) return [];
      const others = offered.filter(
        ({ supportedComputeTypes, family }) => supportedComputeTypes?.includes(kind) && (!found || family === found.family),
      );
      const said = found
        ? `${size} cannot be used for ${use === "endpoint" ? "endpoints" : "clusters"}`
        : `${location} does not offer ${size}`;
      const some = others.slice(0, 4).map(({ name }) => name);
      return [
        fail(
          `${said} (${what})`,
          `Set ${setting} to another size${some.length > 0 ? `, such as ${some.join(", ")}` : ""}, or another azure-mlops:location`,
        ),
      ];
    });
    return findings.length > 0
      ? findings
      : ok(machines.length === 0 ? "no machines yet" : `${location} offers ${[...new Set(machines.map(({ size }) => size))].join(", ")}`);
  },
};
