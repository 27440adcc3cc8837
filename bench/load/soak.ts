// Hours in small: everything a client does, again and again, while the memory of the sandbox's processes is watched.
import { setTimeout as sleep } from "node:timers/promises";
import { median, type Figure } from "../figures.ts";
import { residentMegabytes, Target } from "./target.ts";
import { workspace } from "./workspace.ts";

const PER_SECOND = 50;

/** Minutes in which what is only done once is done: code compiled, caches filled, the heaps at the size that this work needs. */
const WARM_UP = 1;

type Sample = { readonly main: number; readonly blobs: number };

/** @param minutes how long, after the warm-up; the figure compares the last third with the first one */
export async function soak(minutes: number, report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(16);
  try {
    const id = await workspace(target, "soak");
    await steadily(target, id, WARM_UP, report);
    const { samples, sent } = await steadily(target, id, minutes, report);
    const third = Math.floor(samples.length / 3);
    const [first, last] = [medians(samples.slice(0, third)), medians(samples.slice(-third))];
    const how =
      `${minutes} min after a warm-up of ${WARM_UP}, ${(sent / (minutes * 60)).toFixed(0)} calls a second (resources, lists, assets, blobs); ` +
      "medians of the last and the first third";
    const figure = (what: string, part: keyof Sample): Figure => ({
      name: `memory of ${what} over a soak, end against beginning`,
      value: last[part] / first[part],
      unit: "×",
      atMost: 1.1,
      how: `${how}: ${last[part].toFixed(0)} MB against ${first[part].toFixed(0)} MB`,
    });
    return [figure("the sandbox", "main"), figure("the blob service", "blobs")];
  } finally {
    await target.stop();
  }
}

const medians = (of: readonly Sample[]): Sample => ({
  main: median(of.map(({ main }) => main)),
  blobs: median(of.map(({ blobs }) => blobs)),
});

/** Calls for some minutes, PER_SECOND a second; the memory once a second. @throws Error when a call failed */
export async function steadily(
  target: Target,
  id: string,
  minutes: number,
  report: (line: string) => void,
): Promise<{ samples: Sample[]; sent: number }> {
  const samples: Sample[] = [];
  const failures = new Map<string, number>();
  let token = { value: "", until: 0 };
  const work = async (index: number): Promise<void> => {
    try {
      await turn(target, id, token.value, index);
    } catch (error) {
      const said = (error as Error).message.slice(0, 200);
      failures.set(said, (failures.get(said) ?? 0) + 1);
    }
  };
  const under = new Set<Promise<void>>();
  const ends = Date.now() + minutes * 60_000;
  let sent = 0;
  while (Date.now() < ends) {
    if (Date.now() > token.until) {
      await target.signIn();
      token = { value: await target.tokenFor("https://storage.azure.com"), until: Date.now() + 1_800_000 };
    }
    if (under.size < 32) {
      const one: Promise<void> = work(sent++).finally(() => under.delete(one));
      under.add(one);
      if (sent % PER_SECOND === 0) {
        samples.push(residentMegabytes(target.info.pid));
        if (samples.length % 60 === 0) report(`${(samples.length / 60).toFixed(0)} min: ${shown(samples.at(-1)!)}`);
      }
    }
    await sleep(1000 / PER_SECOND);
  }
  await Promise.all(under);
  if (failures.size > 0) throw new Error(`requests failed: ${[...failures].map(([said, times]) => `${times} × ${said}`).join("; ")}`);
  return { samples, sent };
}

const shown = ({ main, blobs }: Sample): string => `sandbox ${main.toFixed(0)} MB, blob service ${blobs.toFixed(0)} MB`;

/** One call; what exists stays bounded, so that memory has no reason to grow. */
async function turn(target: Target, id: string, token: string, index: number): Promise<void> {
  const n = Math.floor(index / 10) % 200;
  const blob = { authorization: `Bearer ${token}`, "x-ms-version": "2023-11-03" };
  const group = id.slice(0, id.indexOf("/providers/"));
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${n}`;
  const good = (reply: { status: number; text: string }): void => {
    if (reply.status >= 400 && reply.status !== 404) throw new Error(`${reply.status} ${reply.text}`);
  };
  switch (index % 10) {
    case 0:
      return good(await target.call("PUT", identity, { location: "westeurope", tags: { n: String(index) } }));
    case 1:
      return good(await target.call("GET", identity));
    case 2:
      return good(await target.call("GET", `${group}/resources?$top=50`));
    case 3:
      return good(await target.call("DELETE", identity));
    case 4:
      return good(
        await target.call("PUT", `${id}/data/d${n}/versions/1`, {
          properties: { dataType: "uri_file", dataUri: "https://example.com/a.csv", description: String(index) },
        }),
      );
    case 5:
      return good(await target.call("GET", `${id}/data/d${n}/versions`));
    case 6:
      return good(
        await target
          .send("PUT", target.info.blobPort, `/stsoak/azureml-soak?restype=container`, "", blob)
          .then((reply) => (reply.status === 409 ? { ...reply, status: 200 } : reply)),
      );
    case 7:
      return good(
        await target.send("PUT", target.info.blobPort, `/stsoak/azureml-soak/blob-${n}`, "x".repeat(20_000), {
          ...blob,
          "x-ms-blob-type": "BlockBlob",
        }),
      );
    case 8:
      return good(await target.send("GET", target.info.blobPort, `/stsoak/azureml-soak/blob-${n}`, undefined, blob));
    default:
      return good(await target.send("DELETE", target.info.blobPort, `/stsoak/azureml-soak/blob-${n}`, undefined, blob));
  }
}
