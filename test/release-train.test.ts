// The release train as people and pipelines run it: train, gate, share, auto, qa, approval, prod, rollback; with the bad days between.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";
import { json, killed, minutes, refused, succeeded, until } from "./ran.ts";

let checkout: Checkout;
type Someone = Pick<Checkout, "mlops" | "pulumi" | "begin">;
let ann: Someone;
let bob: Someone;
let first: { readonly id: string; readonly gate: { readonly passed: boolean; readonly verdicts: readonly { readonly rule: string }[] } };

const path = (...parts: string[]): string => join(checkout.dir, ...parts);
const set = async (stage: string, key: string, value: string): Promise<void> =>
  void succeeded(await checkout.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", stage));
const edited = async (file: string, change: (text: string) => string, work: () => Promise<void>): Promise<void> => {
  const text = readFileSync(path(file), "utf8");
  writeFileSync(path(file), change(text));
  await work();
  writeFileSync(path(file), text);
};
const deploy = (stage: string, release: string, ...more: string[]): Promise<Ran> =>
  checkout.mlops("deploy", "--stage", stage, "--release", release, "--json", ...more);

interface Deployed {
  readonly changed: boolean;
  readonly endpoint: { readonly id: string; readonly traffic: Record<string, number>; readonly deployments: readonly { name: string }[] };
  readonly acceptance?: { readonly passed: boolean };
}
interface Releases {
  readonly releases: readonly { id: string; passed: boolean; stages: Record<string, string> }[];
  readonly stages: readonly { stage: string; plan: { live: string; versions: Record<string, string> } | null; pending: unknown }[];
}
const deployedIn = (ran: Ran): Deployed => json(ran) as Deployed;
const releasesIn = (ran: Ran): Releases => json(ran) as Releases;
const prodNow = async (): Promise<Releases["stages"][number]["plan"]> =>
  releasesIn(await checkout.mlops("releases", "--json")).stages.find(({ stage }) => stage === "prod")!.plan;

beforeAll(async () => {
  checkout = copyCheckout();
  const started = json(await checkout.mlops("start", "--no-deploy", "--json")) as { release: typeof first };
  first = started.release;
  [ann, bob] = [await checkout.as("ann"), await checkout.as("bob")];
}, 8 * minutes);
afterAll(() => checkout.dispose(), minutes);

test("training ends with the gate: every rule has its verdict", () => {
  expect(first).toMatchObject({ id: "diabetes-1", gate: { passed: true } });
  expect(first.gate.verdicts.map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(["metrics.r2", "live.rmse", "data.min_rows", "smoke_test"]),
  );
});

test(
  "share copies once, and takes only the manifest that the history knows",
  async () => {
    const sharing = json(await checkout.mlops("share", "--json")) as { assets: { collection: string; copied: boolean }[] };
    expect(sharing.assets.every(({ copied }) => copied)).toBe(true);
    expect(sharing.assets.filter(({ collection }) => collection === "components")).toHaveLength(5);
    const again = json(await checkout.mlops("share", "--json")) as typeof sharing;
    expect(again.assets.some(({ copied }) => copied)).toBe(false);
    await edited(
      "release.json",
      (text) => text.replace(/"rmse": [\d.]+/, '"rmse": 1'),
      async () => refused(await checkout.mlops("share"), /was changed after it was made/, 2),
    );
    refused(await checkout.mlops("deploy", "--stage", "prod", "--release", "latest"), /never as latest/, 2);
    refused(await deploy("prod", "diabetes-1"), /not tested in qa/);
  },
  3 * minutes,
);

test(
  "a release that was written into the history by hand, or handed on without its signature, goes nowhere until the gate has judged it anew",
  async () => {
    const { digest } = release();
    const good = await forge("diabetes-1", "null");
    refused(
      await checkout.mlops("share", "--release", "diabetes-1"),
      /diabetes-1 is not signed; .*\/keys\/releases \(as the history has it\)/,
    );
    refused(await deploy("auto", "diabetes-1"), /is not signed/);
    refused(await ann.mlops("approve", "--release", "diabetes-1", "--yes"), /is not signed/);
    const forged = { ...(JSON.parse(good) as object), value: "A".repeat(86) };
    await forge("diabetes-1", JSON.stringify(forged));
    refused(await deploy("auto", "diabetes-1"), /the signature of diabetes-1 is not one of/);
    await edited(
      "release.json",
      (text) => text.replace(/,\s*"signature": \{[^}]*\}/, ""),
      async () => refused(await checkout.mlops("share"), /diabetes-1 is not signed; .* \(as release.json has it\)/),
    );
    const anew = succeeded(await checkout.mlops("train", "--model", "diabetes:1"));
    expect(anew.stderr).toMatch(/is not one of .*; the model is judged anew/);
    expect(release().digest).not.toBe(digest);
    const sharing = json(await checkout.mlops("share", "--json")) as { assets: { copied: boolean }[] };
    expect(sharing.assets.some(({ copied }) => copied)).toBe(false);
    expect(succeeded(await checkout.mlops("releases", "show", "diabetes-1")).stdout).toMatch(
      /signature good, by https:.*\/keys\/releases\//,
    );
  },
  4 * minutes,
);

