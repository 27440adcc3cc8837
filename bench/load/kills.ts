// `kill -9` at random moments while clients write: what was acknowledged is there afterwards, whole; what was not is there whole or not at all.
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "../figures.ts";
import { type Reply, Target } from "./target.ts";
import { workspace } from "./workspace.ts";

const WRITERS = 4;

/** What was sent last to a place, and whether the sandbox has said that it has it. */
interface Written {
  readonly value: string;
  readonly acknowledged: boolean;
  /** What was acknowledged before, which may still stand while `value` is not. */
  readonly before: string | undefined;
}

export async function kills(count: number, report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(3 * WRITERS);
  try {
    const id = await workspace(target, "kills");
    const places = [new ArmPlace(target, id), new BlobPlace(target), new VersionPlace(target, id)];
    for (const place of places) await place.open();
    let acknowledged = 0;
    let lost = 0;
    let torn = 0;
    for (let round = 1; round <= count; round++) {
      const stop = new AbortController();
      const writing = places.flatMap((place) => Array.from({ length: WRITERS }, (_, writer) => keepWriting(place, writer, stop.signal)));
      await sleep(20 + Math.random() * 400);
      target.kill();
      stop.abort();
      acknowledged += (await Promise.all(writing)).reduce((sum, one) => sum + one, 0);
      await target.restart();
      for (const place of places) {
        // Round by round what the kill was near to; in the end everything: no later kill may take what stood.
        const found = await place.check(round < count ? "since the last kill" : "everything");
        lost += found.lost;
        torn += found.torn;
        for (const line of found.lines) report(`round ${round}: ${line}`);
      }
      if (round % 20 === 0) report(`${round} kills, ${acknowledged} acknowledged writes, ${lost} lost, ${torn} half-written`);
    }
    const how = `${count} kills, each 20 to 420 ms after ${3 * WRITERS} writers began; ${acknowledged} acknowledged writes of resources, blobs and asset versions`;
    return [
      { name: "kill -9 during writes: acknowledged writes that were lost", value: lost, unit: "", atMost: 0, how },
      { name: "kill -9 during writes: things served half-written", value: torn, unit: "", atMost: 0, how },
    ];
  } finally {
    await target.stop();
  }
}

async function keepWriting(place: Place, writer: number, signal: AbortSignal): Promise<number> {
  let acknowledged = 0;
  for (let turn = 0; !signal.aborted; turn++) {
    try {
      if (await place.write(`w${writer}-${turn % 20}`)) acknowledged++;
    } catch {
      return acknowledged;
    }
  }
  return acknowledged;
}

abstract class Place {
  readonly target: Target;
  readonly #written = new Map<string, Written>();
  /** Names written to since the last kill. */
  readonly #touched = new Set<string>();

  constructor(target: Target) {
    this.target = target;
  }

  /** Of a value; its text is twice as long. */
  protected readonly mostBytes: number = 1700;

  abstract open(): Promise<void>;
  protected abstract put(name: string, value: string): Promise<Reply>;
  /** What is kept now: undefined for nothing, `broken` for something that no write has sent. */
  protected abstract get(name: string): Promise<string | undefined>;

  async write(name: string): Promise<boolean> {
    const last = this.#written.get(name);
    const before = last?.acknowledged ? last.value : last?.before;
    const value = randomBytes(100 + Math.floor(Math.random() * this.mostBytes)).toString("hex");
    this.#written.set(name, { value, acknowledged: false, before });
    this.#touched.add(name);
    const reply = await this.put(name, value);
    if (reply.status >= 300) throw new Error(`write of ${name}: ${reply.status} ${reply.text.slice(0, 300)}`);
    this.#written.set(name, { value, acknowledged: true, before });
    return true;
  }

