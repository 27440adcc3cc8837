// A sandbox that a test kills: it serves one deployment and is in the middle of another.
import { setTimeout as sleep } from "node:timers/promises";
import { openTestSandbox } from "./testing.ts";
import type { PythonEnvironment } from "./parts.ts";

interface Input {
  readonly state: string;
  readonly environment: PythonEnvironment;
  readonly endpointId: string;
  readonly endpoint: { readonly properties: object };
  readonly green: object;
  readonly slow: object;
}

const { state, environment, endpointId, endpoint, green, slow } = JSON.parse(process.argv[2]!) as Input;
const box = await openTestSandbox(state, environment);
await box.put(endpointId, endpoint);
await box.put(`${endpointId}/deployments/green`, green);
await box.put(endpointId, { ...endpoint, properties: { ...endpoint.properties, traffic: { green: 100 } } });
void box.put(`${endpointId}/deployments/slow`, slow);
await sleep(2_500);
process.stdout.write(JSON.stringify({ pids: box.serving.capacity(`${endpointId}/deployments/green`).pids }));
await sleep(60_000);
