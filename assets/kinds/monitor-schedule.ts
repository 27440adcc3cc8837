// Model monitors (`az ml schedule` with `create_monitor`).
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-monitor; REST Schedule 2023-06-01-preview.
import { anyDict } from "../common/asset-fields.ts";
import { versioned } from "../common/marks.ts";
import { trigger, triggerBody, usualWindow } from "../common/trigger.ts";
import { signal, signalBody } from "../monitor/signals.ts";
import { requireData, usualLanguageSignals, usualSignals, type Signals } from "../monitor/usual.ts";
import { armVersioned } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { bool, oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const fields = {
  name: required(str),
  display_name: str,
  description: str,
  tags: anyDict,
  properties: anyDict,
  is_enabled: readOnly(bool),
  trigger: required(trigger),
  create_monitor: required(
    object({
      compute: required(object({ instance_type: required(str), runtime_version: required(oneOf(["3.4", "3.5"])) })),
      monitoring_target: object({
        ml_task: oneOf(["classification", "regression", "questionanswering"]),
        endpoint_deployment_id: str,
        model_id: armVersioned("model"),
      }),
      monitoring_signals: dict(signal),
      alert_notification: union(object({ emails: list(str) }), oneOf(["azmonitoring"])),
    }),
  ),
} as const;
type MonitorEntity = Entity<typeof fields>;

export const monitorSchedule = defineKind<MonitorEntity>({
  kind: "monitorSchedule",
  noun: "schedule",
  field: object(fields, { pathAware: true }),
  build: buildMonitor,
});

function buildMonitor(entity: MonitorEntity, build: Build): Draft {
  const { compute, monitoring_target: target, alert_notification: alert } = entity.create_monitor;
  const window = usualWindow(entity.trigger);
  checkDeployment(target?.endpoint_deployment_id, build);
  const monitorDefinition = {
    computeConfiguration: {
      computeType: "ServerlessSpark",
      computeIdentity: { computeIdentityType: "AmlToken" },
      instanceType: compute.instance_type,
      runtimeVersion: compute.runtime_version,
    },
    monitoringTarget: target && {
      taskType: target.ml_task ?? "classification",
      deploymentId: target.endpoint_deployment_id?.replace(/^azureml:(?=\/)/, ""),
      modelId: target.model_id && versioned("model", target.model_id, build, ["create_monitor", "monitoring_target", "model_id"]),
    },
    signals: Object.fromEntries(
      Object.entries(signalsOf(entity, build)).map(([name, one]) => [
        name,
        signalBody(one, window, build, ["create_monitor", "monitoring_signals", name]),
      ]),
    ),
    alertNotificationSetting:
      alert === undefined
        ? undefined
        : typeof alert === "string"
          ? { alertNotificationType: "AzureMonitor" }
          : {
              alertNotificationType: "Email",
              emailNotificationSetting: { emails: alert.emails ?? [], emailOn: ["JobFailed", "JobCompleted"] },
            },
  };
  return {
    name: entity.name,
    version: null,
    body: {
      properties: {
        ...{
          displayName: entity.display_name,
          description: entity.description,
          tags: entity.tags ?? {},
          properties: entity.properties ?? {},
        },
        action: { actionType: "CreateMonitor", monitorDefinition },
        trigger: triggerBody(entity.trigger),
      },
    },
  };
}

const DEPLOYMENT = /^(\/subscriptions\/.*\/onlineEndpoints\/[^/]+\/deployments\/[^/]+|[^:]*:[^:]*)$/i;

function checkDeployment(id: string | undefined, build: Build): void {
  if (!id || DEPLOYMENT.test(id.replace(/^azureml:/, ""))) return;
  const path = ["create_monitor", "monitoring_target", "endpoint_deployment_id"];
  build.problem(path, "must name an endpoint and a deployment", "write azureml:<endpoint>:<deployment>", id);
}

/** The signals of the file; without any, the SDK's own on what the deployment collects. */
function signalsOf({ create_monitor: { monitoring_target: target, monitoring_signals: given } }: MonitorEntity, build: Build): Signals {
  const path = ["create_monitor", "monitoring_signals"];
  const signals = given as unknown as Signals | undefined;
  const collected = Boolean(target?.endpoint_deployment_id);
  if (!signals || Object.keys(signals).length === 0) {
    if (!collected)
      build.problem(
        path,
        "a monitor needs signals, or a deployment that collects its data",
        "add `monitoring_signals:`, or `monitoring_target: {endpoint_deployment_id: azureml:<endpoint>:<deployment>}`",
      );
    return target?.ml_task === "questionanswering" ? usualLanguageSignals : usualSignals;
  }
  if (!collected) for (const [name, one] of Object.entries(signals)) requireData(one, build, [...path, name]);
  return signals;
}
