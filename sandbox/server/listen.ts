// Listening on a kept port, also when the process that had it before is just ending.
import type { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const patienceMs = 3000;

/** Listens on loopback only. Rejects with what to do when another program keeps the port. */
export async function listenOn(server: Server, port: number): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => {
          server.off("error", reject);
          resolve();
        });
      });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (Date.now() > until) {
        throw new Error(
          `port ${port} is taken by another program. Stop it; or stop the sandbox for good and delete ports.json in its directory, then new ports are chosen (addresses kept in Pulumi's state are of no use then)`,
          { cause: error },
        );
      }
      await sleep(100);
    }
  }
}
