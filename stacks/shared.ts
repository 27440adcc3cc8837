// The `shared` stack: what all stages share, the ML registry, the history of releases and the key that they are signed with.
import { LogAnalytics, ResourceGroup } from "../components/azure.ts";
import { GroupBudget } from "../components/budget.ts";
import { Diagnostics } from "../components/diagnostics.ts";
import { ModelRegistry } from "../components/modelRegistry.ts";
import { ReleaseTopic } from "../components/notifications/releaseTopic.ts";
import { ReleaseHistory } from "../components/releaseHistory.ts";
import { ReleaseKey } from "../components/releaseKey.ts";
import { historyNames, registryNames, releaseKeyNames, topicNames } from "../settings/names.ts";
import type { SharedSettings } from "../settings/shared.ts";
import { pipelineIdentities } from "./pipelines.ts";
import { currentSubscription } from "./subscription.ts";
import { stackTags } from "./tags.ts";

export async function shared(settings: SharedSettings): Promise<Record<string, unknown>> {
  const { subscriptionId, tenantId, callerId, suffix } = currentSubscription();
  const names = suffix.apply((text) => registryNames(settings, text));
  const tags = stackTags(settings, "shared");
  const group = new ResourceGroup("shared", { resourceGroupName: names.resourceGroup, location: settings.location, tags });
  new GroupBudget("shared", {
    ...{ scope: group.id, resourceGroupName: group.name, tags, budgetName: `budget-${settings.prefix}-shared` },
    ...settings.budget,
  });
  const models = new ModelRegistry("shared", {
    resourceGroupName: group.name,
    registryName: names.registry,
    location: settings.location,
    furtherLocations: settings.registryLocations,
    tags,
  });
  const { containers } = historyNames(settings, "");
  const history = new ReleaseHistory("shared", {
    resourceGroupName: group.name,
    location: settings.location,
    ...{ subscriptionId, tags, containers },
    accountName: suffix.apply((text) => historyNames(settings, text).account),
    seed: `${settings.prefix}-shared`,
    operators: settings.operators ?? { caller: callerId },
    approvers: settings.approvers,
  });
  const signing = new ReleaseKey("shared", {
    resourceGroupName: group.name,
    location: settings.location,
    ...{ subscriptionId, tenantId, tags },
    names: { vault: suffix.apply((text) => releaseKeyNames(settings, text).vault), key: releaseKeyNames(settings, "").key },
    seed: `${settings.prefix}-shared`,
    signers: settings.operators ?? { caller: callerId },
    verifiers: settings.approvers,
    purgeProtection: settings.purgeProtection,
  });
  const logs = new LogAnalytics("shared-logs", {
    ...{ resourceGroupName: group.name, location: settings.location, tags },
    workspaceName: `log-${settings.prefix}-shared`,
    sku: { name: "PerGB2018" },
    retentionInDays: settings.diagnostics.retentionDays ?? 90,
  });
  const { alsoTo, logs: groups } = settings.diagnostics;
  const diagnostics = new Diagnostics("shared", {
    ...{ logsId: logs.id, storageId: history.nodes.storage.id, vaultId: signing.vaultId, logs: groups },
    ...(alsoTo === undefined ? {} : { alsoTo }),
  });
  const events = new ReleaseTopic("shared", {
    resourceGroupName: group.name,
    location: settings.location,
    ...{ subscriptionId, tags },
    topicName: suffix.apply((text) => topicNames(settings, text).topic),
    seed: `${settings.prefix}-shared`,
    senders: settings.operators ? [...settings.operators, ...settings.approvers] : { caller: callerId },
  });
  const identities =
    settings.pipelines &&
    pipelineIdentities(settings, settings.pipelines, {
      ...{ subscriptionId, suffix },
      registryId: models.nodes.registry.id,
      releasesId: history.nodes.releases.id,
      approvalsId: history.nodes.approvals.id,
      topicId: events.topicId,
      releaseVaultId: signing.vaultId,
      pipelinesApprove: settings.approvers.length === 0,
    });
  if (settings.locks) {
    const { StateLocks } = await import("../components/stateLocks.ts");
    // Last here and so first to go: see stacks/stage.ts.
    const scopes = { logs: logs.id, history: history.nodes.storage.id, vault: signing.vaultId };
    new StateLocks("shared", { scopes }, { dependsOn: [history, signing, diagnostics, ...Object.values(identities ?? {})] });
  }
  return {
    ...(identities
      ? { pipelineClientIds: Object.fromEntries(Object.entries(identities).map(([name, { clientId }]) => [name, clientId])) }
      : {}),
    location: settings.location,
    registryName: names.registry,
    registryResourceGroupName: names.resourceGroup,
    historyAccount: suffix.apply((text) => historyNames(settings, text).account),
    historyContainer: containers.releases,
    approvalsContainer: containers.approvals,
    releaseKeyId: signing.keyId,
    eventsEndpoint: events.endpoint,
  };
}
