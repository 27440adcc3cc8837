// Automated ML as people run it: a search, its release, dev, the registry and qa; and the pipeline's next model behind the same endpoint.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { json, minutes, refused, succeeded } from "./ran.ts";

interface Manifest {
  readonly id: string;
  readonly digest: string;
  readonly signature?: unknown;
  readonly run: { readonly variant: string; readonly metrics: Record<string, number>; readonly parameters: Record<string, string> };
  readonly gate: { readonly verdicts: readonly { readonly rule: string }[] };
  readonly data: readonly { readonly name: string; readonly version: string }[];
}
interface Trained {
  readonly job: string;
  readonly release: Manifest;
}
interface Deployed {
  readonly sample: { readonly status: number; readonly body: readonly number[] };
  readonly acceptance?: { readonly passed: boolean; readonly results: readonly { readonly file: string }[] };
}
let checkout: Checkout;
let trained: Trained;
const variantIn = (stage: string): string | undefined =>
  /azure-mlops:variant: (\w+)/.exec(readFileSync(join(checkout.dir, `Pulumi.${stage}.yaml`), "utf8"))?.[1];

beforeAll(async () => {
  checkout = copyCheckout();
  const small = ["--set", "limits.max_trials=3", "--set", "n_cross_validations=3"];
  trained = json(await checkout.mlops("start", "--automl", ...small, "--no-deploy", "--json")) as Trained;
}, 8 * minutes);
afterAll(() => checkout.dispose(), minutes);

test("a search ends as a signed release with its best trial's evidence, judged by its own gate", () => {
  const { release } = trained;
  expect(release).toMatchObject({
    id: "diabetes-1",
    signature: { algorithm: "ES256" },
    run: { variant: "automl", parameters: { task: "Regression", trials: "3", best_trial: expect.stringMatching(`^${trained.job}_`) } },
    data: [{ name: "diabetes-table", version: "1" }],
  });
  expect(release.run.metrics["r2_score"]).toBeGreaterThan(0.4);
  expect(release.gate.verdicts.map(({ rule }) => rule)).toEqual([
    "metrics.r2_score",
    "metrics.root_mean_squared_error",
    "metrics.spearman_correlation",
    "live.root_mean_squared_error",
    "smoke_test",
  ]);
});

test(
  "the same job again, without a flag, is the same release; a flag about a job to submit is refused beside it",
  async () => {
    const again = json(await checkout.mlops("train", "--job", trained.job, "--json")) as Trained;
    expect(again.release.digest).toBe(trained.release.digest);
    refused(await checkout.mlops("train", "--job", trained.job, "--automl"), /are about a job to submit/, 2);
  },
  2 * minutes,
);

test(
  "dev serves it without a scoring script, known by its job; qa by the release, with acceptance requests of its own",
  async () => {
    const dev = json(await checkout.mlops("deploy", "--stage", "dev", "--json")) as Deployed;
    expect(dev.sample).toMatchObject({ status: 200, body: [expect.any(Number), expect.any(Number)] });
    expect(variantIn("dev")).toBe("automl");
    succeeded(await checkout.mlops("share"));
    const qa = json(await checkout.mlops("deploy", "--stage", "qa", "--release", "release.json", "--json")) as Deployed;
    expect(qa.acceptance).toMatchObject({
      passed: true,
      results: [{ file: "1-typical-patients.json" }, { file: "2-much-heavier-is-worse.json" }],
    });
    expect(variantIn("qa")).toBe("automl");
  },
  6 * minutes,
);

test(
  "the pipeline's next model follows it behind the same endpoints, with its scoring script",
  async () => {
    const next = json(await checkout.mlops("train", "--no-up", "--json")) as Trained;
    expect(next.release).toMatchObject({ id: "diabetes-2", run: { variant: "pipeline" } });
    succeeded(await checkout.mlops("deploy", "--stage", "dev", "--json"));
    expect(variantIn("dev")).toBeUndefined();
    succeeded(await checkout.mlops("share"));
    const qa = json(await checkout.mlops("deploy", "--stage", "qa", "--release", "diabetes-2", "--json")) as Deployed;
    expect(qa.acceptance).toMatchObject({ passed: true, results: [{}, {}, { file: "3-missing-feature.json" }] });
    expect(variantIn("qa")).toBeUndefined();
  },
  6 * minutes,
);
