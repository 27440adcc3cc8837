// Does the registry answer that the stage takes its models from, also for the stage's region?
import { connectRegistry } from "../../../../azure/models.ts";
import { registryId } from "../../../../azure/ids.ts";
import { type Check, fail, ok, warn } from "../check.ts";

export const registry: Check = {
  name: "registry",
  stacks: ["dev", "auto", "qa", "prod"],
  async run(subject) {
    const [{ azure }, settings, { names, location }] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
    const needed = settings.kind !== "shared" && settings.modelFrom === "registry" && settings.modelVersion !== undefined;
    const id = registryId(azure.subscriptionId, names.registryGroup, names.registry);
    const found = await azure.find<{ properties: { regionDetails?: { location: string }[]; provisioningState?: string } }>(id, {
      apiVersion: "2024-10-01",
      signal: subject.signal,
    });
    if (!found) {
      const said = `there is no registry ${names.registry}`;
      return needed
        ? fail(`${said}, and the stage takes its models from it`, "pulumi up --stack shared")
        : warn(`${said}; releases go through one`, "pulumi up --stack shared");
    }
    const regions = (found.properties.regionDetails ?? []).map((one) => one.location.toLowerCase().replaceAll(" ", ""));
    if (!regions.includes(location))
      return fail(
        `the registry ${names.registry} is in ${regions.join(", ")}, the stage in ${location}; it cannot use the registry's assets there`,
        `pulumi config set --path 'azure-mlops:registryLocations[${regions.length - 1}]' ${location} --stack shared, then pulumi up --stack shared`,
      );
    try {
      await connectRegistry(azure, id, subject.signal);
    } catch (error) {
      return fail(
        `the registry ${names.registry} cannot be reached: ${(error as Error).message}`,
        "Look at its network settings (private endpoint, firewall of this machine) and at the state of Azure in its region.",
      );
    }
    return ok(`${names.registry} answers, in ${regions.join(", ")}`);
  },
};
