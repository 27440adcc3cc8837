// Bodies of 1 GB: what takes them passes them on in pieces, what does not says no without reading them; no process grows by them.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:https";
import { connect } from "node:tls";
import type { Figure } from "../figures.ts";
import { residentMegabytes, Target } from "./target.ts";
import { workspace } from "./workspace.ts";

const GIGABYTE = 1024 ** 3;
const piece = Buffer.alloc(1024 * 1024, "0123456789abcdef");

export async function largeBodies(report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(4);
  try {
    const id = await workspace(target, "bodies");
    const storage = { authorization: `Bearer ${await target.tokenFor("https://storage.azure.com")}`, "x-ms-version": "2023-11-03" };
    const arm = { authorization: `Bearer ${await target.tokenFor(target.info.armEndpoint)}`, "content-type": "application/json" };
    const { port, blobPort, scoringPort } = target.info;
    await target.send("PUT", blobPort, "/stbodies/big?restype=container", "", storage);
    const before = residentMegabytes(target.info.pid);
    const peak = { ...before };
    const timer = setInterval(() => {
      const now = residentMegabytes(target.info.pid);
      peak.main = Math.max(peak.main, now.main);
      peak.blobs = Math.max(peak.blobs, now.blobs);
    }, 50);
    // It looks at processes, which must not end before it.
    using _ = { [Symbol.dispose]: () => clearInterval(timer) };
    const wanted = async (what: string, expected: number, sent: Promise<number>): Promise<void> => {
      const status = await sent;
      report(`${what}: ${status}, sandbox ${peak.main.toFixed(0)} MB, blob service ${peak.blobs.toFixed(0)} MB`);
      if (status !== expected) throw new Error(`${what} was answered ${status}, not ${expected}`);
    };
    const stored = { ...storage, "x-ms-blob-type": "BlockBlob" };
    const artifact = `/mlflow/v2.0${id}/api/2.0/mlflow-artifacts/artifacts`;
    const group = `${target.subscription}/resourceGroups/rg-big?api-version=2024-10-01`;
    await wanted("a blob of 1 GB", 201, send(target, blobPort, "/stbodies/big/one", stored, "counted"));
    if ((await digest(target, blobPort, "/stbodies/big/one", storage)) !== expectedDigest()) throw new Error("the blob came back changed");
    await wanted("1 GB to Resource Manager, counted", 413, send(target, port, group, arm, "counted"));
    await wanted("1 GB to Resource Manager, in chunks", 413, send(target, port, group, arm, "chunked"));
    await wanted(
      "1 GB to MLflow's API",
      413,
      send(target, port, `/mlflow/v2.0${id}/api/2.0/mlflow/runs/log-batch`, arm, "chunked", "POST"),
    );
    await wanted("1 GB to the scoring router", 404, send(target, scoringPort, "/westeurope/none/score", {}, "chunked", "POST"));
    await wanted("1 GB as an artifact", 200, send(target, port, `${artifact}/none/none/artifacts/a.bin`, arm, "chunked"));
    const how =
      "peak of the resident set over that of a sandbox at rest, sampled every 50 ms; a blob in and out, and refusals by Resource Manager, MLflow and the router";
    return [
      {
        name: "memory of the sandbox while bodies of 1 GB come, beyond what it has at rest",
        value: peak.main - before.main,
        unit: "MB",
        atMost: 300,
        how,
      },
      {
        name: "memory of the blob service while 1 GB comes and goes, beyond what it has at rest",
        value: peak.blobs - before.blobs,
        unit: "MB",
        atMost: 300,
        how,
      },
    ];
  } finally {
    await target.stop();
  }
}

/** Status of the answer, which may come, and the connection end, before all is sent: hence by hand, not by a client that calls that an error. */
async function send(
  target: Target,
  port: number,
  path: string,
  headers: Record<string, string>,
  how: "counted" | "chunked",
  method = "PUT",
): Promise<number> {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: target.ca });
  let answer = "";
  let over = false;
  const ended = new Promise<number>((resolve) => {
    const done = (): void => {
      over = true;
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0));
    };
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n\r\n")) done();
    });
    socket.on("close", done).on("error", done);
  });
  const length = how === "counted" ? { "content-length": String(GIGABYTE) } : { "transfer-encoding": "chunked" };
  const lines = Object.entries({ host: `localhost:${port}`, ...headers, ...length }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const part = how === "counted" ? piece : Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
  for (let left = GIGABYTE / piece.length; left > 0 && !over; left--) {
    if (!socket.write(part)) await Promise.race([once(socket, "drain").catch(() => undefined), ended]);
  }
  if (how === "chunked" && !over) socket.write("0\r\n\r\n");
  return await ended;
}

async function digest(target: Target, port: number, path: string, headers: Record<string, string>): Promise<string> {
  return await new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    const options = { host: "127.0.0.1", servername: "localhost", port, path, agent: false as const, ca: target.ca };
    request({ ...options, headers: { host: `localhost:${port}`, ...headers } }, (response) => {
      response.on("data", (chunk: Buffer) => hash.update(chunk));
      response.on("end", () => resolve(hash.digest("hex")));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

function expectedDigest(): string {
  const hash = createHash("sha256");
  for (let index = 0; index < GIGABYTE / piece.length; index++) hash.update(piece);
  return hash.digest("hex");
}
