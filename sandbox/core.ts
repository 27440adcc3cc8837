// The words the sandbox's rooms share: what a resource is, what a resource type is, and what a type may use while it works.
import type { DatabaseSync } from "node:sqlite";
import type { ContainerClient } from "@azure/storage-blob";
import type { Hono } from "hono";
import type { ZodType } from "zod";
import type { FaultPlan } from "./faults/plan.ts";
import type { Links } from "./network/reach.ts";
import type { Access } from "./rbac/access.ts";

/** A resource as Azure Resource Manager shows it (ARM "resource" common types, v5). */
export interface ArmResource {
  /** `/subscriptions/…/providers/Ns/type/name`, casing as first written; compared without regard to case. */
  id: string;
  name: string;
  /** `Microsoft.MachineLearningServices/workspaces/jobs` */
  type: string;
  location?: string;
  tags?: Record<string, string>;
  kind?: string;
  sku?: Record<string, unknown>;
  identity?: Record<string, unknown>;
  etag?: string;
  systemData?: Record<string, unknown>;
  properties: Record<string, unknown>;
}

/** Stops a request or an operation with an ARM error body: `{"error":{code,message,target,details}}`. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly target: string | undefined;
  readonly details: readonly { code: string; message: string; target?: string }[] | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { target?: string; details?: { code: string; message: string; target?: string }[] } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.target = more.target;
    this.details = more.details;
  }
}

/** What is asked of a type's hooks: the resource before (undefined when new), the one to be written, the caller. */
export interface Change {
  readonly before: ArmResource | undefined;
  readonly after: ArmResource;
  readonly apiVersion: string;
  readonly principalId: string;
}

/**
 * One resource type, as data under the one router. Hooks that are not given mean: the body is kept as it came,
 * the write is synchronous and nothing happens besides.
 */
export interface ResourceType<Body = Record<string, unknown>> {
  /** Full type, `Namespace/type[/child…]`. */
  readonly type: string;
  /** Refuses bad bodies with 400 before anything is kept. */
  readonly body: ZodType<Body>;
  /** Children live under a parent of this type and vanish with it. Default: derived from `type`. */
  readonly parent?: string;
  /**
   * The name is kept `days` after deletion until purged or recovered. A PUT in between is
   * refused with 409 `code`, unless `recovers` says of its body that it brings the old one back.
   */
  readonly softDelete?: {
    readonly days: number | ((resource: ArmResource) => number);
    readonly code?: string;
    readonly message?: (name: string) => string;
    readonly recovers?: (body: Record<string, unknown>) => boolean;
    /** Cannot be purged before its time (purge protection). */
    readonly protected?: (resource: ArmResource) => boolean;
    /** Query parameter of DELETE that leaves nothing to recover; default `forceToPurge`. */
    readonly purgeFlag?: string;
  };
  /**
   * A PUT on an existing one that changes more than description, tags, properties, stage, isArchived is refused (asset
   * versions). Compared after `fill`.
   */
  readonly immutable?: boolean;
  /** Rules across resources (quota, name taken, traffic…): throw ArmError. Runs before anything is kept. */
  check?(change: Change, sandbox: SandboxContext): void | Promise<void>;
  /** Defaults and read-only properties; returns the resource to keep. */
  fill?(change: Change, sandbox: SandboxContext): ArmResource | Promise<ArmResource>;
  /**
   * Long work after the resource is kept with provisioningState Creating/Updating: the PUT answers 201/202 with
   * Azure-AsyncOperation, and the operation ends Succeeded, or Failed with the thrown ArmError. After a restart of
   * the sandbox unfinished work is started again from the kept resource, so it has to be idempotent.
   */
  provision?(resource: ArmResource, sandbox: SandboxContext, signal: AbortSignal): Promise<void | ArmResource>;
  /**
   * Guard and clean-up of DELETE; throw ArmError to refuse. With `cascade` a parent or the resource group goes: then
   * nothing is asked any more, only cleaned up (a refusal is logged and the resource vanishes all the same).
   */
  remove?(resource: ArmResource, sandbox: SandboxContext, cascade?: boolean): void | Promise<void>;
  /**
   * The write has succeeded, whatever it took: what the world is told then (events). Runs in the transaction that keeps the
   * resource as Succeeded, so that neither is there without the other.
   */
  done?(resource: ArmResource, sandbox: SandboxContext, created: boolean): void;
  /** What is shown on GET/LIST, when it depends on the moment (a job's status). */
  show?(resource: ArmResource, sandbox: SandboxContext): ArmResource;
  /** POST …/{action}; the result is `{status?, body?, headers?}`. Promises that take long: set `operation`. */
  readonly actions?: Readonly<
    Record<string, (resource: ArmResource, body: unknown, sandbox: SandboxContext) => Promise<ActionResult> | ActionResult>
  >;
  /** Seconds that Azure would take for a create/update, for latency profiles; divided by the profile's scale. */
  readonly latencySeconds?: number;
  /** DELETE answers 200 when all is done, however long it takes; else it is a long operation where a write is one. */
  readonly deletesAtOnce?: boolean;
  /** What a name must look like; `rule` is shown to who broke it. Default: 1-260 characters without `<>%&?/\\`. */
  readonly names?: { readonly pattern: RegExp; readonly rule: string; readonly code?: string };
  /** The name is taken if any other resource of the type has it (or is soft-deleted with it), wherever it lives. */
  readonly globalName?: {
    readonly code: string;
    readonly message: (name: string) => string;
    /** Only within its region. */ readonly inRegion?: boolean;
  };
  /** What the operation ends with when the subscription's quota does not suffice (faults play it). */
  quota?(resource: ArmResource): ArmError;
  /** A PUT without `location` (or with an unknown one) is refused; a PUT with another one too. */
  readonly tracked?: boolean;
  /** Names of actions that run although the resource does not exist yet (uploads before a version is made). */
  readonly actionsBefore?: readonly string[];
  /** A PUT makes the missing parent (asset containers come into being with their first version). */
  readonly makesParent?: boolean;
  /** Lives on any other resource, or on a group or subscription (role assignments, locks, diagnostic settings). */
  readonly extension?: boolean;
  /** Status of a PUT, where Azure's is not 201 for a new one and 200 for another: its clients take no other. 200: 202 while it works. */
  readonly putStatus?: 200 | 201;
  /** DELETE is answered with what was deleted. */
  readonly showsDeleted?: boolean;
  /** The router keeps `properties.provisioningState`. Default true. */
  readonly provisioningState?: boolean;
  /** Asked when nothing is kept under the id: singletons such as `blobServices/default`, built-in roles, curated environments. */
  find?(id: string, sandbox: SandboxContext): ArmResource | undefined;
  /** Replaces the plain listing below `scope` (already without query options $top and $skip, which the router applies). */
  list?(scope: string, query: URLSearchParams, sandbox: SandboxContext): ArmResource[];
  /** The PATCHed body as the type merges it, when JSON merge patch (RFC 7396) is not what Azure does. */
  merge?(before: ArmResource, patch: Record<string, unknown>): Record<string, unknown>;
}

