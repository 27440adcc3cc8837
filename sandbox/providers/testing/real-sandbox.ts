// The real sandbox in a folder of its own, for tests that need its rules and not a recording.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { repoDir } from "./project.ts";

export interface RealSandbox {
  /** Environment that leads a client to it. */
  readonly env: Record<string, string>;
  readonly subscriptionId: string;
  readonly objectId: string;
  stop(): Promise<void>;
}

/** Starts `sandbox/main.ts`; `args`: e.g. `--profile azure --scale 20`. */
export async function startSandbox(...args: string[]): Promise<RealSandbox> {
  const dir = mkdtempSync(join(tmpdir(), "mlops-sandbox-"));
  const node = join(repoDir, "node_modules", "node", "bin", "node");
  const child = spawn(node, [join(repoDir, "sandbox", "main.ts"), "--dir", dir, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const file = join(dir, "sandbox.json");
  for (let waited = 0; !existsSync(file); waited += 50) {
    if (child.exitCode !== null || waited > 30_000) {
      child.kill("SIGKILL");
      throw new Error(`the sandbox did not start:\n${log}`);
    }
    await sleep(50);
  }
  const info = JSON.parse(readFileSync(file, "utf8")) as Record<
    "metadataUrl" | "caFile" | "armEndpoint" | "tenantId" | "subscriptionId" | "clientId" | "objectId" | "clientSecretFile",
    string
  >;
  return {
    subscriptionId: info.subscriptionId,
    objectId: info.objectId,
    env: {
      ARM_CLOUD_METADATA_URL: info.metadataUrl,
      NODE_EXTRA_CA_CERTS: info.caFile,
      AZURE_AUTHORITY_HOST: info.armEndpoint,
      ARM_TENANT_ID: info.tenantId,
      ARM_SUBSCRIPTION_ID: info.subscriptionId,
      ARM_CLIENT_ID: info.clientId,
      ARM_CLIENT_SECRET: readFileSync(info.clientSecretFile, "utf8").trim(),
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
