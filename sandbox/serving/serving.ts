// Online endpoints as they run in one sandbox: their deployments' processes, their keys, and the router in front.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import type { ArmResource, SandboxContext } from "../core.ts";
import { parentId } from "../arm/ids.ts";
import type { FaultCount } from "../faults/faults.ts";
import { clusterProblem } from "./clusters.ts";
import { KeyStore } from "./keys.ts";
import { RouterLink } from "./link.ts";
import type { Parts } from "./parts.ts";
import { openTo } from "../network/reach.ts";
import { CoreQuota } from "./quota.ts";
import { DeploymentRunner } from "./runner.ts";
import type { RunnerContext } from "./runner.ts";
import { specOf } from "./spec.ts";
import type { DeploymentSpec } from "./spec.ts";
import type { EndpointRoute, MetricsQuery, RouteAuth, RouterOptions } from "./table.ts";
import type { WindowSummary } from "./router/window.ts";
import { Usage } from "./usage.ts";

export const ENDPOINTS = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints";
export const DEPLOYMENTS = `${ENDPOINTS}/deployments`;

/** How a deployment stands: ready processes, how many there should be, and where the ready ones listen on loopback. */
export interface Capacity {
  readonly ready: number;
  readonly wanted: number;
  readonly pids: readonly number[];
  readonly ports: readonly number[];
}

type Traffic = Readonly<Record<string, number>>;

/** All that serves in one sandbox. */
export class Serving {
  readonly keys: KeyStore;
  readonly quota: CoreQuota;
  readonly usage = new Usage();
  readonly #sandbox: SandboxContext;
  readonly #parts: Parts;
  readonly #runners = new Map<string, DeploymentRunner>();
  /** Being deleted: no longer routed to, although their resources are still there. */
  readonly #leaving = new Set<string>();
  #link: RouterLink | undefined;
  #leaveFaults: () => void = () => undefined;

  constructor(sandbox: SandboxContext, parts: Parts) {
    this.#sandbox = sandbox;
    this.#parts = parts;
    this.keys = new KeyStore(sandbox.db);
    this.quota = new CoreQuota(sandbox.db);
    // What last served, by deployment: after a failed update this is not what the resource says.
    sandbox.db.exec("CREATE TABLE IF NOT EXISTS serving_deployments (id TEXT PRIMARY KEY, spec TEXT NOT NULL) WITHOUT ROWID");
  }

