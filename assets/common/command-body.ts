// The parts of a command in a request: camelCase in jobs, snake_case in the nodes of a pipeline.
import type { Distribution, JobIdentity, QueueSettings, Resources, Service } from "./command-fields.ts";
import { isoSeconds } from "./duration.ts";
import { isMap, put, type Yaml } from "../yaml/value.ts";

type Json = Record<string, unknown>;
const TYPES: Record<string, string> = { pytorch: "PyTorch", tensorflow: "TensorFlow", mpi: "Mpi", ray: "Ray" };

export function distributionBody(value: Distribution | undefined): Json | null {
  if (!value) return null;
  const { type, ...rest } = value as Json & { type: string };
  const body: Json = { distributionType: TYPES[type] };
  if (type === "tensorflow") body.parameterServerCount = 0;
  for (const [key, item] of Object.entries(rest)) body[camel(key)] = item;
  return body;
}

// Resource properties that Azure knows by one spelling.
const SPELLING: Record<string, string> = {
  aisupercomputer: "AISuperComputer",
  singularity: "AISuperComputer",
  itp: "itp",
  target: "target",
};

export function resourcesBody(value: Resources | undefined): Json | null {
  if (!value) return null;
  const list = Array.isArray(value.docker_args) && value.docker_args.length > 0;
  const body: Json = {
    instanceCount: value.instance_count,
    instanceType: value.instance_type,
    properties: resourceProperties(value.properties),
    shmSize: value.shm_size,
  };
  // With a list of arguments the SDK sends neither locations nor a maximum.
  if (list) return { ...body, dockerArgsList: value.docker_args };
  return { ...body, dockerArgs: value.docker_args, locations: value.locations, maxInstanceCount: value.max_instance_count };
}

export function resourceProperties(value: Record<string, Yaml> | undefined): Json {
  const body: Json = {};
  for (const [key, item] of Object.entries(value ?? {}))
    if (item !== null) put(body, SPELLING[key.toLowerCase()] ?? key, withoutNulls(item));
  return body;
}

const withoutNulls = (value: Yaml): unknown =>
  isMap(value) ? new Map([...value].filter(([, item]) => item !== null).map(([key, item]) => [key, withoutNulls(item) as Yaml])) : value;

export function queueBody(value: QueueSettings | undefined): Json | null {
  if (!value) return null;
  const tier = value.job_tier;
  return {
    jobTier: tier ? tier.charAt(0).toUpperCase() + tier.slice(1).toLowerCase() : null,
    priority: value.priority ? { low: 1, medium: 2, high: 3 }[value.priority] : null,
  };
}

export function identityBody(value: JobIdentity | undefined): Json | null {
  if (!value) return null;
  if (value.type.startsWith("managed")) return { identityType: "Managed", clientId: value.client_id, objectId: value.object_id };
  return { identityType: value.type === "user_identity" ? "UserIdentity" : "AMLToken" };
}

const SERVICES: Record<string, string> = { ssh: "SSH", tensor_board: "TensorBoard", vs_code: "VSCode", jupyter_lab: "JupyterLab" };

export function servicesBody(value: Record<string, Service> | undefined): Json | null {
  if (!value) return null;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, serviceBody(item)]));
}

function serviceBody(value: Service): Json {
  const kind = serviceKind(value);
  const own = kind === "ssh" ? { sshPublicKeys: value.ssh_public_keys } : kind === "tensor_board" ? { logDir: value.log_dir } : {};
  const extra = Object.fromEntries(Object.entries(own).filter(([, item]) => item));
  const properties = value.properties || Object.keys(extra).length ? { ...value.properties, ...extra } : null;
  return { jobServiceType: SERVICES[kind] ?? null, nodes: value.nodes ? { nodesValueType: "All" } : null, port: value.port, properties };
}

// Without a type the first schema that fits decides, which is that of ssh; one with `log_dir` is TensorBoard's.
function serviceKind(value: Service): string {
  if (value.type === undefined) return value.log_dir === undefined ? "ssh" : "tensor_board";
  return value.type.toLowerCase();
}

export const limitsBody = (value: { timeout?: number | bigint | string } | undefined): Json | null =>
  value ? { jobLimitsType: "Command", timeout: isoSeconds(value.timeout) } : null;

/** The distribution of a pipeline's node: the SDK knows Ray's settings by their request names only. */
export function nodeDistribution(value: Distribution | undefined): Json | null {
  const body = distributionBody(value);
  if (!body || value?.type !== "ray") return snakeKeys(body);
  const { distributionType, ...rest } = body;
  return { distribution_type: distributionType, ...rest };
}

/** The resources of a pipeline's node, in which the SDK leaves one name as the request has it. */
export function nodeResources(value: Resources | undefined): Json | null {
  const body = resourcesBody(value);
  if (!body) return null;
  const { maxInstanceCount, ...rest } = body;
  return { ...snakeKeys(rest), maxInstanceCount };
}

/** instanceCount → instance_count, for the nodes of a pipeline; leaves what is inside user-named keys alone. */
export function snakeKeys(value: Json | null, deep: readonly string[] = []): Json | null {
  if (!value) return null;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      snake(key),
      deep.includes(key) && item !== null && typeof item === "object" ? snakeKeys(item as Json) : item,
    ]),
  );
}

const snake = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (text: string): string => text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
