// The product's own commands while Azure has a bad day: they get through, or end with the cause and the next step, and the same command then
// goes on where it stopped.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFaults, setFaults } from "../sandbox/control.ts";
import { readFaults } from "../sandbox/faults/read.ts";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";
import { json, minutes, succeeded } from "./ran.ts";

let checkout: Checkout;
const sandbox = (): string => join(checkout.dir, ".sandbox");
const play = async (yaml: string): Promise<void> => await setFaults(sandbox(), readFaults(yaml, "faults.yml"));
const clear = async (): Promise<void> => await play("[]");
/** How many faults of each rule the calls met. */
const played = async (): Promise<number[]> => (await listFaults(sandbox())).map((one) => one.played);

const up = async (stack: string): Promise<Ran> =>
  await checkout.pulumi("up", "--yes", "--non-interactive", "--skip-preview", "--stack", stack);
const said = (ran: Ran): string => ran.stdout + ran.stderr;
/** What a command ended with: its code, the cause and the next step. */
const ending = ({ code, stderr }: Ran): string => `exit code ${code}${`\n${stderr}`.slice(`\n${stderr}`.lastIndexOf("\nmlops: "))}`;

const aml = "Microsoft.MachineLearningServices/workspaces";

/** The first try of every single call fails, in each service by another way. */
const firstTries = `
- { call: { service: entra }, per: path, first: 1, answer: { status: 503 } }
- { call: { method: [GET, HEAD] }, per: path, first: 1, answer: { status: 429, retryAfter: 1 } }
- { call: { method: [PUT, PATCH, POST] }, per: path, first: 1, drop: after }
- { call: { method: DELETE }, per: path, first: 1, answer: { status: 500 } }
- { call: { service: machinelearning }, per: path, first: 1, answer: { status: 500 } }
- { call: { service: graph }, per: path, first: 1, answer: { status: 503 } }
- { call: { service: blob }, per: path, first: 1, answer: { status: 503 } }
- { call: { service: vault }, per: path, first: 1, drop: before }
- { call: { service: events }, per: path, first: 1, answer: { status: 503 } }
`;
/** As on a network that loses connections now and then, and is slow. */
const weather = `
- { slow: 0.1 }
- { call: { method: [GET, HEAD, PUT, DELETE], path: /subscriptions/* }, probability: 0.1, seed: 3, drop: before }
- { call: { method: GET, path: /subscriptions/* }, probability: 0.05, seed: 8, drop: midway }
- { call: { service: machinelearning }, probability: 0.05, seed: 4, answer: { status: 503 } }
- { call: { service: blob, method: [GET, HEAD] }, probability: 0.1, seed: 5, drop: before }
- { call: { service: entra }, probability: 0.2, seed: 6, answer: { status: 500 } }
`;

beforeAll(async () => {
  checkout = copyCheckout();
  succeeded(await checkout.mlops("sandbox", "start"));
  // The stacks are made, so that plain pulumi can be typed.
  succeeded(await checkout.mlops("sandbox", "env"));
}, 4 * minutes);
afterAll(() => checkout.dispose(), minutes);

test(
  "a new stage: names that are taken, or held by something deleted, and no quota, each with what to do",
  async () => {
    succeeded(await up("shared"));
    const cases: readonly [string, RegExp, RegExp][] = [
      [
        "- { call: { type: Microsoft.Storage/storageAccounts }, refuse: nameTaken }",
        /StorageAccountAlreadyTaken.*is already taken/,
        /prefix/,
      ],
      [
        "- { call: { type: Microsoft.KeyVault/vaults }, refuse: nameSoftDeleted }",
        /already exists in deleted state/,
        /az keyvault recover \| purge/,
      ],
      [`- { call: { type: ${aml} }, refuse: nameSoftDeleted }`, /Soft-deleted workspace exists/, /az ml workspace delete/],
      [`- { call: { type: ${aml}/computes }, refuse: quota }`, /ClusterMinNodesExceedCoreQuota.*vCPU quota of 0/, /compute\.size/],
    ];
    for (const [faults, cause, next] of cases) {
      await play(faults);
      const end = ending(await checkout.mlops("train"));
      expect(end).toMatch(/^exit code 1\nmlops: /);
      expect(end).toMatch(cause);
      expect(end).toMatch(next);
    }
    await clear();
    succeeded(await up("dev"));
  },
  8 * minutes,
);

test(
  "roles that hold only after a while: a stage from nothing waits for them, uploads too",
  async () => {
    succeeded(await checkout.mlops("destroy", "--stage", "dev", "--yes"));
    await play("- rolesHoldAfter: 15");
    expect(said(succeeded(await up("dev")))).toMatch(/waiting 15 s for the new roles to hold/);
    await clear();
  },
  8 * minutes,
);