  /** Starts the router and, without waiting for them, the deployments that served when the sandbox ended. */
  async start(options: RouterOptions): Promise<void> {
    await this.#route({ ...options, faultsIn: this.#sandbox.dir });
    const counts = async (reload: boolean): Promise<readonly FaultCount[]> => (await this.#link?.faults(reload).catch(() => [])) ?? [];
    this.#leaveFaults = this.#sandbox.faults.join({
      reload: async () => void (await counts(true)),
      counts: async () => await counts(false),
    });
    const kept = this.#sandbox.db.prepare("SELECT id, spec FROM serving_deployments").all() as unknown as { id: string; spec: string }[];
    for (const { id, spec } of kept) {
      const resource = this.#sandbox.resources.get(id);
      if (!resource || this.#isDeleting(resource)) continue;
      void this.#revive(id, JSON.parse(spec) as DeploymentSpec);
    }
    this.usage.start(() => new Map([...this.#runners].map(([id, runner]) => [id, runner.pids()])));
    await this.push();
  }

  /** Starts the router's thread, and another in its place should it ever die. */
  async #route(options: RouterOptions): Promise<void> {
    const link = await RouterLink.start(
      options,
      async (token, endpoint) => await this.#verify(token, endpoint),
      (error) => {
        this.#sandbox.log("serving", `the scoring router died and is started again: ${error.stack ?? error.message}`);
        if (this.#link === link) void this.#routeAgain({ ...options, port: link.port });
      },
    );
    this.#link = link;
  }

  async #routeAgain(options: RouterOptions): Promise<void> {
    try {
      await this.#route(options);
      await this.push();
    } catch (error) {
      this.#sandbox.log("serving", `the scoring router could not be started again: ${(error as Error).message}`);
    }
  }

  /** The port that the router listens on. */
  get port(): number {
    return this.#link?.port ?? 0;
  }

  async stop(): Promise<void> {
    this.usage.stop();
    this.#leaveFaults();
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    await Promise.all(runners.map(async (runner) => await runner.stop(false)));
    await this.#link?.stop();
    this.#link = undefined;
  }

  /** Pushes the routing table as resources and processes are now; resolves when the router goes by it. */
  async push(): Promise<void> {
    await this.#link?.push(this.#table());
  }

  /** Brings a deployment's processes to what its resource says. */
  async deploy(resource: ArmResource, signal: AbortSignal): Promise<void> {
    this.#leaving.delete(resource.id.toLowerCase());
    // From now on it can be named, and answers 503 until it is ready.
    await this.push();
    const spec = specOf(resource);
    const others = this.#sandbox.resources
      .all(DEPLOYMENTS)
      .filter((one) => one.properties["provisioningState"] !== "Failed")
      .map(specOf);
    this.quota.check(this.#sandbox.subscriptionId, spec, others);
    const problem = spec.kind === "Kubernetes" ? clusterProblem(this.#sandbox, spec) : undefined;
    if (problem) throw problem;
    await this.#runner(spec).apply(spec, signal);
  }

  /** Ends what ran on these computes (ids in lower case), whose cluster is gone. The deployments stay, and nothing answers for them. */
  async lose(computes: ReadonlySet<string>): Promise<void> {
    const lost = this.#sandbox.resources.all(DEPLOYMENTS).filter(({ id }) => {
      const endpoint = this.#sandbox.resources.get(id.slice(0, id.toLowerCase().lastIndexOf("/deployments/")));
      return computes.has(String(endpoint?.properties["compute"]).toLowerCase());
    });
    await Promise.all(
      lost.map(async (deployment) => {
        const id = deployment.id.toLowerCase();
        const runner = this.#runners.get(id);
        this.#runners.delete(id);
        this.#sandbox.db.prepare("DELETE FROM serving_deployments WHERE id = ?").run(id);
        await runner?.stop(false);
      }),
    );
    await this.push();
  }

  /** The endpoint's own work: its routes hold when this resolves. */
  async route(endpoint: ArmResource): Promise<void> {
    this.#leaving.delete(endpoint.id.toLowerCase());
    this.keys.of(endpoint.id);
    await this.push();
  }

  /** Takes a deployment out of the routes, lets its requests end, and ends its processes. */
  async withdraw(deployment: ArmResource): Promise<void> {
    const id = deployment.id.toLowerCase();
    this.#leaving.add(id);
    await this.push();
    const runner = this.#runners.get(id) ?? this.#runner(specOf(deployment));
    this.#runners.delete(id);
    await runner.stop(true);
    await runner.deleteFiles();
    this.#sandbox.db.prepare("DELETE FROM serving_deployments WHERE id = ?").run(id);
    this.#leaving.delete(id);
  }

  /** Stops routing to an endpoint that goes. Its deployments are withdrawn one by one as they go. */
  async close(endpoint: ArmResource): Promise<void> {
    this.#leaving.add(endpoint.id.toLowerCase());
    await this.push();
    this.keys.delete(endpoint.id);
  }

  logs(deployment: ArmResource, container: "InferenceServer" | "StorageInitializer", lines: number): string {
    return this.#runner(specOf(deployment)).logs(container, lines);
  }

  capacity(deploymentId: string): Capacity {
    const runner = this.#runners.get(deploymentId.toLowerCase());
    const routes = runner?.routes() ?? [];
    return { ready: routes.length, wanted: runner?.spec?.capacity ?? 0, pids: runner?.pids() ?? [], ports: routes.map(({ port }) => port) };
  }

  /** Requests, errors and latencies of an endpoint or a deployment (see {@link MetricsQuery}). */
  async metrics(query: MetricsQuery): Promise<readonly WindowSummary[]> {
    return (await this.#link?.metrics(query)) ?? [];
  }

  #runner(spec: DeploymentSpec): DeploymentRunner {
    const id = spec.id.toLowerCase();
    let runner = this.#runners.get(id);
    if (!runner) {
      const context: RunnerContext = {
        sandbox: this.#sandbox,
        parts: this.#parts,
        push: async () => await this.push(),
        drain: async (instances, atMostMs) => await this.#link?.drain(instances, atMostMs),
        keep: (served) => {
          this.#sandbox.db
            .prepare("INSERT INTO serving_deployments VALUES (?, ?) ON CONFLICT DO UPDATE SET spec = excluded.spec")
            .run(id, JSON.stringify(served));
        },
      };
      // Names have only letters, digits and dashes, and an endpoint's is unique in its region.
      const home = join(this.#sandbox.dir, "serving", `${spec.endpointName}.${spec.location}`.toLowerCase(), spec.name.toLowerCase());
      mkdirSync(join(this.#sandbox.dir, "serving"), { recursive: true, mode: 0o700 });
      runner = new DeploymentRunner(context, home);
      this.#runners.set(id, runner);
    }
    return runner;
  }

  async #revive(id: string, spec: DeploymentSpec): Promise<void> {
    try {
      await this.#runner(spec).revive(spec);
    } catch (error) {
      this.#sandbox.log("serving", `${spec.endpointName}/${spec.name} (${id}) could not be started again: ${(error as Error).message}`);
    }
  }

  #isDeleting(resource: ArmResource): boolean {
    if (resource.properties["provisioningState"] === "Deleting") return true;
    const endpoint = this.#sandbox.resources.get(specOf(resource).endpointId);
    return endpoint === undefined || endpoint.properties["provisioningState"] === "Deleting";
  }

  #table(): EndpointRoute[] {
    return this.#sandbox.resources
      .all(ENDPOINTS)
      .filter((endpoint) => !this.#leaving.has(endpoint.id.toLowerCase()) && endpoint.properties["provisioningState"] !== "Deleting")
      .map((endpoint) => this.#endpointRoute(endpoint));
  }

  #endpointRoute(endpoint: ArmResource): EndpointRoute {
    const traffic = (endpoint.properties["traffic"] ?? {}) as Traffic;
    const [mirror] = Object.entries((endpoint.properties["mirrorTraffic"] ?? {}) as Traffic);
    const deployments = this.#sandbox.resources.list(endpoint.id, DEPLOYMENTS).filter((one) => !this.#leaving.has(one.id.toLowerCase()));
    const open = openTo(endpoint, this.#sandbox.links, parentId(endpoint.id));
    return {
      id: endpoint.id,
      name: endpoint.name,
      ...(open === "inside" || open === "nobody" ? { open } : {}),
      path: `${endpoint.location ?? ""}/${endpoint.name}`.toLowerCase(),
      kind: endpoint.properties["compute"] === undefined ? "Managed" : "Kubernetes",
      auth: this.#auth(endpoint),
      mirror: mirror ? { deployment: mirror[0], percent: mirror[1] } : undefined,
      deployments: deployments.map((deployment) => {
        const runner = this.#runners.get(deployment.id.toLowerCase());
        const spec = runner?.spec ?? specOf(deployment);
        return {
          id: deployment.id,
          name: deployment.name,
          weight: weightOf(traffic, deployment.name),
          instances: runner?.routes() ?? [],
          concurrency: spec.concurrency,
          capacity: spec.capacity,
          queueWaitMs: spec.queueWaitMs,
          requestTimeoutMs: spec.requestTimeoutMs,
        };
      }),
    };
  }

  #auth(endpoint: ArmResource): RouteAuth {
    const secrets = this.keys.of(endpoint.id);
    const mode = endpoint.properties["authMode"];
    if (mode === "AMLToken") return { mode: "AMLToken", secret: secrets.tokenSecret, endpoint: endpoint.id };
    if (mode === "AADToken") return { mode: "AADToken", endpoint: endpoint.id };
    return { mode: "Key", keys: [secrets.primaryKey, secrets.secondaryKey] };
  }

  async #verify(token: string, endpoint: string): Promise<number | undefined> {
    try {
      const caller = await this.#sandbox.authenticate(`Bearer ${token}`, "aml");
      const operation = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action";
      this.#sandbox.access.demand(caller, { operation, scope: endpoint });
      const { exp } = decodeJwt(token);
      return exp === undefined ? undefined : exp * 1000;
    } catch {
      return undefined;
    }
  }
}

function weightOf(traffic: Traffic, name: string): number {
  const found = Object.entries(traffic).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1] ?? 0;
}
