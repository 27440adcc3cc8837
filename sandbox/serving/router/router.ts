// The scoring router: checks the caller, picks a deployment, passes the request to one of its processes.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fromOf } from "../../network/reach.ts";
import type { MetricsQuery, RouteTable } from "../table.ts";
import { Doorman } from "./auth.ts";
import type { Verify } from "./auth.ts";
import { readBody } from "./body.ts";
import { Drains } from "./drains.ts";
import { forward, outgoing } from "./forward.ts";
import type { Outgoing } from "./forward.ts";
import { Gate } from "./gate.ts";
import type { Seat } from "./gate.ts";
import { sendCopy } from "./mirror.ts";
import { EvenDraws, pickByWeight } from "./pick.ts";
import { Relay, modelError } from "./relay.ts";
import { STATUSES } from "./statuses.ts";
import { pathAtFront } from "../../server/azure-names.ts";
import { clientRequestId, splitPath } from "./urls.ts";
import type { Endpoint, Visit } from "./visit.ts";
import { Counts } from "./window.ts";
import type { WindowSummary } from "./window.ts";

/** Routes by a table that may change at any time; requests under way end on what they began with. */
export class Router {
  #endpoints = new Map<string, Endpoint>();
  readonly #gates = new Map<string, Gate>();
  readonly #counts = new Counts();
  readonly #verify: Verify;
  readonly #drains = new Drains();

  constructor(verify: Verify) {
    this.#verify = verify;
  }

  /** Takes a new table; what it says holds for every request that has not picked its deployment yet. */
  apply(table: RouteTable): void {
    const endpoints = new Map<string, Endpoint>();
    const present = new Set<string>();
    for (const route of table.endpoints) {
      const before = this.#endpoints.get(route.path);
      const authKey = JSON.stringify(route.auth);
      const same = before?.authKey === authKey;
      endpoints.set(route.path, {
        route,
        authKey,
        doorman: same ? before.doorman : new Doorman(route.auth, this.#verify),
        draws: before?.draws ?? new EvenDraws(),
        mirrorDraws: before?.mirrorDraws ?? new EvenDraws(),
      });
      for (const deployment of route.deployments) {
        const id = deployment.id.toLowerCase();
        present.add(id);
        const gate = this.#gates.get(id);
        if (gate) gate.update(deployment);
        else this.#gates.set(id, new Gate(deployment));
      }
    }
    for (const [id, gate] of this.#gates) {
      if (present.has(id)) continue;
      this.#gates.delete(id);
      this.#drains.leaving.add(gate);
    }
    this.#endpoints = endpoints;
  }

  /** Resolves when none of these processes has a request any more. Call it after a table without them was applied. */
  drained(instances: readonly string[]): Promise<void> {
    const drained = this.#drains.add(instances);
    this.#drains.settle(this.#gates.values());
    return drained;
  }

  metrics(query: MetricsQuery): WindowSummary[] {
    return this.#counts.read(query);
  }

  /** The listener of the HTTP server. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const [path, rest] = splitPath(pathAtFront(request.headers.host, request.url ?? "/"));
    const endpoint = this.#endpoints.get(path);
    const requestId = randomUUID();
    if (!endpoint) {
      request.resume();
      const body = JSON.stringify(errorBody("EndpointNotFound", `No endpoint is served at '/${path}'.`));
      response.writeHead(404, { "x-request-id": requestId, "content-type": "application/json" }).end(body);
      return;
    }
    const visit: Visit = {
      endpoint,
      response,
      requestId,
      clientRequestId: clientRequestId(request.headers),
      started,
      abort: undefined,
      gone: false,
    };
    response.on("close", () => {
      if (response.writableFinished) return;
      visit.gone = true;
      visit.abort?.();
    });
    try {
      await this.#serve(visit, request, path, rest);
    } catch (error) {
      if (!response.headersSent) this.#refuse(visit, 500, "InternalServerError", String(error), undefined);
      else response.destroy();
    }
  }

  async #serve(visit: Visit, request: IncomingMessage, key: string, path: string): Promise<void> {
    const { open } = visit.endpoint.route;
    if (open && open !== fromOf(request.socket.remoteAddress)) {
      request.resume();
      this.#refuse(
        visit,
        403,
        "PublicNetworkAccessDisabled",
        "Public network access to the endpoint is disabled. Call it through a private endpoint of its workspace.",
        undefined,
      );
      return;
    }
    const check = visit.endpoint.doorman.check(request.headers.authorization);
    const refusal = check instanceof Promise ? await check : check;
    if (refusal !== undefined) {
      request.resume();
      visit.response.writeHead(401, [...this.#headers(visit), "content-type", "text/plain", "www-authenticate", "Bearer"]).end(refusal);
      this.#record(visit, visit.endpoint.route.id, 401, undefined);
      return;
    }
    const read = readBody(request);
    const body = read instanceof Promise ? await read : read;
    if (body === "gone") return;
    if (body === "large") {
      this.#refuse(visit, 413, "PayloadTooLarge", "The request body is larger than the scoring router takes (16 MiB).", undefined);
      return;
    }
    visit.started = performance.now();
    // The table may have changed while the body came.
    const endpoint = (visit.endpoint = this.#endpoints.get(key) ?? visit.endpoint);
    const asked = request.headers["azureml-model-deployment"];
    const deployments = endpoint.route.deployments;
    const deployment =
      typeof asked === "string"
        ? deployments.find((one) => one.name.toLowerCase() === asked.toLowerCase())
        : pickByWeight(deployments, endpoint.draws.next());
    if (!deployment) {
      const [code, message] =
        typeof asked === "string"
          ? ["DeploymentNotFound", `Endpoint '${endpoint.route.name}' has no deployment '${asked}' (header azureml-model-deployment).`]
          : ["NoTraffic", `Endpoint '${endpoint.route.name}' has no valid deployment with positive weight.`];
      this.#refuse(visit, 404, code, message, undefined);
      return;
    }
    const gate = this.#gates.get(deployment.id.toLowerCase());
    if (!gate) {
      this.#refuse(visit, 404, "EndpointNotFound", `Endpoint '${endpoint.route.name}' has just been deleted.`, undefined);
      return;
    }
    const sent = outgoing(request.method ?? "GET", path, request.headers, body, visit.clientRequestId);
    if (typeof asked !== "string") this.#mirror(endpoint, deployment.name, sent);
    await this.#pass(visit, gate, sent);
  }

  /** Passes the request to the first process of the deployment that takes it. */
  async #pass(visit: Visit, gate: Gate, request: Outgoing): Promise<void> {
    const statuses = STATUSES[visit.endpoint.route.kind];
    const { name } = gate.route;
    const tried = new Set<string>();
    for (;;) {
      const entered = gate.enter(tried.size > 0 ? tried : undefined);
      const seat = entered instanceof Promise ? await entered : entered;
      if (seat === "late") {
        const message = `The request waited longer than ${gate.route.queueWaitMs} ms for a free instance of deployment '${name}'.`;
        return this.#refuse(visit, statuses.waited, "RequestTimeout", message, gate);
      }
      if (seat === "busy") {
        const message = `Deployment '${name}' has 2 * ${gate.route.concurrency} * ${gate.route.capacity} requests already. Send fewer at once, or raise maxConcurrentRequestsPerInstance (with WORKER_COUNT) or the instances.`;
        return this.#refuse(visit, statuses.busy, "TooManyPendingRequests", message, gate);
      }
      if (seat === "down") {
        return this.#refuse(visit, statuses.down, "NoHealthyInstance", `Deployment '${name}' has no healthy instance.`, gate);
      }
      const left = gate.route.requestTimeoutMs - (performance.now() - visit.started);
      const answer = new Relay(visit.response, STATUSES[visit.endpoint.route.kind].model, this.#headers(visit, gate));
      const outcome = visit.gone
        ? ({ kind: "aborted" } as const)
        : await forward(seat.instance.port, request, visit.requestId, Math.max(1, left), answer, (abort) => (visit.abort = abort));
      this.#leave(gate, seat);
      switch (outcome.kind) {
        case "answered":
          answer.end();
          return this.#record(visit, gate.route.id, answer.status, answer.modelStatus);
        case "unsent":
          seat.suspect = true;
          tried.add(seat.instance.id);
          continue;
        case "aborted":
          return this.#record(visit, gate.route.id, 499, undefined);
        case "late": {
          const message = `The model did not answer within requestSettings.requestTimeout (${gate.route.requestTimeoutMs} ms).`;
          return this.#refuse(visit, statuses.late, "RequestTimeout", message, gate);
        }
        case "broken": {
          if (answer.started) {
            // The status is already with the client; an ended connection is all that can still be said.
            visit.response.destroy();
            return this.#record(visit, gate.route.id, statuses.crashed, 502);
          }
          const message = `The model's process ended the connection without an answer (${outcome.reason}).`;
          return this.#refuse(visit, statuses.crashed, "ModelError", message, gate, 502);
        }
      }
    }
  }

  /** A copy for the shadow deployment; nobody waits for it, and nothing of it reaches the client. */
  #mirror(endpoint: Endpoint, served: string, request: Outgoing): void {
    const { mirror } = endpoint.route;
    if (!mirror || mirror.deployment === served || endpoint.mirrorDraws.next() * 100 >= mirror.percent) return;
    const shadow = endpoint.route.deployments.find((one) => one.name === mirror.deployment);
    const gate = shadow && this.#gates.get(shadow.id.toLowerCase());
    if (gate) void this.#shadow(endpoint, gate, request);
  }

