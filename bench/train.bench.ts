// The release train with Azure's latencies: a second release from its training to all of prod's traffic, then back; a client counts what is lost.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { connect } from "../azure/client.ts";
import { apiVersions } from "../azure/ids.ts";
import { openWorkspace, type StageOutputs } from "../release/flow/workspace.ts";
import { sandboxTarget } from "../release/target.ts";
import { type Checkout, copyCheckout } from "../test/checkout.ts";
import type { Figure } from "./figures.ts";
import { SCALE, seconds } from "./latencies.ts";
import { json, must } from "./must.ts";

/** Seconds that each step of the canary is watched: the five minutes of Pulumi.prod.yaml, scaled. */
const BAKE = 300 / SCALE;
const STEPS = 3;
const PER_SECOND = 50;

type Report = (line: string) => void;

export async function measure(report: Report): Promise<Figure[]> {
  const copy = copyCheckout();
  let client: Client | undefined;
  try {
    const { ann, endpoint } = await firstRelease(copy, report);
    must(await copy.mlops("sandbox", "stop"));
    must(await copy.mlops("sandbox", "start", "--profile", "azure", "--scale", String(SCALE)));
    report(`a second release, with Azure's latencies divided by ${SCALE}`);
    const watch = stopwatch(report);

    const trained = await watch("train", () => copy.mlops("train", "--set", "inputs.alpha=0.9", "--json"));
    must(await watch("share", () => copy.mlops("share")));
    // Nothing waits for auto: it is served beside the way to prod.
    const auto = watch("auto (beside the others)", () => copy.mlops("deploy", "--stage", "auto", "--release", "release.json"));
    must(await watch("qa", () => copy.mlops("deploy", "--stage", "qa", "--release", "release.json")));
    must(await watch("approve", () => ann.mlops("approve", "--release", "release.json", "--yes")));
    client = await steadyClient(copy, endpoint);
    const deployBegan = Date.now();
    must(await watch("prod", () => copy.mlops("deploy", "--stage", "prod", "--release", "release.json")));
    const deployEnded = Date.now();
    const whole = watch.total();
    must(await auto);

    const backBegan = Date.now();
    must(await watch("rollback", () => copy.mlops("rollback", "--stage", "prod", "--reason", "answers are off")));
    const backEnded = Date.now();
    const load = await client.stop();
    const jobs = await jobSeconds(copy, (json(trained) as { job: string }).job);
    return [...wholeTrain(whole, jobs, report), ...goingBack(load, { deployBegan, deployEnded, backBegan, backEnded }, report)];
  } finally {
    client?.kill();
    await copy.dispose();
  }
}

/** Everything stands, and prod serves a release, as on every day but the first. Without latencies, for nothing is measured here. */
async function firstRelease(copy: Checkout, report: Report): Promise<{ ann: Pick<Checkout, "mlops">; endpoint: string }> {
  report("a first release, from nothing to prod");
  must(await copy.mlops("start", "--json", "--no-deploy"));
  must(await copy.pulumi("stack", "init", "prod", "--no-select"));
  for (const [key, value] of [
    ["rollout.bakeSeconds", String(BAKE)],
    ["rollout.maxP95Ms", "5000"],
    // The sample takes 4 requests at once; a service that gets 50 a second says so.
    ["deploymentSet[0]", "request_settings.max_concurrent_requests_per_instance=50"],
  ] as const)
    must(await copy.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", "prod"));
  must(await copy.mlops("share"));
  const stages = ["auto", "qa"].map((stage) => copy.mlops("deploy", "--stage", stage, "--release", "release.json"));
  for (const done of await Promise.all(stages)) must(done);
  const ann = await copy.as("ann");
  must(await ann.mlops("approve", "--release", "release.json", "--yes"));
  const { endpoint } = json(await copy.mlops("deploy", "--stage", "prod", "--release", "release.json", "--json")) as {
    endpoint: { id: string };
  };
  return { ann, endpoint: endpoint.id };
}

interface Stopwatch {
  <T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Seconds since it was made. */
  total(): number;
}

function stopwatch(report: Report): Stopwatch {
  const made = performance.now();
  const since = (began: number): number => (performance.now() - began) / 1000;
  const time = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await work();
    report(`${what}: ${since(began).toFixed(1)} s`);
    return done;
  };
  return Object.assign(time, { total: () => since(made) });
}