test(
  "auto serves the registry's model; of two runs at once one is turned away",
  async () => {
    const both = await Promise.all([deploy("auto", "release.json", "--wait", "0"), deploy("auto", "release.json", "--wait", "0")]);
    expect(both.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1]);
    refused(
      both.find(({ code }) => code === 1)!,
      /being changed by another run/,
    );
    const served = deployedIn(both.find(({ code }) => code === 0)!);
    expect(served).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
    expect(served.endpoint.id).toMatch(/mlw-mlops-dev\/onlineEndpoints\/mlops-auto-/);
  },
  4 * minutes,
);

test(
  "qa: a wrong answer stops the release, right ones let it go on",
  async () => {
    const file = "project/deploy/acceptance/1-typical-patients.json";
    await edited(
      file,
      (text) => text.replace('"near": [200, 80]', '"near": [80, 200]'),
      async () => refused(await deploy("qa", "release.json"), /failed its acceptance in qa: 1-typical-patients.json: prediction 0 is/),
    );
    refused(await deploy("prod", "release.json"), /failed its acceptance in qa/);
    expect(deployedIn(await deploy("qa", "release.json"))).toMatchObject({ changed: false, acceptance: { passed: true } });
  },
  5 * minutes,
);

test(
  "plain pulumi changes no stage whose release is not signed",
  async () => {
    const good = await forge("diabetes-1", "null");
    const up = (stage: string): Promise<Ran> => checkout.pulumi("up", "--yes", "--non-interactive", "--skip-preview", "--stack", stage);
    for (const stage of ["auto", "qa"])
      refused(await up(stage), new RegExp(`${stage} may not serve model version 1\\s+diabetes-1 is not signed`));
    await forge("diabetes-1", good);
    expect(succeeded(await up("qa")).stdout).toMatch(/unchanged/);
  },
  3 * minutes,
);

test(
  "prod wants two approvals of exactly this release, by others, whichever way one tries",
  async () => {
    await set("prod", "approval.required", "2");
    await set("prod", "rollout.bakeSeconds", "2");
    await set("prod", "rollout.maxP95Ms", "20000");
    await set("prod", "deploymentSet[0]", "request_settings.max_concurrent_requests_per_instance=200");
    refused(await deploy("prod", "diabetes-1"), /0 of 2 approvals/);
    refused(await checkout.mlops("approve", "--release", "diabetes-1", "--yes"), /trained it and deployed it to qa/);
    const shown = succeeded(await ann.mlops("approve", "--release", "diabetes-1", "--yes")).stdout;
    expect(shown).toMatch(
      /serves now\s+nothing[^]*rmse[^]*traffic[^]*resources[^]*create OnlineDeployment prod-blue[^]*cost\s+USD 0\.00 → USD \d/,
    );
    refused(await deploy("prod", "diabetes-1"), /1 of 2 approvals/);
    refused(await ann.mlops("reject", "--release", "diabetes-1"), /--reason/, 2);
    succeeded(await bob.mlops("reject", "--release", "diabetes-1", "--reason", "not on a Friday"));
    refused(await deploy("prod", "diabetes-1"), /bob rejected it: not on a Friday/);

    const { digest } = release();
    const config = readFileSync(path("Pulumi.prod.yaml"), "utf8");
    for (const [key, value] of Object.entries({ modelVersion: "1", release: "diabetes-1", releaseDigest: digest }))
      await set("prod", key, value);
    refused(
      await checkout.pulumi("up", "--yes", "--non-interactive", "--skip-preview", "--stack", "prod"),
      /prod may not serve model version 1/,
    );
    writeFileSync(path("Pulumi.prod.yaml"), config);
    expect(succeeded(await bob.mlops("approve", "--release", "diabetes-1", "--yes")).stdout).toMatch(/2 of 2; it may go/);
  },
  5 * minutes,
);

test(
  "prod's first release ever; the same again changes nothing, and plain pulumi agrees",
  async () => {
    refused(await checkout.mlops("rollback", "--reason", "just because"), /not up|nothing to go back to/);
    const first = deployedIn(await deploy("prod", "diabetes-1"));
    expect(first).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
    expect(deployedIn(await deploy("prod", "diabetes-1"))).toMatchObject({ changed: false });
    succeeded(await checkout.pulumi("up", "--yes", "--non-interactive", "--stack", "prod", "--expect-no-changes"));
    refused(await checkout.mlops("rollback", "--reason", "just because"), /nothing to go back to: only diabetes-1/);
  },
  5 * minutes,
);