  async #shadow(endpoint: Endpoint, gate: Gate, request: Outgoing): Promise<void> {
    const started = performance.now();
    const seat = await gate.enter();
    if (typeof seat === "string") return;
    const { status, modelStatus } = await sendCopy(seat.instance.port, request, gate.route.requestTimeoutMs, STATUSES[endpoint.route.kind]);
    this.#leave(gate, seat);
    this.#counts.add(gate.route.id, status, modelStatus, performance.now() - started);
  }

  #refuse(visit: Visit, status: number, code: string, message: string, gate: Gate | undefined, modelStatus?: number): void {
    const headers = [...this.#headers(visit, gate), "content-type", "application/json"];
    if (modelStatus !== undefined && status === 424) headers.push(...modelError(modelStatus));
    if (status === 429 || status === 503) headers.push("retry-after", "1");
    visit.response.writeHead(status, headers).end(JSON.stringify(errorBody(code, message)));
    this.#record(visit, gate?.route.id ?? visit.endpoint.route.id, status, modelStatus);
  }

  /** Flat pairs, which Node writes as they are. */
  #headers(visit: Visit, gate?: Gate): string[] {
    const headers = ["x-request-id", visit.requestId, "x-ms-request-id", visit.requestId];
    if (visit.clientRequestId !== undefined) headers.push("x-ms-client-request-id", visit.clientRequestId);
    if (gate) headers.push("azureml-model-deployment", gate.route.name);
    return headers;
  }

  #record(visit: Visit, id: string, status: number, modelStatus: number | undefined): void {
    this.#counts.add(id, status, modelStatus, performance.now() - visit.started);
  }

  #leave(gate: Gate, seat: Seat): void {
    gate.leave(seat);
    if (this.#drains.waiting) this.#drains.settle(this.#gates.values());
  }
}

const errorBody = (code: string, message: string): unknown => ({ error: { code, message } });
