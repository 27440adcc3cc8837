// Compute instances (`az ml compute`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-compute-instance
import { anyDict } from "../common/asset-fields.ts";
import { pascal } from "../common/identity.ts";
import { list, object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, int, oneOf, str } from "../schema/scalars.ts";
import { compute, computeFields, computeIdentity, networkSettings, subnetOf } from "./compute.ts";
import type { Build } from "./kind.ts";

const trigger = { start_time: str, time_zone: str } as const;
const schedule = object({
  trigger: union(
    object({ ...trigger, type: required(oneOf(["cron"])), expression: required(str) }),
    object({
      ...trigger,
      type: required(oneOf(["recurrence"])),
      frequency: required(oneOf(["minute", "hour", "day", "week", "month"])),
      interval: required(int),
      schedule: object({
        week_days: list(oneOf(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"])),
        hours: required(list(int)),
        minutes: required(list(int)),
      }),
    }),
  ),
  action: required(oneOf(["start", "stop"])),
  state: oneOf(["enabled", "disabled"]),
  schedule_id: readOnly(any),
  provisioning_state: readOnly(any),
});
const script = object({ path: str, command: str, timeout_minutes: int });
const application = object({
  name: required(str),
  type: oneOf(["docker"]),
  image: required(object({ reference: required(str) })),
  endpoints: required(list(object({ target: required(int), published: required(int) }))),
  environment_variables: anyDict,
  bind_mounts: list(object({ source: required(str), target: required(str) })),
});

const fields = {
  ...computeFields,
  type: required(oneOf(["computeinstance"])),
  size: str,
  network_settings: networkSettings,
  create_on_behalf_of: object({ user_tenant_id: required(str), user_object_id: required(str) }, { pathAware: true }),
  ssh_settings: object({ admin_username: readOnly(any), ssh_port: readOnly(any), ssh_key_value: str }, { pathAware: true }),
  ssh_public_access_enabled: bool,
  state: readOnly(any),
  last_operation: readOnly(any),
  services: readOnly(any),
  schedules: object({ compute_start_stop: list(schedule) }),
  identity: computeIdentity,
  idle_time_before_shutdown: str,
  idle_time_before_shutdown_minutes: int,
  custom_applications: list(application),
  setup_scripts: object({ creation_script: script, startup_script: script }),
  os_image_metadata: readOnly(any),
  enable_node_public_ip: bool,
  enable_sso: bool,
  enable_root_access: bool,
  release_quota_on_stop: bool,
  enable_os_patching: bool,
} as const;

export type ComputeInstanceEntity = Entity<typeof fields>;

export const computeInstance = compute<ComputeInstanceEntity>("computeInstance", fields, (entity, build) => {
  const ssh = entity.ssh_public_access_enabled !== undefined || entity.ssh_settings !== undefined;
  const open = entity.ssh_public_access_enabled === true;
  return {
    computeType: "ComputeInstance",
    description: entity.description,
    disableLocalAuth: ssh ? !open : true,
    properties: {
      vmSize: entity.size || "STANDARD_DS3_V2",
      subnet: subnetOf(entity.network_settings, build),
      sshSettings: ssh
        ? { sshPublicAccess: open ? "Enabled" : "Disabled", adminPublicKey: entity.ssh_settings?.ssh_key_value || null }
        : null,
      personalComputeInstanceSettings: entity.create_on_behalf_of && {
        assignedUser: { objectId: entity.create_on_behalf_of.user_object_id, tenantId: entity.create_on_behalf_of.user_tenant_id },
      },
      idleTimeBeforeShutdown: entity.idle_time_before_shutdown_minutes
        ? `PT${entity.idle_time_before_shutdown_minutes}M`
        : entity.idle_time_before_shutdown || null,
      enableNodePublicIp: entity.enable_node_public_ip ?? true,
      enableSSO: entity.enable_sso ?? true,
      enableRootAccess: entity.enable_root_access ?? true,
      releaseQuotaOnStop: entity.release_quota_on_stop ?? false,
      enableOSPatching: entity.enable_os_patching ?? false,
      applicationSharingPolicy: "Shared",
      computeInstanceAuthorizationType: "personal",
      schedules: entity.schedules && { computeStartStop: (entity.schedules.compute_start_stop ?? []).map(scheduleBody) },
      setupScripts: entity.setup_scripts && {
        scripts: {
          startupScript: scriptBody(entity.setup_scripts.startup_script),
          creationScript: scriptBody(entity.setup_scripts.creation_script),
        },
      },
      customServices: applications(entity, build),
    },
  };
});

type Schedule = Entity<typeof schedule.fields>;

function scheduleBody(value: Schedule): unknown {
  const { trigger: on } = value;
  const body = { action: value.action, status: value.state ?? "Enabled" };
  if (!on) return body;
  const common = { startTime: on.start_time, timeZone: on.time_zone ?? "UTC", triggerType: pascal(on.type) };
  if (on.type === "cron") return { ...body, triggerType: "Cron", cron: { ...common, expression: on.expression } };
  const { hours = [], minutes = [], week_days: weekDays } = on.schedule ?? {};
  return {
    ...body,
    triggerType: "Recurrence",
    recurrence: { ...common, frequency: on.frequency, interval: on.interval, schedule: { hours, minutes, weekDays } },
  };
}

const scriptBody = (value: { path?: string; command?: string; timeout_minutes?: number | bigint } | undefined): unknown =>
  value && {
    scriptSource: "workspaceStorage",
    scriptData: value.path,
    scriptArguments: value.command,
    timeout: `${value.timeout_minutes ?? "None"}m`,
  };

function applications(entity: ComputeInstanceEntity, build: Build): unknown {
  const list = entity.custom_applications ?? [];
  const names = new Set<string>();
  const ports = new Set<number>();
  for (const [index, item] of list.entries()) {
    if (names.has(item.name))
      build.problem(["custom_applications", index, "name"], "two applications have this name", "rename one", item.name);
    names.add(item.name);
    for (const [place, endpoint] of item.endpoints.entries()) {
      const at = ["custom_applications", index, "endpoints", place];
      for (const key of ["target", "published"] as const) {
        const port = Number(endpoint[key]);
        if (port <= 1025 || port >= 65535) build.problem([...at, key], "must be a port from 1026 to 65534", "choose another port", port);
      }
      if (ports.has(Number(endpoint.published)))
        build.problem([...at, "published"], "two endpoints publish this port", "choose another port", endpoint.published);
      ports.add(Number(endpoint.published));
    }
  }
  if (!list.length) return null;
  return list.map((item) => ({
    name: item.name,
    type: item.type ?? "docker",
    image: { type: "docker", reference: item.image.reference },
    endpoints: item.endpoints.length
      ? item.endpoints.map((endpoint) => ({ name: "connect", target: endpoint.target, published: endpoint.published, protocol: "http" }))
      : null,
    environmentVariables:
      item.environment_variables && Object.keys(item.environment_variables).length
        ? Object.fromEntries(Object.entries(item.environment_variables).map(([key, value]) => [key, { type: "local", value }]))
        : null,
    volumes: item.bind_mounts?.length
      ? item.bind_mounts.map((mount) => ({ type: "bind", readOnly: false, source: mount.source, target: mount.target }))
      : null,
    docker: { privileged: true },
  }));
}
