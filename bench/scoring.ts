// Scoring through the sandbox's router against the inference server alone, 32 connections, in one run.
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectSecure } from "node:tls";
import { openTestSandbox, testEnvironment, WORKSPACE } from "../sandbox/serving/testing.ts";

const CONNECTIONS = 32;
const ROUNDS = 5;
const ROUND_MS = 4_000;

/** A model about as quick as a small regression: what is measured is the way to it. */
const SCORE = `
import json
def init():
    global weights
    weights = [0.1 * i for i in range(10)]
def run(raw):
    rows = json.loads(raw)["data"]
    return [sum(w * x for w, x in zip(weights, row)) for row in rows]
`;
const BODY = JSON.stringify({ data: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] });

export interface ScoringFigures {
  /** Ratios, router against server alone: the median over the rounds. */
  readonly medianRatio: number;
  readonly p99Ratio: number;
  /** Milliseconds and requests per second of the whole run, to judge the ratios by. */
  readonly direct: Latencies;
  readonly routed: Latencies;
  readonly failures: number;
}

export interface Latencies {
  readonly median: number;
  readonly p99: number;
  readonly perSecond: number;
}

interface Target {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly ca: string | undefined;
}

/** Serves the model, loads both ways in turn, and gives the ratios. Takes about 45 s. */
export async function measure(): Promise<ScoringFigures> {
  const dir = mkdtempSync(join(tmpdir(), "bench-scoring-"));
  const environment = await testEnvironment("server");
  await mkdir(join(dir, "assets", "code"), { recursive: true });
  await writeFile(join(dir, "assets", "code", "score.py"), SCORE);
  const box = await openTestSandbox(dir, environment, { tls: true });
  try {
    const id = `${WORKSPACE}/onlineEndpoints/bench`;
    const endpoint = { location: "westeurope", properties: { authMode: "Key" } };
    await box.put(id, endpoint);
    await box.put(`${id}/deployments/blue`, {
      location: "westeurope",
      properties: {
        endpointComputeType: "Managed",
        instanceType: "Standard_DS3_v2",
        environmentId: "azureml:env:1",
        codeConfiguration: { codeId: "folder:code", scoringScript: "score.py" },
        requestSettings: { maxConcurrentRequestsPerInstance: CONNECTIONS, requestTimeout: "PT30S" },
      },
    });
    await box.put(id, { ...endpoint, properties: { ...endpoint.properties, traffic: { blue: 100 } } });
    const [port] = box.serving.capacity(`${id}/deployments/blue`).ports;
    const direct: Target = { url: new URL(`http://127.0.0.1:${port}/score`), headers: {}, ca: undefined };
    const routed: Target = {
      url: new URL(String(box.get(id)!.properties["scoringUri"])),
      headers: { authorization: `Bearer ${box.serving.keys.of(id).primaryKey}` },
      ca: await readFile(join(dir, "ca.pem"), "utf8"),
    };
    for (const target of [direct, routed]) await load(target, 1_500);
    const rounds: { direct: number[]; routed: number[] }[] = [];
    let failures = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const a = await load(direct, ROUND_MS);
      const b = await load(routed, ROUND_MS);
      failures += a.failures + b.failures;
      rounds.push({ direct: a.times, routed: b.times });
    }
    const ratio = (share: number): number =>
      quantile(
        rounds.map((round) => quantile(round.routed, share) / quantile(round.direct, share)),
        0.5,
      );
    return {
      medianRatio: ratio(0.5),
      p99Ratio: ratio(0.99),
      direct: summary(rounds.flatMap((round) => round.direct)),
      routed: summary(rounds.flatMap((round) => round.routed)),
      failures,
    };
  } finally {
    await box.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Keeps all connections busy for that long, each sending its next request when the last one is answered. The requests are
 * written by hand: Node's own client takes as much of a core as the router itself, and would be measured along with it.
 */
async function load(target: Target, forMs: number): Promise<{ times: number[]; failures: number }> {
  const headers = Object.entries({
    host: target.url.host,
    "content-type": "application/json",
    "content-length": BODY.length,
    ...target.headers,
  });
  const request = Buffer.from(
    `POST ${target.url.pathname} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${BODY}`,
  );
  const times: number[] = [];
  let failures = 0;
  const until = performance.now() + forMs;
  const one = async (): Promise<void> => {
    let socket: Socket | undefined;
    while (performance.now() < until) {
      const began = performance.now();
      socket ??= open(target);
      const answer = await exchange(socket, request);
      // The inference server closes after each answer.
      if (answer.closes) {
        socket.destroy();
        socket = undefined;
      }
      if (answer.status === 200) times.push(performance.now() - began);
      else failures++;
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return { times, failures };
}

function open({ url, ca }: Target): Socket {
  const place = { host: url.hostname, port: Number(url.port) };
  return ca === undefined ? connectPlain({ ...place, noDelay: true }) : connectSecure({ ...place, ca }).setNoDelay(true);
}

/** Writes the request and reads an answer that says its length. */
function exchange(socket: Socket, request: Buffer): Promise<{ status: number; closes: boolean }> {
  return new Promise((resolve) => {
    let text = "";
    const end = (status: number, closes: boolean): void => {
      socket.removeAllListeners("data").removeAllListeners("error").removeAllListeners("close");
      socket.on("error", () => undefined);
      resolve({ status, closes });
    };
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      const length = head < 0 ? undefined : /\ncontent-length: *(\d+)/i.exec(text)?.[1];
      if (length === undefined || text.length < head + 4 + Number(length)) return;
      end(Number(text.slice(9, 12)), /\nconnection: *close/i.test(text.slice(0, head)));
    });
    socket.on("error", () => end(0, true));
    socket.on("close", () => end(0, true));
    socket.write(request);
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function summary(times: readonly number[]): Latencies {
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: (times.length / (ROUNDS * ROUND_MS)) * 1000 };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measure(), null, 2)}\n`);
