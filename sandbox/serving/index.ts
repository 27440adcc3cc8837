// Serving, seen from the sandbox's other rooms: its routes, its start and its end.
import type { Hono } from "hono";
import { download } from "../blob/transfer.ts";
import type { Room, SandboxContext } from "../core.ts";
import { ensureEnvironment } from "../environments/ensure.ts";
import { findEnvironment } from "../environments/references.ts";
import { locateBlob } from "../ml/locate.ts";
import { mountMetrics } from "./metrics.ts";
import { mountQuotas } from "./quotas.ts";
import type { Parts } from "./parts.ts";
import { register, unregister } from "./registered.ts";
import { Serving } from "./serving.ts";

const parts: Parts = {
  locate: locateBlob,
  download,
  ensureEnvironment,
  describeEnvironment: (sandbox, reference, owner) => {
    const { label, spec } = findEnvironment(sandbox, reference, owner);
    return { label, ...spec };
  },
};

/** Resource Manager routes beside the resource types: Azure Monitor metrics of endpoints, core quotas. */
export function mount(app: Hono, sandbox: SandboxContext): void {
  mountMetrics(app, sandbox);
  mountQuotas(app, sandbox);
}

let running: { readonly sandbox: SandboxContext; readonly serving: Serving } | undefined;

/** Starts the scoring router on its kept port, and the deployments that served before. */
export async function start(sandbox: SandboxContext): Promise<void> {
  const serving = new Serving(sandbox, parts);
  running = { sandbox, serving };
  await serving.start({ host: "127.0.0.1", port: sandbox.ports.scoring, tls: sandbox.tls });
  register(sandbox, serving);
}

/** Ends the router and every inference server. */
export async function stop(): Promise<void> {
  const ending = running;
  running = undefined;
  if (!ending) return;
  unregister(ending.sandbox);
  await ending.serving.stop();
}

export const room: Room = { name: "serving", mount, start, stop };
