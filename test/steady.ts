// A steady client as a program: `node test/steady.ts ENDPOINT_ID REQUEST_FILE PER_SECOND`; sends until its standard input ends, then
// prints `{"sent", "failed": {status: count}, "reasons", "answers": [[milliseconds since 1970, deployment]…]}`. Runs beside a canary to see
// whether it loses a request, and from when on who answers.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../azure/client.ts";
import { readEndpoint, score, scoringToken } from "../azure/online.ts";

const [endpointId = "", requestFile = "", perSecond = "50"] = process.argv.slice(2);
const azure = await connect(process.env);
const endpoint = await readEndpoint(azure, endpointId);
if (!endpoint?.properties.scoringUri) throw new Error(`${endpointId} cannot be scored`);
const { scoringUri } = endpoint.properties;
const token = await scoringToken(azure, endpoint);
const body = readFileSync(requestFile, "utf8");

let stopped = false;
process.stdin.resume().on("end", () => (stopped = true));
const statuses: Record<string, number> = {};
const reasons = new Set<string>();
const answers: (readonly [number, string | null])[] = [];
const under: Promise<void>[] = [];
const began = performance.now();
let sent = 0;
process.stdout.write("sending\n");
while (!stopped) {
  const due = Math.floor(((performance.now() - began) / 1000) * Number(perSecond));
  for (; sent < due; sent++) {
    under.push(
      score(scoringUri, { token, body }, { timeoutMs: 30_000 }).then(({ status, body: said, deployment }) => {
        answers.push([Date.now(), deployment ?? null]);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== 200 && reasons.size < 5) reasons.add(said.slice(0, 200));
      }),
    );
  }
  await sleep(5);
}
await Promise.all(under);
const failed = Object.fromEntries(Object.entries(statuses).filter(([status]) => status !== "200"));
process.stdout.write(`${JSON.stringify({ sent, failed, reasons: [...reasons], answers })}\n`);
process.exit(0);
