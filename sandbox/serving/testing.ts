// For tests and the bench: Resource Manager's real engine and real serving, over assets that lie in folders of this machine.
import { cp, mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { act } from "../arm/act.ts";
import { Engine } from "../arm/engine.ts";
import { parsePath } from "../arm/ids.ts";
import { Operations } from "../arm/operations.ts";
import { Registry } from "../arm/registry.ts";
import { resumeUnfinished } from "../arm/resume.ts";
import { ArmError } from "../core.ts";
import type { ActionResult, ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { buildEnvironment } from "../environments/build.ts";
import { recipeOf } from "../environments/recipe.ts";
import { FaultPlan } from "../faults/plan.ts";
import { openCertificates } from "../server/certificates.ts";
import { openDatabase } from "../state/database.ts";
import { openResources } from "../state/resources.ts";
import { onlineTypes } from "../types/online.ts";
import type { Parts, PythonEnvironment } from "./parts.ts";
import { register } from "./registered.ts";
import { Serving } from "./serving.ts";

export const SUBSCRIPTION = "00000000-0000-0000-0000-000000000001";
export const WORKSPACE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w`;

/** The inference server's environment, built once for all test runs of this checkout. `name` keeps builds of test files apart. */
export async function testEnvironment(name: string, extra: readonly string[] = []): Promise<PythonEnvironment> {
  const root = fileURLToPath(new URL(`../../.tools/test-serving/${name}`, import.meta.url));
  await mkdir(root, { recursive: true });
  const conda = JSON.stringify({ dependencies: ["python=3.11", { pip: ["azureml-inference-server-http", ...extra] }] });
  return await buildEnvironment(root, recipeOf({ condaFile: conda }), () => undefined);
}

export interface TestSandbox {
  readonly sandbox: SandboxContext;
  readonly engine: Engine;
  readonly serving: Serving;
  /** PUT and wait for the operation's end; throws its error. */
  put(id: string, body: unknown, method?: "PUT" | "PATCH"): Promise<ArmResource>;
  delete(id: string): Promise<void>;
  act(id: string, action: string, body?: unknown): Promise<ActionResult>;
  get(id: string): ArmResource | undefined;
  /** Calls an endpoint over HTTP(S); follows the scoring URI. */
  score(
    endpointId: string,
    init?: { key?: string; body?: string; headers?: Record<string, string>; path?: string; method?: string },
  ): Promise<Response>;
  close(): Promise<void>;
}

/** Code and model references are paths below `dir/assets`; every environment is the given one unless `environments` has it. */
export async function openTestSandbox(
  dir: string,
  environment: PythonEnvironment,
  options: { tls?: boolean; facts?: Parts["describeEnvironment"] } = {},
): Promise<TestSandbox> {
  await mkdir(dir, { recursive: true });
  const db = openDatabase(dir);
  const store = openResources(db);
  const tls = options.tls ? (await openCertificates(dir)).tls : undefined;
  const urls = { base: "https://localhost:1", scoring: "", blob: () => "" };
  const sandbox = {
    dir,
    db,
    resources: store,
    subscriptionId: SUBSCRIPTION,
    tenantId: "00000000-0000-0000-0000-00000000000t",
    urls,
    latency: async () => undefined,
    publish: () => undefined,
    access: { may: () => true, any: () => true, permissions: () => [], demand: () => undefined, demandLinked: () => undefined },
    log: () => undefined,
    authenticate: async () => {
      throw new ArmError(401, "InvalidAuthenticationToken", "no tokens here");
    },
    faults: new FaultPlan(dir),
  } as unknown as SandboxContext;
  const assets = join(dir, "assets");
  const parts: Parts = {
    locate: (_sandbox, reference) => ({ account: "a", container: "c", path: reference.replace(/^folder:/, "") }),
    download: async (_sandbox, { path }, to) => {
      const from = join(assets, path);
      const folder = (await stat(from)).isDirectory();
      await mkdir(to, { recursive: true });
      await cp(from, folder ? to : join(to, basename(from)), { recursive: true });
      return { kind: folder ? "folder" : "file" };
    },
    ensureEnvironment: async () => environment,
    describeEnvironment: options.facts ?? ((_sandbox, label) => ({ label })),
  };
  const serving = new Serving(sandbox, parts);
  await serving.start({ host: "127.0.0.1", port: 0, tls });
  const origin = `${tls ? "https://localhost" : "http://127.0.0.1"}:${serving.port}`;
  urls.scoring = origin;
  register(sandbox, serving);
  const operations = new Operations(db, () => undefined);
  const engine = new Engine(new Registry([...onlineTypes, ...parents]), operations, store, sandbox, false);
  seed(store);
  resumeUnfinished(engine, sandbox);

  const asked = (id: string) => ({ id: parsePath(id), apiVersion: "2024-10-01", principalId: "tester", query: new URLSearchParams() });
  const settled = async (id: string | undefined): Promise<void> => {
    const operation = id === undefined ? undefined : await operations.settled(id);
    if (operation?.status === "Failed") {
      const { code, message } = operation.error as { code: string; message: string };
      throw new ArmError(400, code, message);
    }
  };
  return {
    sandbox,
    engine,
    serving,
    get: (id) => store.get(id),
    async put(id, body, method = "PUT") {
      const { operation } = await engine.write(asked(id), body, method);
      await settled(operation?.id);
      return store.get(id)!;
    },
    async delete(id) {
      const removed = await engine.remove(asked(id));
      await settled(removed?.operation?.id);
    },
    act: async (id, action, body) => await act(engine, asked(`${id}/${action}`), body, sandbox),
    async score(endpointId, { key, body = "{}", headers = {}, path = "/score", method = "POST" } = {}) {
      const used = key ?? serving.keys.of(endpointId).primaryKey;
      const base = ((store.get(endpointId)?.properties["scoringUri"] as string | undefined) ?? origin)
        .replace(/^https?:\/\/[^/]+/, origin)
        .replace(/\/score$/, "");
      return await fetch(`${base}${path}`, {
        method,
        ...(method === "GET" ? {} : { body }),
        headers: { authorization: `Bearer ${used}`, "content-type": "application/json", ...headers },
      });
    },
    async close() {
      await operations.stop();
      await serving.stop();
      db.close();
    },
  };
}

/** Only there to be parents. */
const parents: ResourceType[] = ["Microsoft.Resources/resourceGroups", "Microsoft.MachineLearningServices/workspaces"].map((type) => ({
  type,
  body: z.looseObject({}),
}));

function seed(store: ReturnType<typeof openResources>): void {
  const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g`;
  store.put({ id: group, name: "g", type: "Microsoft.Resources/resourceGroups", location: "westeurope", properties: {} });
  for (const name of ["w", "w2"]) {
    const id = `${group}/providers/Microsoft.MachineLearningServices/workspaces/${name}`;
    store.put({ id, name, type: "Microsoft.MachineLearningServices/workspaces", location: "westeurope", properties: {} });
  }
}
