// A steady client beside a canary: so many requests a second to an endpoint, as a process of its own (test/steady.ts).
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { json, until } from "../ran.ts";
import { endpointNow } from "./look.ts";
import type { Scene } from "./scene.ts";

export interface Sent {
  readonly sent: number;
  /** How many answers had a status other than 200, by status. */
  readonly failed: Readonly<Record<string, number>>;
  readonly reasons: readonly string[];
}

/** Sends until it is stopped, and tells then what came of it. */
export async function steadyClient(scene: Scene, stage: string, perSecond = 50): Promise<{ stop(): Promise<Sent> }> {
  const env = { ...process.env, ...(json(await scene.mlops("sandbox", "env", "--json")) as Record<string, string>) };
  const endpoint = await endpointNow(scene, stage);
  const request = scene.path("project/deploy/sample-request.json");
  const args = [join(import.meta.dirname, "..", "steady.ts"), endpoint!.id, request, String(perSecond)];
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout!.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  await until("a first request", () => said.includes("sending"));
  return {
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.stdin!.end();
      await ended;
      return JSON.parse(said.trim().split("\n").at(-1)!) as Sent;
    },
  };
}