/** Seconds of the training job and of the gate's smoke test, as their runs say: made until ended. What they take is the project's own. */
async function jobSeconds(copy: Checkout, training: string): Promise<number> {
  const { env } = await sandboxTarget(copy.dir);
  const outputs = JSON.parse(must(await copy.pulumi("stack", "output", "--json", "--stack", "dev")).stdout) as StageOutputs;
  const workspace = openWorkspace(await connect(env), "dev", outputs);
  const { azure } = workspace;
  type Job = { name: string; properties: { experimentName?: string }; systemData?: { createdAt?: string } };
  const jobs: Job[] = [];
  for await (const job of azure.list<Job>(`${workspace.id}/jobs`, { apiVersion: apiVersions.machineLearning })) jobs.push(job);
  const made = (job: Job): string => job.systemData?.createdAt ?? "";
  const smoke = jobs
    .filter(({ properties }) => properties.experimentName === "release-gate")
    .toSorted((a, b) => (made(a) < made(b) ? -1 : 1))
    .at(-1);
  if (!smoke) throw new Error("the gate's smoke test left no job of the experiment release-gate");
  const history = await workspace.history();
  const took = async (job: string): Promise<number> => {
    type Run = { createdUtc: string; endTimeUtc: string };
    const run = await azure.get<Run>(`${history}/runs/${job}`, { scope: azure.cloud.resourceManagerScope });
    return (Date.parse(run.endTimeUtc) - Date.parse(run.createdUtc)) / 1000;
  };
  return (await took(training)) + (await took(smoke.name));
}

function wholeTrain(whole: number, jobs: number, report: Report): Figure[] {
  const release = seconds.share + seconds.registryVersion + 2 * seconds.deployment + STEPS * (seconds.endpoint + BAKE);
  const path = jobs + release;
  report(
    `${whole.toFixed(1)} s; critical path ${path.toFixed(1)} s: jobs ${jobs.toFixed(1)} → import and label of the model ${(seconds.share + seconds.registryVersion).toFixed(2)} → ` +
      `qa's deployment ${seconds.deployment} → prod's deployment ${seconds.deployment} → ${STEPS} × (traffic ${seconds.endpoint} + watching ${BAKE})`,
  );
  return [
    {
      name: "release train, from training to all of prod's traffic, against its critical path",
      value: whole / path,
      unit: "×",
      atMost: 1.2,
      how:
        `a second release, six commands, ${whole.toFixed(1)} s against ${path.toFixed(1)} s, latencies and the canary's watching scaled ${SCALE}×, one run; ` +
        `in the path: training job and smoke test as they ran (${jobs.toFixed(1)} s), import of the model, deployments of qa and prod, ${STEPS} steps of the canary`,
    },
  ];
}

interface Load {
  readonly sent: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly reasons: readonly string[];
  readonly answers: readonly (readonly [number, string | null])[];
}

function goingBack(
  { sent, failed, reasons, answers }: Load,
  times: { deployBegan: number; deployEnded: number; backBegan: number; backEnded: number },
  report: Report,
): Figure[] {
  const { deployBegan, deployEnded, backBegan, backEnded } = times;
  const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
  if (lost > 0) report(`lost ${JSON.stringify(failed)}: ${reasons.join("; ")}`);
  const lastOf = (slot: string, until: number): number =>
    Math.max(...answers.filter(([at, who]) => who === slot && at <= until).map(([at]) => at));
  const there = lastOf("blue", backBegan) - deployBegan;
  const back = lastOf("green", backEnded) - backBegan;
  if (!(there > 0 && back > 0)) throw new Error("the client was not answered by both slots; nothing can be said of the rollback");
  const [deploying, goingBack] = [deployEnded - deployBegan, backEnded - backBegan];
  const s = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  report(`callers had the new release after ${s(there)}, the old one again after ${s(back)}`);
  return [
    {
      name: "rollback of prod until callers get only the release before, against deploying a release there",
      value: back / there,
      unit: "×",
      atMost: 0.05,
      how: `from the command's start, ${s(back)} against ${s(there)}, as a client sees it that sends ${PER_SECOND} requests a second`,
    },
    {
      name: "rollback of prod to the command's end (record and stack say so too), against that of the deployment",
      value: goingBack / deploying,
      unit: "×",
      how: `${s(goingBack)} against ${s(deploying)}; one write of the endpoint is ${seconds.endpoint} s of it`,
    },
    {
      name: `requests lost during canary and rollback, ${PER_SECOND} sent a second`,
      value: lost,
      unit: "",
      atMost: 0,
      how: `${sent} sent in one run`,
    },
  ];
}

interface Client {
  stop(): Promise<Load>;
  kill(): void;
}

/** A process of its own, so that nothing else holds it up. */
async function steadyClient(copy: Checkout, endpoint: string): Promise<Client> {
  const env = { ...process.env, ...(json(await copy.mlops("sandbox", "env", "--json")) as Record<string, string>) };
  const args = [
    join(import.meta.dirname, "../test/steady.ts"),
    endpoint,
    join(copy.dir, "project/deploy/sample-request.json"),
    String(PER_SECOND),
  ];
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the steady client ended at once")));
  });
  return {
    kill: () => void child.kill(),
    async stop() {
      child.stdin.end();
      await ended;
      return JSON.parse(said.trim().split("\n").at(-1)!) as Load;
    },
  };
}
