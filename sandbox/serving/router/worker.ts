// The router's thread: an event loop of its own, so that Resource Manager's work does not slow a request down.
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { parentPort, workerData } from "node:worker_threads";
import { Faults } from "../../faults/faults.ts";
import { KeptFaults } from "../../faults/plan.ts";
import { withFaults } from "../../faults/play.ts";
import { refuse, refused } from "../../server/http.ts";
import type { FromRouter, RouterOptions, ToRouter } from "../table.ts";
import { Router } from "./router.ts";

const port = parentPort!;
const options = workerData as RouterOptions;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const send = (message: FromRouter): void => port.postMessage(message);

let calls = 0;
const verifying = new Map<number, (expires: number | undefined) => void>();
const router = new Router(
  (token, endpoint) =>
    new Promise((resolve) => {
      verifying.set(++calls, resolve);
      send({ type: "verify", call: calls, token, endpoint });
    }),
);

// Node's default of 5 s would close a connection just as a client reuses it; Azure's front end keeps them for minutes.
const settings = { keepAliveTimeout: 120_000, headersTimeout: 125_000, requestTimeout: 0, noDelay: true };
const faults = options.faultsIn === undefined ? new Faults() : new KeptFaults(options.faultsIn);
const listener = withFaults(
  faults,
  ({ method, url }) => ({ service: "scoring", method: method ?? "GET", path: (url ?? "/").split("?")[0]! }),
  (request, response) => {
    const refusal = refused(request);
    if (refusal) return refuse(response, refusal);
    void router.handle(request, response);
  },
);
const server = options.tls ? createHttps({ ...settings, ...options.tls }, listener) : createHttp(settings, listener);

server.on("error", (error) => {
  throw error;
});
server.listen(options.port, options.host, () => {
  const address = server.address();
  send({ type: "listening", port: typeof address === "object" && address ? address.port : options.port });
});

port.on("message", (message: ToRouter) => {
  switch (message.type) {
    case "table":
      router.apply(message.table);
      return send({ type: "applied", version: message.table.version });
    case "drain":
      return void router.drained(message.instances).then(() => send({ type: "drained", call: message.call }));
    case "metrics":
      return send({ type: "metrics", call: message.call, summaries: router.metrics(message.query) });
    case "faults":
      if (message.reload && faults instanceof KeptFaults) faults.reload();
      return send({ type: "faults", call: message.call, counts: faults.counts() });
    case "verified":
      verifying.get(message.call)?.(message.expires);
      verifying.delete(message.call);
      return undefined;
  }
});