test(
  "every call fails at its first try: preview, destroy, and the whole main job from nothing get through",
  async () => {
    await play(firstTries);
    expect(said(succeeded(await checkout.pulumi("preview", "--non-interactive", "--stack", "dev")))).toMatch(/unchanged/);
    succeeded(await checkout.mlops("destroy", "--stage", "dev", "--yes"));
    const destroyed = await played();
    await play(firstTries);
    const started = json(await checkout.mlops("start", "--deploy", "--json")) as { deployed: { sample: { status: number } } };
    expect(started.deployed.sample.status).toBe(200);
    const counts = (await played()).map((one, index) => one + destroyed[index]!);
    // All but graph, vault and events are called by these commands.
    expect(counts.flatMap((one, index) => (one > 0 || [5, 7, 8].includes(index) ? [] : [index]))).toEqual([]);
    expect(counts.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(150);
  },
  12 * minutes,
);

test(
  "a deployment: the endpoint's name taken, no quota, a container that does not start, a service that does not answer; then it goes on",
  async () => {
    const deploy = async (): Promise<Ran> => await checkout.mlops("deploy", "--stage", "dev", "--model", "diabetes:1", "--json");
    const endpoints = `${aml}/onlineEndpoints`;
    succeeded(await checkout.pulumi("config", "rm", "modelVersion", "--stack", "dev"));
    succeeded(await up("dev"));
    const cases: readonly [string, RegExp, RegExp][] = [
      [`- { call: { type: ${endpoints} }, refuse: nameTaken }`, /EndpointAlreadyExists/, /endpointName/],
      [`- { call: { type: ${endpoints} }, answer: { status: 503 } }`, /ServiceUnavailable/, /status\.azure\.com/],
      [`- { call: { type: ${endpoints}/deployments }, refuse: quota }`, /OutOfQuota.*Additional needed/, /instance_type/],
      [
        `- { call: { type: ${endpoints}/deployments, method: PUT }, fail: { code: ResourceNotReady, message: User container has crashed or terminated } }`,
        /ResourceNotReady.*User container has crashed/,
        /mlops logs/,
      ],
    ];
    for (const [faults, cause, next] of cases) {
      await play(faults);
      const end = ending(await deploy());
      expect(end).toMatch(/^exit code 1\nmlops: /);
      expect(end).toMatch(cause);
      expect(end).toMatch(next);
    }
    await clear();
    expect(json(await deploy())).toMatchObject({ endpoint: { traffic: { blue: 100 } }, sample: { status: 200 } });
  },
  8 * minutes,
);

test(
  "an endpoint that is busy, ill or not there: invoke says so and what to do; status and logs get through",
  async () => {
    const invoke = async (faults: string): Promise<string> => {
      await play(`- { call: { service: scoring }, ${faults} }`);
      return ending(await checkout.mlops("invoke", "--stage", "dev"));
    };
    expect(await invoke("answer: { status: 429 }")).toMatch(
      /exit code 1\nmlops: the endpoint answered 429\n.*max_concurrent_requests_per_instance/,
    );
    expect(await invoke("answer: { status: 503 }")).toMatch(/exit code 1\nmlops: the endpoint answered 503\n.*mlops status --stage dev/);
    expect(await invoke("drop: before")).toMatch(/exit code 1\nmlops: the endpoint did not answer: .*\n.*mlops status --stage dev/);
    await play(firstTries);
    succeeded(await checkout.mlops("status"));
    succeeded(await checkout.mlops("logs", "--stage", "dev"));
    expect((await played()).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(5);
    await clear();
    succeeded(await checkout.mlops("invoke", "--stage", "dev"));
  },
  5 * minutes,
);

test(
  "sharing: a copy that fails says so, the next share goes on",
  async () => {
    await play(
      `- { call: { service: machinelearning, method: POST, path: "*/import" }, first: 1, fail: { code: CopyFailed, message: the registry's storage was busy } }`,
    );
    expect(ending(await checkout.mlops("share"))).toMatch(/exit code 1\nmlops: [^]*CopyFailed: the registry's storage was busy/);
    await clear();
    expect(succeeded(await checkout.mlops("share")).code).toBe(0);
  },
  5 * minutes,
);

test(
  "bad weather: another training and deployment get through, and plain pulumi sees no changes afterwards",
  async () => {
    await play(weather);
    succeeded(await checkout.mlops("start", "--deploy", "--json"));
    await clear();
    succeeded(await up("dev"));
    expect(said(await checkout.pulumi("preview", "--non-interactive", "--stack", "dev", "--expect-no-changes"))).toMatch(/unchanged/);
    expect(readFileSync(join(sandbox(), "sandbox.log"), "utf8")).not.toContain("unhandled");
  },
  8 * minutes,
);

test(
  "bad weather all the way: share, qa, approval, prod, a second release and back again",
  async () => {
    const ann = await checkout.as("ann");
    for (const [key, value] of [
      ["maxP95Ms", "20000"],
      ["bakeSeconds", "1"],
    ] as const)
      succeeded(await checkout.pulumi("config", "set", "--path", `azure-mlops:rollout.${key}`, value, "--stack", "prod"));
    const deploy = async (stage: string): Promise<Ran> =>
      succeeded(await checkout.mlops("deploy", "--stage", stage, "--release", "release.json", "--json"));
    const toProd = async (): Promise<void> => {
      succeeded(await checkout.mlops("share"));
      await deploy("qa");
      succeeded(await ann.mlops("approve", "--release", "release.json", "--yes"));
      await deploy("prod");
    };
    await play(weather);
    await toProd();
    succeeded(await checkout.mlops("train", "--no-up", "--set", "inputs.alpha=0.9"));
    await toProd();
    const back = json(await checkout.mlops("rollback", "--reason", "bad weather", "--json"));
    expect(back).toMatchObject({ from: expect.stringMatching(/^diabetes-/), to: expect.stringMatching(/^diabetes-/) });
    expect((await played()).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(100);
    await clear();
  },
  20 * minutes,
);
