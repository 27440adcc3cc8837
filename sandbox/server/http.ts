// The HTTPS front: who may call at all, request ids, errors in ARM's form, and paths put in order.
import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ArmError } from "../core.ts";
import { errorBody } from "../arm/errors.ts";
import type { Faults, ObservedCall } from "../faults/faults.ts";
import { withFaults } from "../faults/play.ts";
import { azureFront, pathAtFront } from "./azure-names.ts";
import { listenOn } from "./listen.ts";

/** An app whose errors are ARM's. `tenantId` goes into the challenge of a 401. */
export function newApp(base: string, tenantId: string, log: (message: string) => void): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof ArmError)) log(`${c.req.method} ${c.req.path}: ${error.stack ?? String(error)}`);
    const status = error instanceof ArmError ? error.status : 500;
    if (status === 401) {
      c.header(
        "www-authenticate",
        `Bearer authorization_uri="${base}/${tenantId}", error="invalid_token", error_description="${(error as ArmError).message}"`,
      );
    }
    return c.json({ error: errorBody(error) }, status as ContentfulStatusCode);
  });
  app.notFound((c) =>
    c.json({ error: { code: "NotModeledInSandbox", message: `The sandbox does not model ${c.req.method} ${c.req.path}.` } }, 501),
  );
  return app;
}

/**
 * Listens on loopback only. Resolves when it does; rejects when the port is taken.
 * @param observe what fault rules see of a request; undefined for what no fault may meet
 */
export async function listen(
  app: Hono,
  tls: { cert: string; key: string },
  port: number,
  faults: Faults,
  observe: (request: IncomingMessage) => ObservedCall | undefined,
): Promise<Server> {
  const listener = getRequestListener(app.fetch, { hostname: "localhost" });
  const answer = withFaults(faults, observe, (request, response) => void listener(request, response));
  const server = createServer({ ...tls, keepAlive: true, minVersion: "TLSv1.2" }, (request, response) => {
    const refusal = refused(request);
    if (refusal) return refuse(response, refusal);
    const id = randomUUID();
    response.setHeader("x-ms-request-id", id);
    response.setHeader("x-ms-correlation-request-id", header(request, "x-ms-correlation-request-id") ?? id);
    response.setHeader("x-ms-routing-request-id", `SANDBOX:${new Date().toISOString()}:${id}`);
    const client = header(request, "x-ms-client-request-id");
    if (client) response.setHeader("x-ms-client-request-id", client);
    response.setHeader("cache-control", "no-cache");
    request.url = tidy(pathAtFront(request.headers.host, request.url ?? "/"));
    answer(request, response);
  });
  server.keepAliveTimeout = 65_000;
  server.on("tlsClientError", () => undefined);
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  await listenOn(server, port);
  return server;
}

const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Only this machine's own names and, through the proxy, Azure's, so that no page in a browser can reach the sandbox by a name of its
 * own (DNS rebinding).
 */
export function refused(request: IncomingMessage): ArmError | undefined {
  const host = request.headers.host;
  if (!host || !(ownHost.test(host) || azureFront(host))) {
    return new ArmError(403, "HostNotAllowed", `The sandbox answers to localhost and 127.0.0.1 only, not to the host '${host ?? ""}'.`);
  }
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== `https://${host}`) {
    return new ArmError(403, "CrossOriginNotAllowed", `The sandbox takes no requests from pages of another origin ('${origin}').`);
  }
  // What reads the address later would take such segments away, and see another path than who checked it.
  if (/\/(\.|%2e){1,2}(\/|$)/i.test((request.url ?? "").split("?")[0]!)) {
    return new ArmError(400, "InvalidRequestUri", "The request path has the segments '.' or '..', which no resource can have.");
  }
  if (/[\u0000-\u0020\u007f]/.test(request.url ?? "")) {
    return new ArmError(400, "InvalidRequestUri", "The request path has control characters or spaces.");
  }
  return undefined;
}

export function refuse(response: ServerResponse, error: ArmError): void {
  response.writeHead(error.status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ error: errorBody(error) }));
}

/** `//` in a path is `/` (`az resource create` sends it). */
function tidy(url: string): string {
  const at = url.indexOf("?");
  const path = at < 0 ? url : url.slice(0, at);
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") + (at < 0 ? "" : url.slice(at)) : url;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && /^[\w.:-]{1,100}$/.test(value) ? value : undefined;
}
