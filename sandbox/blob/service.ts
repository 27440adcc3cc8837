// The sandbox's side of the blob service: starts its process, starts it again when it ends, and gives clients to the inside.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DatabaseSync } from "node:sqlite";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import type { JWK } from "jose";
import { ArmError } from "../core.ts";
import type { FaultCount } from "../faults/faults.ts";
import type { FaultPlan } from "../faults/plan.ts";
import { accountsIn } from "./accounts.ts";
import type { AboutFaults, BlobProcessOptions } from "./process.ts";

export interface BlobService {
  /** Made if missing. Throws ArmError 404 when the account does not exist. */
  container(account: string, name: string): Promise<ContainerClient>;
  client(account: string): BlobServiceClient;
  stop(): Promise<void>;
}

export interface BlobServiceOptions {
  readonly dir: string;
  readonly db: DatabaseSync;
  readonly tls: { cert: string; key: string };
  readonly port: number;
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly issuer: string;
  readonly faults: FaultPlan;
  readonly log: (message: string) => void;
}

export async function startBlobs(options: BlobServiceOptions): Promise<BlobService> {
  const accounts = accountsIn(options.db);
  let stopping = false;
  let child: ChildProcess;
  let innerPort = 0;

  const start = async (): Promise<void> => {
    const started = await startProcess(options);
    child = started.child;
    innerPort = started.port;
    child.once("exit", (code, signal) => {
      if (stopping) return;
      options.log(`the blob service ended (${signal ?? code}); it is started again`);
      start().catch((error: Error) => options.log(`the blob service could not be started again: ${error.message}`));
    });
  };
  await start();
  const asked = async (wish: AboutFaults["faults"]): Promise<readonly FaultCount[]> => await aboutFaults(child, wish);
  const leaveFaults = options.faults.join({ reload: async () => void (await asked("reload")), counts: async () => await asked("count") });

  const client = (account: string): BlobServiceClient => {
    const found = accounts.find(account);
    if (!found) throw new ArmError(404, "ResourceNotFound", `The sandbox has no storage account '${account}'.`);
    const credential = new StorageSharedKeyCredential(found.name, found.keys[0]);
    return new BlobServiceClient(`http://127.0.0.1:${innerPort}/${found.name}`, credential, {
      retryOptions: { maxTries: 2, retryDelayInMs: 100 },
    });
  };
  return {
    client,
    async container(account, name) {
      const container = client(account).getContainerClient(name);
      await container.createIfNotExists();
      return container;
    },
    async stop() {
      stopping = true;
      leaveFaults();
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await ended;
    },
  };
}

/** Has the process read its fault rules again, or only say what they have done. A process that ends has done nothing. */
async function aboutFaults(child: ChildProcess, wish: AboutFaults["faults"]): Promise<readonly FaultCount[]> {
  if (!child.connected) return [];
  return await new Promise((resolve) => {
    const done = (counts: readonly FaultCount[]): void => {
      child.off("message", heard).off("exit", ended);
      resolve(counts);
    };
    const heard = (message: { counts?: readonly FaultCount[] }): void => {
      if (message.counts) done(message.counts);
    };
    const ended = (): void => done([]);
    child.on("message", heard).once("exit", ended);
    child.send({ faults: wish } satisfies AboutFaults);
  });
}

/**
 * Collected before there is much to collect: by itself V8 lets 300 MB gather around the 27 MB that are kept (250 calls a second for a
 * minute), so that the process seems to leak. With these it stays at 140 MB. Megabytes; percent of what the last collection left.
 */
const heap = ["--max-semi-space-size=4", "--heap-growing-percent=50"];

async function startProcess(options: BlobServiceOptions): Promise<{ child: ChildProcess; port: number }> {
  const script = fileURLToPath(new URL("process.ts", import.meta.url));
  const child = fork(script, [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning", ...heap],
    serialization: "json",
  });
  const message: BlobProcessOptions = {
    stateFile: join(options.dir, "state.db"),
    dir: join(options.dir, "blob"),
    port: options.port,
    tls: options.tls,
    jwks: { keys: [...options.jwks.keys] },
    issuer: options.issuer,
  };
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the blob service ended with code ${code} before it listened`)));
    child.once("message", (answer: { ready?: boolean; port?: number; error?: string }) => {
      child.removeAllListeners("exit");
      if (answer.ready) resolve({ child, port: answer.port! });
      else reject(new Error(answer.error ?? "the blob service did not start"));
    });
    child.send(message);
  });
}
