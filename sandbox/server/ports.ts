// The sandbox's ports: chosen free once, then kept, since they end up in URLs that clients and Pulumi states keep.
import { createServer } from "node:net";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomInt } from "node:crypto";

export interface Ports {
  readonly base: number;
  readonly blob: number;
  readonly scoring: number;
  readonly proxy: number;
}

const all = ["base", "blob", "scoring", "proxy"] as const;

/** Reads `ports.json`; what it does not have (all, or what came later) is chosen free and written down. */
export async function keptPorts(dir: string): Promise<Ports> {
  const file = join(dir, "ports.json");
  const chosen = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as { -readonly [name in keyof Ports]: number };
  if (all.every((name) => chosen[name])) return chosen;
  for (const name of all) chosen[name] ??= await freePort(Object.values(chosen));
  writeFileSync(`${file}.new`, JSON.stringify(chosen));
  renameSync(`${file}.new`, file);
  return chosen;
}

/** Below the range that systems give to outgoing connections: a kept port must not be lent out while the sandbox is down. */
export async function freePort(not: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (!not.includes(port) && (await isFree(port))) return port;
  }
  throw new Error("No free port was found between 20000 and 32000 on 127.0.0.1; close some servers and try again.");
}

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
