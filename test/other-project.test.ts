// Somebody else's project in place of project/: other file names, inline environments and jobs, a model that is the job's output, no
// scoring script, no gate.
import { afterAll, expect, test } from "@jest/globals";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { copyCheckout } from "./checkout.ts";

const minutes = 60_000;
const checkout = copyCheckout();
afterAll(() => checkout.dispose(), minutes);

test(
  "it trains, is registered from the job's output under the deployment's model name, and serves without a scoring script",
  async () => {
    rmSync(join(checkout.dir, "project"), { recursive: true });
    cpSync(join(import.meta.dirname, "other-project"), join(checkout.dir, "project"), { recursive: true });
    const ran = await checkout.mlops("start", "--json");
    if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-6000)}`);
    const started = JSON.parse(ran.stdout) as {
      model: { name: string; version: string };
      metrics: { step: string; name: string; value: number }[];
      release?: unknown;
      deployed: { sample: { status: number; body: unknown } };
    };
    expect(started.model).toMatchObject({ name: "iris", version: "1" });
    expect(started.metrics).toContainEqual({ step: "fit", name: "accuracy", value: 1 });
    expect(started.release).toBeUndefined();
    expect(started.deployed.sample).toMatchObject({ status: 200, body: [1] });
  },
  6 * minutes,
);
