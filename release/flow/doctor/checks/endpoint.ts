// Is the endpoint's name free in its region? Nobody can ask Azure about other subscriptions' endpoints; the own one's are all listed.
import { type Check, fail, ok } from "../check.ts";

const type = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints";

export const endpoint: Check = {
  name: "endpoint",
  stacks: ["dev", "auto", "qa", "prod"],
  async run(subject) {
    const [{ azure }, settings, { names, groupId, location }] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
    const name = (settings.kind === "shared" ? undefined : settings.endpointName) ?? names.endpoint;
    const own = `${groupId}/providers/Microsoft.MachineLearningServices/workspaces/${names.workspace}/onlineEndpoints/${name}`;
    const path = `/subscriptions/${azure.subscriptionId}/resources`;
    const options = { apiVersion: "2021-04-01", query: { $filter: `resourceType eq '${type}'` }, signal: subject.signal };
    for await (const { id, location: where } of azure.list<{ id: string; location?: string }>(path, options)) {
      const same = id.split("/").at(-1)!.toLowerCase() === name.toLowerCase() && where?.replaceAll(" ", "").toLowerCase() === location;
      if (!same) continue;
      if (id.toLowerCase() === own.toLowerCase()) return ok(`${name} is the stage's own`);
      return fail(
        `${location} has an endpoint ${name} already: ${id}`,
        `pulumi config set azure-mlops:endpointName NAME --stack ${subject.stage}, or delete the other one`,
      );
    }
    const chosen = settings.kind !== "shared" && settings.endpointName !== undefined;
    return ok(
      `${name} is free in this subscription${chosen ? "; whether others have it, only the region knows" : " and ends with its number"}`,
    );
  },
};
