// Does this machine stand where a private stage answers? What `up` sends after Resource Manager (files, checks of deployments) would be refused.
import { AzureError } from "../../../../azure/errors.ts";
import { storageScope } from "../../../../azure/cloud.ts";
import { type Check, fail, ok } from "../check.ts";

export const network: Check = {
  name: "network",
  stacks: ["dev", "qa", "prod"],
  async run(subject) {
    const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
    if (settings.kind !== "stage" || settings.network === "public") return ok("public: reached from anywhere, with sign-in");
    const id = `${place.groupId}/providers/Microsoft.Storage/storageAccounts/${place.names.storage}`;
    const account = await azure.find<{ properties: { primaryEndpoints: { blob: string } } }>(id, {
      apiVersion: "2023-05-01",
      signal: subject.signal,
    });
    if (!account) return ok("private; the first up makes it");
    try {
      // Whoever comes in is asked for a role only then.
      await azure.request("GET", account.properties.primaryEndpoints.blob, undefined, {
        query: { comp: "list", maxresults: "1" },
        headers: { "x-ms-version": "2023-11-03" },
        scope: storageScope,
        signal: subject.signal,
      });
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      if (error.status === 0 || /AuthorizationFailure/.test(error.message))
        return fail(
          `${settings.stage} is private, and this machine is outside of its network (${error.status === 0 ? "no answer" : "403"} from ${place.names.storage})`,
          "run it on a machine in vnet-… or a peered network (docs/private-network.md); with several networks on it, MLOPS_SOURCE_ADDRESS names the address to connect from",
        );
    }
    return ok("private, and this machine stands inside");
  },
};
