// What is closed to the internet is open to somebody: through a private endpoint; and nothing of it calls out but where it may.
import type { Finding, StackRule, StackSubject } from "../rule.ts";
import { at } from "../rule.ts";

/** Type → where it says that it is closed. */
const closable: Readonly<Record<string, string>> = {
  "azure-native:machinelearningservices:Workspace": "publicNetworkAccess",
  "azure-native:storage:StorageAccount": "publicNetworkAccess",
  "azure-native:keyvault:Vault": "properties.publicNetworkAccess",
  "azure-native:containerregistry:Registry": "publicNetworkAccess",
};
const workspaceType = "azure-native:machinelearningservices:Workspace";

const isClosed = ({ type, props }: StackSubject): boolean => {
  const path = closable[type];
  return path !== undefined && String(at(props, path)).toLowerCase() === "disabled";
};

export const privateNetwork: StackRule = {
  name: "private-network",
  description: "what has no public access has a private endpoint, and a closed workspace's jobs reach only approved places",
  checkStack(resources) {
    const linked = new Set(
      resources
        .filter(({ type }) => type === "azure-native:network:PrivateEndpoint")
        .flatMap(({ from }) => from["privateLinkServiceConnections"] ?? []),
    );
    const closed = resources.filter(isClosed);
    const someClosedWorkspace = closed.some(({ type }) => type === workspaceType);
    const unreachable = closed
      .filter(({ urn }) => !linked.has(urn))
      .map(({ urn }): Finding => ({
        urn,
        problem: "it has no public access and no private endpoint, so that nobody reaches it",
        fix: "link it in stacks/private.ts, as the others are",
      }));
    const open = resources
      .filter((one) => someClosedWorkspace && one.type in closable && !isClosed(one))
      .map((one): Finding => ({
        urn: one.urn,
        problem: `${closable[one.type]} is not "Disabled", and the workspace beside it is closed`,
        fix: "close it: the workspace's data, secrets and images are in it",
      }));
    const wandering = closed
      .filter(({ type, props }) => type === workspaceType && at(props, "managedNetwork.isolationMode") !== "AllowOnlyApprovedOutbound")
      .map(({ urn, props }): Finding => ({
        urn,
        problem: `managedNetwork.isolationMode is ${JSON.stringify(at(props, "managedNetwork.isolationMode") ?? null)}; it must be "AllowOnlyApprovedOutbound"`,
        fix: "remove the override of managedNetwork",
      }));
    return [...unreachable, ...open, ...wandering];
  },
};
