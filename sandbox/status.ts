// Is a sandbox running on a directory, and does it answer?
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import type { SandboxInfo } from "./main.ts";

export type SandboxStatus = { readonly running: true; readonly info: SandboxInfo } | { readonly running: false; readonly reason: string };

/** Is one running on this directory, and does it answer? Takes a few milliseconds. */
export async function sandboxStatus(dir: string): Promise<SandboxStatus> {
  const file = join(dir, "sandbox.json");
  if (!existsSync(file)) return { running: false, reason: "it was not started" };
  let info: SandboxInfo;
  try {
    info = JSON.parse(readFileSync(file, "utf8")) as SandboxInfo;
  } catch {
    return { running: false, reason: `${file} cannot be read` };
  }
  if (!alive(info.pid)) return { running: false, reason: `its process ${info.pid} has ended` };
  const health = await healthOf(info);
  if (health?.pid === info.pid) return { running: true, info };
  return {
    running: false,
    reason: health ? `port ${info.port} belongs to another process` : `process ${info.pid} does not answer on port ${info.port}`,
  };
}

const healthOf = async (info: SandboxInfo): Promise<{ pid: number } | undefined> =>
  (await askSandbox(info, "GET", "/healthz")) as { pid: number } | undefined;

/** One of the sandbox's own pages, which need no token; undefined when it does not answer. */
export async function askSandbox(info: SandboxInfo, method: "GET" | "POST", path: string): Promise<unknown> {
  return await new Promise((done) => {
    const fail = (): void => done(undefined);
    let ca: Buffer;
    try {
      ca = readFileSync(info.caFile);
    } catch {
      return fail();
    }
    const asked = request(
      {
        host: "127.0.0.1",
        port: info.port,
        method,
        path,
        ca,
        servername: "localhost",
        headers: { host: `localhost:${info.port}` },
        agent: false,
        timeout: 3000,
      },
      (response) => {
        let text = "";
        response
          .on("data", (chunk: Buffer) => (text += chunk.toString()))
          .on("end", () => {
            try {
              done(JSON.parse(text));
            } catch {
              fail();
            }
          });
      },
    );
    asked.on("timeout", () => asked.destroy()).on("error", fail);
    asked.end();
  });
}

/** Does the process run? */
export function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // An ended process that nobody has waited for is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}
