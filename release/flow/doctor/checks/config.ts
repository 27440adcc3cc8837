// Does the stack's config fit its schema, and can the files that it deploys be read?
import { type Check, fail, ok } from "../check.ts";
import { deploymentMachines } from "../../machines.ts";

export const config: Check = {
  name: "config",
  async run(subject) {
    const { stage, repo } = subject;
    try {
      const { made } = await subject.config();
      const settings = await subject.trySettings();
      if (settings.kind !== "shared") {
        const read = await deploymentMachines(repo, settings.project, settings.deploymentSet, settings.variant);
        if (typeof read === "string" && settings.modelVersion !== undefined) return fail(read, "npx mlops render FILE shows what is read.");
      }
      return ok(made ? `Pulumi.${stage}.yaml fits` : `Pulumi.${stage}.yaml fits; the stack itself is made by the first up`);
    } catch (error) {
      return fail((error as Error).message, "The message names the command for each setting.");
    }
  },
};