  /** Compares what is there with what was written. */
  async check(which: "since the last kill" | "everything"): Promise<{ lost: number; torn: number; lines: string[] }> {
    let [lost, torn] = [0, 0];
    const lines: string[] = [];
    const names = [...(which === "everything" ? this.#written.keys() : this.#touched)];
    this.#touched.clear();
    for (const name of names) {
      const { value, acknowledged, before } = this.#written.get(name)!;
      const found = await this.get(name);
      if (found === value) {
        this.#written.set(name, { value, acknowledged: true, before });
        continue;
      }
      if (!acknowledged && found === before) {
        if (before === undefined) this.#written.delete(name);
        else this.#written.set(name, { value: before, acknowledged: true, before });
        continue;
      }
      if (found === undefined || found === before) lost++;
      else torn++;
      lines.push(
        `${name}: ${acknowledged ? "acknowledged" : "unanswered"} ${short(value)}, before ${short(before)}, found ${short(found)}`,
      );
    }
    return { lost, torn, lines };
  }
}

/** Resources of Resource Manager. */
class ArmPlace extends Place {
  readonly #type: string;

  constructor(target: Target, workspaceId: string) {
    super(target);
    this.#type = `${workspaceId.slice(0, workspaceId.indexOf("/providers/"))}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  }

  async open(): Promise<void> {}

  // Tag values hold 256 characters.
  protected async put(name: string, value: string): Promise<Reply> {
    const tags = Object.fromEntries((value.match(/.{1,256}/g) ?? []).map((part, index) => [`part${index}`, part]));
    return await this.target.call("PUT", `${this.#type}/${name}`, { location: "westeurope", tags });
  }

  protected async get(name: string): Promise<string | undefined> {
    const reply = await this.target.call("GET", `${this.#type}/${name}`);
    if (reply.status === 404) return undefined;
    const { tags = {} } = JSON.parse(reply.text) as { tags?: Record<string, string> };
    return Array.from({ length: Object.keys(tags).length }, (_, index) => tags[`part${index}`]).join("");
  }
}

/** Block blobs. */
class BlobPlace extends Place {
  protected override readonly mostBytes = 100_000;
  #token = "";

  async open(): Promise<void> {
    this.#token = await this.target.tokenFor("https://storage.azure.com");
    const made = await this.#blob("PUT", "stkills/kills?restype=container");
    if (made.status !== 201) throw new Error(`container: ${made.status} ${made.text}`);
  }

  protected async put(name: string, value: string): Promise<Reply> {
    return await this.#blob("PUT", `stkills/kills/${name}`, value, { "x-ms-blob-type": "BlockBlob" });
  }

  protected async get(name: string): Promise<string | undefined> {
    const reply = await this.#blob("GET", `stkills/kills/${name}`);
    if (reply.status === 404) return undefined;
    return reply.status === 200 ? reply.text : "broken";
  }

  async #blob(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Reply> {
    return await this.target.send(method, this.target.info.blobPort, `/${path}`, body ?? (method === "PUT" ? "" : undefined), {
      authorization: `Bearer ${this.#token}`,
      "x-ms-version": "2023-11-03",
      ...headers,
    });
  }
}

/** Versions of data assets, which make their container with them. */
class VersionPlace extends Place {
  readonly #id: string;
  #count = 0;

  constructor(target: Target, id: string) {
    super(target);
    this.#id = id;
  }

  async open(): Promise<void> {}

  // A version is written once: each write has a version of its own.
  override async write(name: string): Promise<boolean> {
    return await super.write(`${name}.${++this.#count}`);
  }

  protected async put(name: string, value: string): Promise<Reply> {
    const [asset, version] = name.split(".");
    return await this.target.call("PUT", `${this.#id}/data/${asset}/versions/${version}`, {
      properties: { dataType: "uri_file", dataUri: "https://example.com/a.csv", description: value },
    });
  }

  protected async get(name: string): Promise<string | undefined> {
    const [asset, version] = name.split(".");
    const reply = await this.target.call("GET", `${this.#id}/data/${asset}/versions/${version}`);
    if (reply.status === 404) return undefined;
    const { properties } = JSON.parse(reply.text) as { properties: { description?: string } };
    const container = await this.target.call("GET", `${this.#id}/data/${asset}`);
    return container.status === 200 ? (properties.description ?? "broken") : "broken";
  }
}

const sha = (value: string): string => createHash("sha256").update(value).digest("hex");
const short = (value: string | undefined): string => (value === undefined ? "nothing" : `${sha(value).slice(0, 8)} (${value.length})`);
