// The main job as a user runs it: `npm start` from nothing and again, plain Pulumi beside it, and the sandbox killed in the middle.
import { afterAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { minutes, succeeded, until } from "./ran.ts";

const copies: Checkout[] = [];
const copy = (): Checkout => {
  const made = copyCheckout();
  copies.push(made);
  return made;
};
afterAll(() => Promise.all(copies.map((made) => made.dispose())), minutes);

const killSandbox = (checkout: Checkout): void => {
  const { pid } = JSON.parse(readFileSync(join(checkout.dir, ".sandbox", "sandbox.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
};

interface Started {
  readonly model: { name: string; version: string };
  readonly metrics: readonly { step: string; name: string; value: number }[];
  readonly deployed: { endpoint: { traffic: Record<string, number>; scoringUri: string }; sample: { status: number; body: number[] } };
}

test(
  "npm start from nothing and again; then plain Pulumi sees no changes; destroy and up make the same names again",
  async () => {
    const checkout = copy();
    const first = JSON.parse(succeeded(await checkout.mlops("start", "--json")).stdout) as Started;
    expect(first.model).toMatchObject({ name: "diabetes", version: "1" });
    expect(first.metrics.find(({ name }) => name === "r2")?.value).toBeGreaterThan(0.3);
    expect(first.deployed.endpoint.traffic).toEqual({ blue: 100 });
    expect(first.deployed.sample.status).toBe(200);
    expect(JSON.stringify(first.deployed.sample.body)).toMatch(/\d/);
    expect(readFileSync(join(checkout.dir, "Pulumi.dev.yaml"), "utf8")).toMatch(/azure-mlops:modelVersion: "1"/);

    for (const stack of ["shared", "dev"]) {
      const again = succeeded(await checkout.pulumi("up", "--yes", "--non-interactive", "--stack", stack, "--expect-no-changes"));
      expect(again.stdout).toMatch(/unchanged/);
    }
    const second = JSON.parse(succeeded(await checkout.mlops("start", "--json", "--deploy")).stdout) as Started;
    expect(second.model.version).toBe("2");
    expect(second.deployed.sample.status).toBe(200);
    expect(second.deployed.endpoint.scoringUri).toBe(first.deployed.endpoint.scoringUri);

    // The rollout moved the traffic after azure-native had written the endpoint: a refresh sees that, and `up` has nothing to do.
    succeeded(await checkout.pulumi("refresh", "--yes", "--non-interactive", "--stack", "dev"));
    succeeded(await checkout.pulumi("up", "--yes", "--non-interactive", "--stack", "dev", "--expect-no-changes"));
    succeeded(await checkout.mlops("destroy", "--stage", "dev", "--yes"));
    const outputs = await checkout.pulumi("stack", "output", "--stack", "dev");
    expect(outputs.stdout).not.toMatch(/scoringUri/);
    succeeded(await checkout.pulumi("config", "rm", "modelVersion", "--stack", "dev"));
    succeeded(await checkout.pulumi("up", "--yes", "--non-interactive", "--stack", "dev"));
  },
  12 * minutes,
);

test(
  "a sandbox killed during the job and during the deployment: the same command completes",
  async () => {
    const checkout = copy();
    const job = checkout.begin("start", "--json", "--no-deploy");
    await until("a running step", () => /train\s+\S+\s+Running/.test(job.stderr()));
    killSandbox(checkout);
    await job.done;
    const trained = JSON.parse(succeeded(await checkout.mlops("start", "--json", "--no-deploy")).stdout) as Started;
    expect(trained.model.name).toBe("diabetes");

    const model = `${trained.model.name}:${trained.model.version}`;
    const deployment = checkout.begin("deploy", "--stage", "dev", "--model", model, "--json");
    // The deployment comes right after its endpoint and takes seconds: its environment is built, its server starts.
    await until("the endpoint", () => /OnlineEndpoint dev-endpoint created/.test(deployment.stderr()));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    killSandbox(checkout);
    expect((await deployment.done).code).not.toBe(0);
    const deployed = JSON.parse(
      succeeded(await checkout.mlops("deploy", "--stage", "dev", "--model", model, "--json")).stdout,
    ) as Started["deployed"];
    expect(deployed.sample.status).toBe(200);
    expect(deployed.endpoint.traffic).toEqual({ blue: 100 });
  },
  12 * minutes,
);
