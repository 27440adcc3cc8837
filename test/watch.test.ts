// `mlops watch`: a newly registered model rides to qa by itself; killed on the way, told twice and out of order, it rides once.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";

const minutes = 60_000;
let checkout: Checkout;

const succeeded = (ran: Ran): Ran => {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-6000)}\n${ran.stdout.slice(-2000)}`);
  return ran;
};
const folder = (...parts: string[]): string => join(checkout.dir, ".sandbox", "watch", ...parts);
interface Known {
  readonly version: string;
  readonly state: string;
  readonly done: string[];
  readonly note?: string;
}
const known = (): Known[] =>
  !existsSync(folder("models"))
    ? []
    : readdirSync(folder("models")).map((file) => JSON.parse(readFileSync(folder("models", file), "utf8")) as Known);
const version = (number: string): Known | undefined => known().find((one) => one.version === number);

async function until(holds: () => boolean, what: () => string, seconds: number): Promise<void> {
  for (let left = seconds * 5; left > 0; left--) {
    if (holds()) return;
    await sleep(200);
  }
  throw new Error(`not within ${seconds} s: ${what()}`);
}

/** What Event Grid would send, once more. */
async function tell(...versions: string[]): Promise<number> {
  const { port, path } = JSON.parse(readFileSync(folder("address.json"), "utf8")) as { port: number; path: string };
  const events = versions.map((one) => ({
    id: one,
    eventType: "Microsoft.MachineLearningServices.ModelRegistered",
    subject: `models/diabetes:${one}`,
  }));
  return await new Promise((resolve, reject) => {
    const call = request(
      { host: "localhost", port, path: `/${path}`, method: "POST", ca: readFileSync(join(checkout.dir, ".sandbox", "ca.pem")) },
      (answer) => resolve(answer.resume().statusCode ?? 0),
    );
    call.on("error", reject).end(JSON.stringify(events));
  });
}

beforeAll(async () => {
  checkout = copyCheckout();
  succeeded(await checkout.mlops("start", "--no-deploy", "--json"));
}, 8 * minutes);
afterAll(() => checkout.dispose(), minutes);

test(
  "the second model rides to qa and waits there, though the watch was killed on its way and told of it three times",
  async () => {
    const first = checkout.begin("watch");
    await until(
      () => version("1")?.state === "before",
      () => first.stderr(),
      60,
    );
    succeeded(await checkout.mlops("train", "--no-up", "--set", "inputs.alpha=0.9", "--json"));
    await until(
      () => version("2")?.done.includes("gate") === true,
      () => first.stderr(),
      180,
    );
    // The program itself, which the starter of `mlops` runs as its child.
    const child = execFileSync("pgrep", ["-P", String(first.pid)], { encoding: "utf8" }).trim();
    process.kill(Number(child), "SIGKILL");
    await first.done;

    const second = checkout.begin("watch");
    await until(
      () => version("2")?.state === "waits" || version("2")?.state === "failed",
      () => second.stderr().slice(-4000),
      400,
    );
    expect(version("2")).toMatchObject({ state: "waits", done: ["gate", "share", "auto", "qa"] });
    expect(await tell("2", "1", "2")).toBe(200);
    await until(
      () => second.stderr().includes("diabetes:2 registered, which is known already"),
      () => second.stderr().slice(-2000),
      20,
    );
    second.stop("SIGINT");
    const ended = await second.done;
    expect(ended.stdout).toContain("diabetes-2 serves in auto and qa, passed its acceptance and waits for approval");
    expect(
      known()
        .map(({ version: one, state }) => `${one} ${state}`)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(["1 before", "2 waits"]);
    const { releases } = JSON.parse(succeeded(await checkout.mlops("releases", "--json")).stdout) as {
      releases: { id: string; stages: Record<string, string> }[];
    };
    expect(releases.find(({ id }) => id === "diabetes-2")!.stages).toMatchObject({ auto: "deployed", qa: "tested" });
    const { events } = JSON.parse(succeeded(await checkout.mlops("releases", "show", "diabetes-2", "--json")).stdout) as {
      events: { kind: string; stage?: string }[];
    };
    expect(events.filter(({ kind, stage }) => kind === "tested" && stage === "qa")).toHaveLength(1);
  },
  12 * minutes,
);