test(
  "a model that fails the gate is recorded with the reason and goes nowhere",
  async () => {
    await edited(
      "project/mlops/gate.yml",
      (text) => text.replace("r2: { min: 0.40 }", "r2: { min: 0.99 }"),
      async () => {
        refused(
          await checkout.mlops("train", "--no-up", "--out", "failed.json"),
          /diabetes-2 did not pass the gate: r2 is 0\.\d+; it must be at least 0\.99/,
        );
      },
    );
    refused(await checkout.mlops("share", "--release", "failed.json"), /failed the gate/);
    refused(await deploy("auto", "diabetes-2"), /failed the gate: r2 is/);
    expect(releasesIn(await checkout.mlops("releases", "--json")).releases[0]).toMatchObject({ id: "diabetes-2", passed: false });
  },
  4 * minutes,
);

test(
  "a canary that is killed goes on; rollback takes moments; a steady client loses nothing",
  async () => {
    succeeded(await checkout.mlops("train", "--no-up", "--set", "inputs.alpha=0.9"));
    succeeded(await checkout.mlops("share"));
    expect(deployedIn(await deploy("qa", "release.json"))).toMatchObject({ changed: true, acceptance: { passed: true } });
    const approvals = await Promise.all([ann, bob].map((who) => who.mlops("approve", "--release", "diabetes-3", "--yes")));
    expect(succeeded(approvals[0]!).stdout).toMatch(/slot blue → green: 10 → 50 → 100 %/);
    succeeded(approvals[1]!);

    const client = await steadyClient();
    const canary = checkout.begin("deploy", "--stage", "prod", "--release", "diabetes-3");
    await until("traffic at 10 %", () => /blue=90 green=10/.test(canary.stderr()));
    killed(canary.pid!);
    await canary.done;
    const done = deployedIn(await deploy("prod", "diabetes-3", "--wait", "120"));
    expect(done).toMatchObject({ changed: true, endpoint: { traffic: { green: 100 } } });
    expect(done.endpoint.deployments.map(({ name }) => name).toSorted()).toEqual(["blue", "green"]);

    const back = json(await checkout.mlops("rollback", "--reason", "answers are off", "--json")) as {
      from: string;
      to: string;
      milliseconds: number;
    };
    expect(back).toMatchObject({ from: "diabetes-3", to: "diabetes-1" });
    expect(back.milliseconds).toBeLessThan(5000);
    expect(await prodNow()).toEqual({ live: "blue", versions: { blue: "1", green: "3" } });
    expect(await client.stop()).toMatchObject({ failed: {} });
    succeeded(await checkout.pulumi("up", "--yes", "--non-interactive", "--stack", "prod", "--expect-no-changes"));
  },
  10 * minutes,
);

test(
  "a limit that breaks puts back what served, by itself, and says why",
  async () => {
    await set("prod", "rollout.maxP95Ms", "1");
    refused(
      await deploy("prod", "diabetes-3"),
      /diabetes-3 failed in prod[^]*p95 is \d+ ms, the limit is 1 ms[^]*diabetes-1 serves prod, as before/,
    );
    expect(await prodNow()).toEqual({ live: "blue", versions: { blue: "1" } });
    const answer = json(await checkout.mlops("invoke", "--stage", "prod", "--json")) as { status: number };
    expect(answer.status).toBe(200);
    expect(succeeded(await checkout.mlops("releases", "show", "diabetes-3")).stdout).toMatch(/prod\s+failed NO: .*p95 is/);
  },
  4 * minutes,
);

test(
  "from outside of its network prod answers nobody",
  async () => {
    const shell = json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>;
    const outside = checkout.with({ ...shell, MLOPS_SOURCE_ADDRESS: "127.0.0.1" });
    refused(await outside.mlops("invoke", "--stage", "prod"), /PublicNetworkAccessDisabled/);
    expect(json(await checkout.mlops("invoke", "--stage", "prod", "--json"))).toMatchObject({ status: 200 });
  },
  minutes,
);

const release = (): { readonly digest: string } => JSON.parse(readFileSync(path("release.json"), "utf8")) as { digest: string };

/** Writes another signature into the history's record of a release; returns the one before, as JSON. */
async function forge(id: string, signature: string): Promise<string> {
  const env = { ...process.env, ...(json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>) };
  const shared = json(await checkout.pulumi("stack", "output", "--json", "--stack", "shared")) as Record<string, string>;
  const args = [join(import.meta.dirname, "forge.ts"), shared["historyAccount"]!, shared["historyContainer"]!, id, signature];
  return execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim();
}

/** 20 requests a second to prod's endpoint, until stopped. */
async function steadyClient(): Promise<{ stop(): Promise<{ sent: number; failed: Record<string, number> }> }> {
  const env = { ...process.env, ...(json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>) };
  const { endpoint } = deployedIn(await deploy("prod", "diabetes-1"));
  const args = [join(import.meta.dirname, "steady.ts"), endpoint.id, path("project/deploy/sample-request.json"), "20"];
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout!.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  await until("a first request", () => said.includes("sending"));
  return {
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.stdin!.end();
      await ended;
      return JSON.parse(said.trim().split("\n").at(-1)!) as { sent: number; failed: Record<string, number> };
    },
  };
}
