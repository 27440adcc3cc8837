// Puts the rooms together: state, certificates, tokens, Resource Manager, and what else listens.
import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { Server } from "node:https";
import { Engine } from "../arm/engine.ts";
import { mountAvailability } from "../arm/availability.ts";
import { setEngine } from "../arm/current.ts";
import { mountDeleted } from "../arm/deleted.ts";
import { mountArm } from "../arm/http.ts";
import { parsePath } from "../arm/ids.ts";
import { Operations } from "../arm/operations.ts";
import { Registry } from "../arm/registry.ts";
import { resumeUnfinished } from "../arm/resume.ts";
import type { SandboxContext, SandboxEvent } from "../core.ts";
import { audiences } from "../entra/audiences.ts";
import { directory } from "../entra/directory.ts";
import { observed } from "../faults/observe.ts";
import { FaultPlan } from "../faults/plan.ts";
import { mountFaults } from "../faults/routes.ts";
import { mountGraph } from "../entra/graph.ts";
import { mountEntra } from "../entra/http.ts";
import { openTokens } from "../entra/tokens.ts";
import { openAccess, ownSubscription } from "../rbac/access.ts";
import { mountPermissions } from "../rbac/permissions.ts";
import { setPropagation } from "../rbac/grants.ts";
import { startBlobs } from "../blob/service.ts";
import { openDatabase } from "../state/database.ts";
import { openResources } from "../state/resources.ts";
import { types } from "../types/index.ts";
import { openCertificates } from "./certificates.ts";
import { listen, newApp } from "./http.ts";
import { rolesHoldAfter, wait } from "./latency.ts";
import type { Profile } from "./latency.ts";
import { keptPorts } from "./ports.ts";
import { azureAnswers } from "../proxy/answers.ts";
import { mountProviders } from "../arm/providers.ts";
import { linksIn } from "../network/reach.ts";
import { rooms } from "./rooms.ts";

export interface RunningSandbox {
  readonly context: SandboxContext;
  readonly engine: Engine;
  stop(): Promise<void>;
}

/** Starts everything in this process. Rejects when a port is taken or the state cannot be opened. */
export async function runSandbox(dir: string, profile: Profile, log: (room: string, message: string) => void): Promise<RunningSandbox> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const db = openDatabase(dir);
  const [certificates, ports] = await Promise.all([openCertificates(dir), keptPorts(dir)]);
  const entra = directory(db);
  const tokens = await openTokens(db, entra.tenantId);
  const base = `https://localhost:${ports.base}`;
  const allowed = audiences(base);
  const store = openResources(db);
  ownSubscription(store, entra.owner.objectId);
  const events = new EventEmitter<{ event: [SandboxEvent] }>().setMaxListeners(0);
  const faults = new FaultPlan(dir);
  const settle = (): void => setPropagation(db, Math.max(rolesHoldAfter(profile), faults.own.rolesHoldAfter));
  settle();
  faults.join({ reload: async () => settle(), counts: async () => [] });
  const blobs = startBlobs({
    faults,
    dir,
    db,
    tls: certificates.tls,
    port: ports.blob,
    jwks: tokens.jwks,
    issuer: tokens.issuer,
    log: (text) => log("blob", text),
  });

  const context: SandboxContext = {
    dir,
    db,
    resources: store,
    container: async (account, name) => await (await blobs).container(account, name),
    tenantId: entra.tenantId,
    subscriptionId: entra.subscriptionId,
    caFile: certificates.caFile,
    tls: certificates.tls,
    ports,
    urls: { base, scoring: `https://localhost:${ports.scoring}`, blob: (account) => `https://localhost:${ports.blob}/${account}` },
    issueToken: async (audience, principalId, seconds, more) => await tokens.issue({ audience, principalId, seconds, ...more }),
    access: openAccess(db),
    links: linksIn(db),
    faults,
    authenticate: async (authorization, audience) => await tokens.verify(authorization, allowed[audience]),
    latency: async (seconds, signal) => await wait(profile, seconds, signal),
    scale: profile.name === "none" ? 1 : profile.scale,
    onEvent(listener) {
      events.on("event", listener);
      return () => events.off("event", listener);
    },
    publish(topic, eventType, subject, data) {
      events.emit("event", { id: randomUUID(), topic, eventType, subject, data, eventTime: new Date().toISOString() });
    },
    log,
  };
  const operations = new Operations(db, (message) => log("arm", message));
  const engine = new Engine(new Registry(types), operations, store, context, profile.name !== "none");

  setEngine(context, engine);

  const app = newApp(base, entra.tenantId, (message) => log("http", message));
  app.get("/healthz", (c) => c.json({ status: "ok", pid: process.pid, profile }));
  mountFaults(app, faults);
  app.use(azureAnswers(context));
  mountEntra(app, { base, ports, entra, tokens });
  mountGraph(app, context, entra);
  mountProviders(app, engine, context);
  mountAvailability(app, engine, context);
  mountPermissions(
    app,
    context,
    (scope) => void engine.read({ id: parsePath(scope), apiVersion: "", principalId: "", query: new URLSearchParams() }),
  );
  mountDeleted(app, engine, context);
  for (const room of rooms) room.mount?.(app, context);
  mountArm(app, engine, context);

  const service = await blobs;
  const server: Server = await listen(app, certificates.tls, ports.base, faults.own, observed);
  for (const room of rooms) await room.start?.(context);
  resumeUnfinished(engine, context);
  return {
    context,
    engine,
    async stop() {
      server.close();
      await operations.stop();
      await Promise.all(rooms.map(async (room) => await room.stop?.()));
      await service.stop();
      server.closeAllConnections();
      db.close();
    },
  };
}