/** Who a bearer token stands for. */
export interface Caller {
  readonly principalId: string;
  readonly clientId: string | undefined;
  /** Id (lower case) of the one workspace that the token is good for: the token of a run, not of an identity. */
  readonly runIn?: string | undefined;
  /** The token is a compute's, which stands in the workspace's own network wherever its process connects from. */
  readonly inNetwork?: boolean | undefined;
}

/** An Event Grid event as its source publishes it (Event Grid event schema). */
export interface SandboxEvent {
  readonly id: string;
  readonly topic: string;
  readonly eventType: string;
  readonly subject: string;
  readonly eventTime: string;
  readonly data: Record<string, unknown>;
}

/** A room with routes of its own: `export const room: Room` in a file that `sandbox/server/rooms.ts` lists. */
export interface Room {
  readonly name: string;
  mount?(app: Hono, sandbox: SandboxContext): void;
  /** After the listeners are up; picks up what a killed process left. */
  start?(sandbox: SandboxContext): Promise<void> | void;
  /** Ends what the room started; at most 3 s. */
  stop?(): Promise<void> | void;
}

export interface ActionResult {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Work that goes on after a 202; the operation's end is reported at Azure-AsyncOperation/Location. */
  readonly operation?: Promise<unknown>;
}

/** Where bytes are: a container (unique across accounts) and a path or prefix in it. */
export interface BlobLocation {
  readonly account: string;
  readonly container: string;
  /** Without leading slash; empty for the container itself. */
  readonly path: string;
}

/** Kept resources. Writes are durable (SQLite, committed) before they return. */
export interface Resources {
  get(id: string): ArmResource | undefined;
  /** Writes or replaces; sets a new etag. */
  put(resource: ArmResource): ArmResource;
  /** Direct and indirect children below `scope` of the given full type, ordered by name. */
  list(scope: string, type: string): ArmResource[];
  /** Every resource of a type. */
  all(type: string): ArmResource[];
  delete(id: string): void;
}

/** What every type, route and runner may use. One instance a sandbox process. */
export interface SandboxContext {
  /** `.sandbox/`; each room keeps its files in a folder of its own name below it. */
  readonly dir: string;
  /** SQLite in WAL mode; a room makes its own tables with CREATE TABLE IF NOT EXISTS. */
  readonly db: DatabaseSync;
  readonly resources: Resources;
  /** Azurite's own container clients (loopback, account key), for the sandbox's inside. Makes the container if missing. */
  container(account: string, container: string): Promise<ContainerClient>;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly caFile: string;
  /** Outside URLs, no trailing slash: `https://localhost:P`, `https://localhost:S`. */
  readonly urls: { readonly base: string; readonly scoring: string; blob(account: string): string };
  /** A bearer token the sandbox itself accepts, for jobs and scoring processes. */
  issueToken(
    audience: string,
    principalId: string,
    seconds: number,
    more?: { readonly runIn?: string; readonly inNetwork?: boolean },
  ): Promise<string>;
  /** Who may do what: role assignments. */
  readonly access: Access;
  /** Private endpoints, by what they lead to. */
  readonly links: Links;
  /** What shall go wrong (`mlops sandbox faults`). */
  readonly faults: FaultPlan;
  /** Waits as the latency profile says (0 s without a profile). */
  latency(seconds: number, signal?: AbortSignal): Promise<void>;
  /** How many times faster than in Azure time passes for what waits by the clock (retries, expiry); 1 without a profile. */
  readonly scale: number;
  /** Certificate and key of `localhost`, `127.0.0.1` and `::1`, for a room that listens on a port of its own (PEM). */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Chosen once for a state directory, then kept: they end up in URLs that clients keep. */
  readonly ports: { readonly base: number; readonly blob: number; readonly scoring: number; readonly proxy: number };
  /** Ends the request with 401 (ArmError) unless it carries a bearer token of this sandbox for one of the audiences. */
  authenticate(authorization: string | undefined, audience: "arm" | "aml" | "storage" | "graph" | "vault" | "events"): Promise<Caller>;
  /** Called for each published event; returns the way to stop it. */
  onEvent(listener: (event: SandboxEvent) => void): () => void;
  /** Event Grid source events, e.g. `Microsoft.MachineLearningServices.RunCompleted`. */
  publish(sourceId: string, eventType: string, subject: string, data: Record<string, unknown>): void;
  log(room: string, message: string): void;
}
