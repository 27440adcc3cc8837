// Are the resource providers registered in the subscription? Azure makes nothing of one that is not.
import { type Check, fail, ok, warn } from "../check.ts";
import type { Settings } from "../subject.ts";

const always = ["Microsoft.MachineLearningServices"] as const;
const ofWorkspace = [
  ...["Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.ContainerRegistry", "Microsoft.OperationalInsights", "Microsoft.Insights"],
  "Microsoft.ManagedIdentity",
];

function namespaces(settings: Settings): string[] {
  if (settings.kind === "auto") return [...always];
  if (settings.kind === "shared")
    return [
      ...always,
      ...["Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.OperationalInsights", "Microsoft.Insights", "Microsoft.EventGrid"],
    ];
  const channels = Object.values(settings.notifications);
  const told = settings.trigger !== undefined || channels.length > 0;
  return [
    ...always,
    ...ofWorkspace,
    ...(settings.network === "private" ? ["Microsoft.Network"] : []),
    ...(told ? ["Microsoft.EventGrid", "Microsoft.Logic"] : []),
    ...(channels.some(({ kind }) => kind === "mail") ? ["Microsoft.Web"] : []),
  ];
}

export const providers: Check = {
  name: "providers",
  async run(subject) {
    const [{ azure }, settings] = await Promise.all([subject.login(), subject.settings()]);
    const states = await Promise.all(
      namespaces(settings).map(async (namespace) => {
        const found = await azure.get<{ registrationState: string }>(`/subscriptions/${azure.subscriptionId}/providers/${namespace}`, {
          apiVersion: "2021-04-01",
          signal: subject.signal,
        });
        return { namespace, state: found.registrationState };
      }),
    );
    const bad = states.filter(({ state }) => state !== "Registered");
    if (bad.length === 0) return ok(`${states.length} registered`);
    return bad.map(({ namespace, state }) =>
      state === "Registering"
        ? warn(`${namespace} is still registering`, `az provider show --namespace ${namespace} --query registrationState`)
        : fail(`${namespace} is ${state} in this subscription`, `az provider register --namespace ${namespace} --wait`),
    );
  },
};
