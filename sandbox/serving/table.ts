// What the router knows: the routing table that the sandbox's main thread pushes to it, and the words they exchange.
import type { FaultCount } from "../faults/faults.ts";
import type { WindowSummary } from "./router/window.ts";

/** One running and ready inference server process. */
export interface InstanceRoute {
  /** Unique over the sandbox's life, so that a restarted process is a new one. */
  readonly id: string;
  readonly port: number;
}

export interface DeploymentRoute {
  /** ARM id. */
  readonly id: string;
  readonly name: string;
  /** Share of the endpoint's traffic, 0 to 100. */
  readonly weight: number;
  readonly instances: readonly InstanceRoute[];
  /** `requestSettings.maxConcurrentRequestsPerInstance`. */
  readonly concurrency: number;
  /** How many instances there should be; the limit of requests is counted with these, not with the ready ones. */
  readonly capacity: number;
  readonly queueWaitMs: number;
  readonly requestTimeoutMs: number;
}

/** Who may call: a key, a token of the endpoint's own, or a bearer token of Entra. */
export type RouteAuth =
  | { readonly mode: "Key"; readonly keys: readonly string[] }
  | { readonly mode: "AMLToken"; readonly secret: string; readonly endpoint: string }
  | { readonly mode: "AADToken"; readonly endpoint: string };

export interface EndpointRoute {
  readonly id: string;
  readonly name: string;
  /** `<region>/<endpoint>`, lower case: the first two segments of the scoring URI's path. */
  readonly path: string;
  /** Managed and Kubernetes endpoints report failures of the model by different status codes. */
  readonly kind: "Managed" | "Kubernetes";
  readonly auth: RouteAuth;
  /** Who may come at all, where that is not everybody: who comes through the workspace's private endpoint, if it has one. */
  readonly open?: "inside" | "nobody";
  readonly deployments: readonly DeploymentRoute[];
  readonly mirror: { readonly deployment: string; readonly percent: number } | undefined;
}

export interface RouteTable {
  readonly version: number;
  readonly endpoints: readonly EndpointRoute[];
}

export interface RouterOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; without them the router speaks plain HTTP (tests of the proxying itself). */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The sandbox's directory, for the faults that are to be played. */
  readonly faultsIn?: string;
}

/** Main thread to router. */
export type ToRouter =
  | { readonly type: "table"; readonly table: RouteTable }
  | { readonly type: "drain"; readonly call: number; readonly instances: readonly string[] }
  | { readonly type: "metrics"; readonly call: number; readonly query: MetricsQuery }
  | { readonly type: "faults"; readonly call: number; readonly reload: boolean }
  | { readonly type: "verified"; readonly call: number; readonly expires: number | undefined };

/** Router to main thread. */
export type FromRouter =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "applied"; readonly version: number }
  | { readonly type: "drained"; readonly call: number }
  | { readonly type: "metrics"; readonly call: number; readonly summaries: readonly WindowSummary[] }
  | { readonly type: "faults"; readonly call: number; readonly counts: readonly FaultCount[] }
  | { readonly type: "verify"; readonly call: number; readonly token: string; readonly endpoint: string };

/** What was measured for an endpoint or a deployment (its ARM id), cut into steps of `stepSeconds` from `from` to `to`. */
export interface MetricsQuery {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}
