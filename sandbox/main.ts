// The sandbox's process. `mlops sandbox start` runs it in the background; by hand: `node sandbox/main.ts [--profile azure]`.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { directory } from "./entra/directory.ts";
import { profileOf } from "./server/latency.ts";
import type { Profile } from "./server/latency.ts";
import { runSandbox } from "./server/sandbox.ts";

/** What `.sandbox/sandbox.json` says of the running sandbox. */
export interface SandboxInfo {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
  readonly blobPort: number;
  readonly scoringPort: number;
  readonly proxyPort: number;
  readonly armEndpoint: string;
  readonly metadataUrl: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clientId: string;
  readonly objectId: string;
  readonly clientSecretFile: string;
  readonly profile: Profile;
}

const log = (room: string, message: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${room}: ${message}\n`);
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      dir: { type: "string", default: process.env["MLOPS_SANDBOX_DIR"] ?? ".sandbox" },
      profile: { type: "string", default: "none" },
      scale: { type: "string", default: "1" },
    },
  });
  const dir = resolve(values.dir);
  const profile = profileOf(values.profile, Number(values.scale));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const running = await runSandbox(dir, profile, log);
  const { context } = running;
  const { owner } = directory(context.db);
  const secretFile = join(dir, "client-secret");
  writeFileSync(secretFile, owner.secret, { mode: 0o600 });
  chmodSync(secretFile, 0o600);
  const info: SandboxInfo = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    port: context.ports.base,
    blobPort: context.ports.blob,
    scoringPort: context.ports.scoring,
    proxyPort: context.ports.proxy,
    armEndpoint: `${context.urls.base}/`,
    metadataUrl: `${context.urls.base}/metadata/endpoints?api-version=2019-05-01`,
    caFile: context.caFile,
    tenantId: context.tenantId,
    subscriptionId: context.subscriptionId,
    clientId: owner.clientId,
    objectId: owner.objectId,
    clientSecretFile: secretFile,
    profile,
  };
  const infoFile = join(dir, "sandbox.json");
  writeFileSync(`${infoFile}.new`, JSON.stringify(info, null, 2));
  renameSync(`${infoFile}.new`, infoFile);
  log("main", `listening on ${context.urls.base}`);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    log("main", "stopping");
    setTimeout(() => process.exit(1), 8000).unref();
    running.stop().then(
      () => {
        rmSync(infoFile, { force: true });
        process.exit(0);
      },
      (error: Error) => {
        log("main", `stopping failed: ${error.stack ?? error.message}`);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  // Whoever deletes the directory, or the checkout around it, means the sandbox too.
  setInterval(() => {
    if (!existsSync(infoFile)) stop();
  }, 5000).unref();
}

// A fault of one request must not end the sandbox for all others; it is in the log.
process.on("unhandledRejection", (error) => log("main", `unhandled: ${(error as Error)?.stack ?? String(error)}`));

main().catch((error: Error) => {
  log("main", `could not start: ${error.message}`);
  process.exit(1);
});
