// The control plane under a steady stream of what clients do most: reads, lists, writes, polls.
import { median, percentile, type Figure } from "../figures.ts";
import { inParallel, Target, timed } from "./target.ts";

const REQUESTS = 15_000;
const CONNECTIONS = 16;

export async function controlPlane(report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(CONNECTIONS);
  try {
    const group = `${target.subscription}/resourceGroups/rg-rate`;
    const type = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
    await target.must("PUT", group, { location: "westeurope" });
    for (let index = 0; index < 100; index++) await target.must("PUT", `${type}/id-${index}`, { location: "westeurope" });
    const one = async (index: number): Promise<number> => {
      const name = `${type}/id-${index % 100}`;
      const turn = index % 10;
      const reply =
        turn < 6
          ? await target.must("GET", name)
          : turn < 7
            ? await target.must("GET", `${type}?$top=20`)
            : turn < 9
              ? await target.must("PUT", name, { location: "westeurope", tags: { turn: String(index) } })
              : await target.must("PATCH", name, { tags: { turn: String(index) } });
      return reply.milliseconds;
    };
    await inParallel(1000, CONNECTIONS, async (index) => void (await one(index)));
    const times: number[] = [];
    const [took] = await timed(async () => await inParallel(REQUESTS, CONNECTIONS, async (index) => void times.push(await one(index))));
    const rate = REQUESTS / (took / 1000);
    report(`${rate.toFixed(0)} requests a second, median ${median(times).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`);
    const how = `${REQUESTS} requests (6 reads, 1 list, 3 writes in 10), ${CONNECTIONS} connections, client on the same machine; ${rate.toFixed(0)} a second`;
    return [
      { name: "500 requests of the control plane (goal: 500 a second)", value: 500 / rate, unit: "s", atMost: 1, how },
      { name: "request of the control plane at that rate, p99", value: percentile(times, 0.99), unit: "ms", atMost: 200, how },
    ];
  } finally {
    await target.stop();
  }
}
