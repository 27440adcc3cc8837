// Fields of everything that runs a command: jobs, components, pipeline nodes.
import { anyDict } from "./asset-fields.ts";
import { environmentField } from "./environment-field.ts";
import { code } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required, nullable } from "../schema/field.ts";
import { any, bool, camelToSnake, exactly, int, num, oneOf, str } from "../schema/scalars.ts";

const process = { process_count_per_instance: int } as const;
const pytorch = { type: required(oneOf(["pytorch"])), ...process } as const;
const tensorflow = { type: required(oneOf(["tensorflow"])), parameter_server_count: int, worker_count: int } as const;
const mpi = { type: required(oneOf(["mpi"])), ...process } as const;
const ray = {
  type: required(oneOf(["ray"])),
  port: int,
  address: str,
  include_dashboard: bool,
  dashboard_port: int,
  head_node_additional_args: str,
  worker_node_additional_args: str,
} as const;

/** How processes are spread. */
export const distribution = union(object(pytorch), object(tensorflow), object(mpi), object(ray));
/** The same in a component, where unknown keys pass. */
export const componentDistribution = union(
  object(mpi, { unknown: "drop" }),
  object(tensorflow, { unknown: "drop" }),
  object(pytorch, { unknown: "drop" }),
  object(ray, { unknown: "drop" }),
);
export type Distribution = Entity<typeof pytorch> | Entity<typeof tensorflow> | Entity<typeof mpi> | Entity<typeof ray>;

const resourceFields = {
  instance_count: int,
  instance_type: str,
  properties: dict(nullable(any), str),
  locations: list(str),
  shm_size: str,
  max_instance_count: int,
  docker_args: union(str, list(str)),
} as const;
export const resources = object(resourceFields);
export const componentResources = object(resourceFields, { unknown: "drop" });
export type Resources = Entity<typeof resourceFields>;

export const queueSettings = object({
  job_tier: oneOf(["spot", "basic", "standard", "premium", "null"]),
  priority: oneOf(["low", "medium", "high"]),
});
export type QueueSettings = { job_tier?: string; priority?: string };

/** The identity a job runs under. */
export const jobIdentity = union(
  object({ type: required(oneOf(["managed", "managed_identity"], { transform: camelToSnake })), client_id: str, object_id: str }),
  object({ type: required(oneOf(["aml_token"], { transform: camelToSnake })) }),
  object({ type: required(oneOf(["user_identity"], { transform: camelToSnake })) }),
);
export type JobIdentity = { type: string; client_id?: string; object_id?: string };

const serviceFields = {
  port: int,
  endpoint: readOnly(str),
  status: readOnly(str),
  nodes: exactly(["all"]),
  error_message: readOnly(str),
  properties: anyDict,
} as const;
const service = (type: string, more = {}) =>
  object({ ...serviceFields, type: oneOf([type], { original: true }), ...more }, { pathAware: true });
/** Interactive services of a job (`ssh`, `tensor_board`, …). */
export const services = dict(
  union(
    service("ssh", { ssh_public_keys: str }),
    service("tensor_board", { log_dir: str }),
    service("vs_code"),
    service("jupyter_lab"),
    object({ ...serviceFields, type: str }, { pathAware: true }),
  ),
);
export type Service = {
  type?: string;
  port?: number;
  nodes?: string;
  properties?: Record<string, unknown>;
  ssh_public_keys?: string;
  log_dir?: string;
};

export const limits = object({ timeout: int });

const literal = union(str, bool, int, num);
export const environmentVariables = union(dict(), object({ value: literal }));

/** What a command needs. */
export const commandFields = {
  command: required(str),
  code,
  environment: required(environmentField),
  environment_variables: environmentVariables,
  resources,
  distribution,
  queue_settings: queueSettings,
} as const;

/** What all jobs have. */
export const jobFields = {
  creation_context: readOnly(any),
  services,
  name: str,
  id: readOnly(any),
  display_name: str,
  tags: dict(nullable(str)),
  status: readOnly(any),
  experiment_name: str,
  properties: dict(nullable(str)),
  description: str,
  log_files: readOnly(any),
  identity: jobIdentity,
} as const;
