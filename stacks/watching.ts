// What watches a stage's endpoint: the collection of its data, its monitor, its alerts. Each is there when the settings say so.
import { interpolate, output } from "@pulumi/pulumi";
import type { Input, Output, Resource } from "@pulumi/pulumi";
import type { AssetSource } from "../components/assetBody.ts";
import { CollectedRetention } from "../components/monitoring/collectedRetention.ts";
import { DataAsset } from "../components/dataAsset.ts";
import { EndpointAlerts } from "../components/monitoring/endpointAlerts.ts";
import { ModelMonitor } from "../components/monitoring/modelMonitor.ts";
import type { Workspace } from "../components/workspace.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { Served } from "./serving.ts";
import type { WatchingFiles } from "./watchingFiles.ts";

export interface WatchingPlace {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly workspace: Workspace;
  readonly source: AssetSource;
  readonly dependsOn: readonly Resource[];
  /** What it makes below the workspace's own resources is added here. */
  readonly below: Resource[];
}

/** Returns the stack's outputs about it. */
export function watch(
  files: WatchingFiles,
  settings: StageSettings,
  served: Served | undefined,
  place: WatchingPlace,
): Record<string, Input<string>> {
  const { stage: name, collect, monitor, alerts, prefix } = settings;
  const { workspace, resourceGroupName, source, dependsOn } = place;
  if (collect.enabled) {
    const { storage, workspace: ml } = workspace.nodes;
    const retention = new CollectedRetention(name, {
      resourceGroupName,
      storageName: storage.name,
      workspaceGuid: ml.workspaceId,
      days: collect.retentionDays,
    });
    place.below.push(retention);
  }
  for (const asset of files.references) new DataAsset(`${name}-${asset.name}`, { asset, source, dependsOn });
  if (!served) return {};
  const { endpoint, live } = served;
  const deploymentIds = Object.fromEntries(Object.entries(endpoint.nodes.deployments).map(([slot, one]) => [slot, one.id]));
  const after = { dependsOn: [endpoint] };
  if (alerts.enabled) {
    const { emails, webhooks, enabled: _enabled, ...limits } = alerts;
    new EndpointAlerts(
      name,
      {
        ...{ resourceGroupName, location: place.location, tags: place.tags, prefix: `${prefix}-${name}`, limits, emails, webhooks },
        ...{ workspaceId: workspace.workspaceId, endpointId: endpoint.nodes.endpoint.id, deploymentIds },
      },
      after,
    );
  }
  if (!files.monitor || !monitor.enabled) return {};
  const truth = monitor.groundTruth;
  const made = new ModelMonitor(
    name,
    {
      ...{ workspaceId: workspace.workspaceId, asset: files.monitor, source, emails: monitor.emails },
      deploymentId: deploymentIds[live]!,
      collected: endpoint.collected[live] ?? {},
      ...(truth ? { groundTruth: { ...truth, data: dataId(workspace.workspaceId, truth.data) } } : {}),
    },
    after,
  );
  return { monitorName: output(made.monitorName) };
}

/** `azureml:truth:1` → the id of that version in the workspace; a label stays as it is written. */
function dataId(workspaceId: Output<string>, reference: string): Input<string> {
  const [, data, version] = /^azureml:([^:@]+):(.+)$/.exec(reference) ?? [];
  return data ? interpolate`${workspaceId}/data/${data}/versions/${version}` : reference;
}
