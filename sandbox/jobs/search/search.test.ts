// Search spaces, policies and sweep jobs.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { jobSandbox, type JobSandbox } from "../testing.ts";
import { isDue, readPolicy, verdict } from "./policies.ts";
import { readSpace, sample } from "./sampling.ts";

const space = readSpace({
  lr: ["loguniform", [-6, -1]],
  layers: ["choice", [[1, 2, 3]]],
  width: { type: "quniform", min_value: 8, max_value: 64, q: 8 },
  noise: ["normal", [10, 2]],
  index: ["randint", [4]],
});

test.each(["random", "sobol"] as const)("draws %s values inside the space, the same for the same seed", (rule) => {
  const points = sample(space, { kind: "random", rule, seed: 7 }, 200);
  expect(sample(space, { kind: "random", rule, seed: 7 }, 200)).toEqual(points);
  expect(sample(space, { kind: "random", rule, seed: 8 }, 200)).not.toEqual(points);
  for (const { lr, layers, width, index } of points) {
    expect(Math.log(Number(lr))).toBeGreaterThanOrEqual(-6);
    expect(Math.log(Number(lr))).toBeLessThanOrEqual(-1);
    expect([1, 2, 3]).toContain(layers);
    expect(Number(width) % 8).toBe(0);
    expect([0, 1, 2, 3]).toContain(index);
  }
  const noise = points.map((point) => Number(point["noise"]));
  const mean = noise.reduce((sum, one) => sum + one, 0) / noise.length;
  const spread = Math.sqrt(noise.reduce((sum, one) => sum + (one - mean) ** 2, 0) / noise.length);
  expect(Math.abs(mean - 10)).toBeLessThan(0.5);
  expect(Math.abs(spread - 2)).toBeLessThan(0.4);
});

test("a grid is every combination, and takes choices only", () => {
  const choices = readSpace({ a: ["choice", [[1, 2]]], b: { type: "choice", values: ["x", "y", "z"] } });
  expect(sample(choices, { kind: "grid", rule: "random", seed: 0 }, 100)).toHaveLength(6);
  expect(sample(choices, { kind: "grid", rule: "random", seed: 0 }, 4)).toHaveLength(4);
  expect(() => sample(space, { kind: "grid", rule: "random", seed: 0 }, 4)).toThrow(/lr: grid sampling takes choices only/);
  expect(() => readSpace({ lr: ["uniform", [2, 1]] })).toThrow(/min_value 2 is above max_value 1/);
  expect(() => readSpace({ lr: ["zipf", [2]] })).toThrow(/"zipf" is not a distribution/);
});

test("policies end what is worse than they allow", () => {
  const up = { name: "acc", goal: "maximize" } as const;
  const down = { name: "loss", goal: "minimize" } as const;
  const bandit = readPolicy({ policyType: "Bandit", slackFactor: 0.1, evaluationInterval: 1 })!;
  expect(verdict(bandit, up, [0.7], [[0.8]])).toMatch(/outside the slack/);
  expect(verdict(bandit, up, [0.75], [[0.8]])).toBeUndefined();
  expect(verdict(bandit, down, [1.2], [[1]])).toMatch(/outside the slack/);
  expect(verdict(bandit, down, [1.05], [[1]])).toBeUndefined();
  const amount = readPolicy({ type: "bandit", slack_amount: 0.2, delay_evaluation: 3, evaluation_interval: 2 })!;
  expect(verdict(amount, up, [0.7], [[0.8]])).toBeUndefined();
  expect([1, 2, 3, 4].map((count) => isDue(amount, count, 0))).toEqual([false, false, true, true]);
  const median = readPolicy({ policyType: "MedianStopping" })!;
  expect(verdict(median, up, [0.1, 0.2], [[0.5, 0.6], [0.3, 0.4], [0.1]])).toMatch(/median/);
  expect(verdict(median, up, [0.1, 0.9], [[0.5, 0.6], [0.3, 0.4], [0.1]])).toBeUndefined();
  const cut = readPolicy({ policyType: "TruncationSelection", truncationPercentage: 50 })!;
  expect(verdict(cut, up, [0.1], [[0.5], [0.6], [0.7]])).toMatch(/worst 50 %/);
  expect(verdict(cut, up, [0.65], [[0.5], [0.6], [0.7]])).toBeUndefined();
  expect(() => readPolicy({ policyType: "Bandit" })).toThrow(/slack_factor or slack_amount/);
});

/** Reports `x` so many times, then writes it to its output. Needs no packages. */
const trial = `
import json, os, ssl, sys, time, urllib.request
x, times, pause = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for step in range(times):
    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "loss", "value": x, "step": step, "timestamp": int(time.time() * 1000)}
    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(),
        {"authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "content-type": "application/json"})
    urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    time.sleep(pause)
open(os.path.join(sys.argv[4], "x.txt"), "w").write(sys.argv[1])
`;
const command = "python trial.py ${{search_space.x}} ${{inputs.times}} ${{inputs.pause}} ${{outputs.model}}";

let kit: JobSandbox;
let code: string;
beforeAll(async () => {
  kit = await jobSandbox(3);
  code = await kit.code("trial", { "trial.py": trial });
}, 60_000);
afterAll(async () => {
  await kit?.sandbox.stop();
});

const sweep = (more: object): object => ({
  jobType: "Sweep",
  computeId: "cpu-cluster",
  experimentName: "tests",
  searchSpace: { x: ["choice", [[3, 1, 2]]] },
  samplingAlgorithm: { samplingAlgorithmType: "Grid" },
  objective: { goal: "minimize", primaryMetric: "loss" },
  limits: { jobLimitsType: "Sweep", maxTotalTrials: 3, maxConcurrentTrials: 2 },
  trial: { codeId: code, command, environmentId: "azureml:empty:1" },
  inputs: { times: { jobInputType: "literal", value: "1" }, pause: { jobInputType: "literal", value: "0" } },
  outputs: { model: { jobOutputType: "uri_folder" } },
  ...more,
});

test("a sweep tries every value, and its output is the best trial's", async () => {
  await kit.submit("grid", sweep({}));
  const job = await kit.until("grid", "Completed");
  expect(job["properties"]).toMatchObject({ best_child_run_id: "grid_1", score: "1" });
  expect(await kit.text("workspaceblobstore", "azureml/grid/model/x.txt")).toBe("1");
  const trials = await kit.children("grid");
  expect(trials.map(({ runId, status }) => `${runId} ${status}`).toSorted((a, b) => a.localeCompare(b))).toEqual(
    ["grid_0", "grid_1", "grid_2"].map((name) => `${name} Completed`),
  );
  expect((await kit.job("grid_2"))["jobType"]).toBe("Command");
  const listed = (await kit.sandbox.call("GET", `${kit.workspace}/jobs?api-version=2024-01-01-preview`)).body as {
    value: { name: string }[];
  };
  expect(listed.value.map(({ name }) => name)).not.toContain("grid_2");
  const model = await kit.put("models/found/versions/1", { modelType: "custom_model", modelUri: "azureml://jobs/grid_1/outputs/model" });
  expect(model.status).toBe(201);
  const { logFiles } = await kit.details("grid");
  expect(await (await fetch(logFiles["azureml-logs/hyperdrive.txt"]!)).text()).toContain("best trial: grid_1 with loss 1");
}, 60_000);

test("a policy ends the trial that lags", async () => {
  await kit.submit(
    "bandit",
    sweep({
      searchSpace: { x: ["choice", [[1, 9]]] },
      inputs: { times: { jobInputType: "literal", value: "20" }, pause: { jobInputType: "literal", value: "0.3" } },
      earlyTermination: { policyType: "Bandit", slackFactor: 0.5, evaluationInterval: 2, delayEvaluation: 2 },
    }),
  );
  await kit.until("bandit", "Completed");
  const status = Object.fromEntries((await kit.children("bandit")).map((run) => [run.runId, run.status]));
  expect(status).toEqual({ bandit_0: "Completed", bandit_1: "Canceled" });
}, 60_000);

test("a killed sandbox goes on with the trials that were not through", async () => {
  await kit.submit(
    "cut",
    sweep({ inputs: { times: { jobInputType: "literal", value: "3" }, pause: { jobInputType: "literal", value: "0.5" } } }),
  );
  while ((await kit.children("cut")).every(({ status }) => status !== "Completed"))
    await new Promise((resolve) => setTimeout(resolve, 100));
  kit.sandbox.kill();
  await kit.sandbox.restart();
  expect((await kit.until("cut", "Completed"))["properties"]).toMatchObject({ best_child_run_id: "cut_1" });
  expect(await kit.children("cut")).toHaveLength(3);
}, 60_000);

test("cancelling ends every trial", async () => {
  await kit.submit(
    "stopped",
    sweep({ inputs: { times: { jobInputType: "literal", value: "1" }, pause: { jobInputType: "literal", value: "60" } } }),
  );
  while ((await kit.children("stopped")).every(({ status }) => status !== "Running"))
    await new Promise((resolve) => setTimeout(resolve, 100));
  await kit.sandbox.call("POST", `${kit.workspace}/jobs/stopped/cancel`);
  await kit.until("stopped", "Canceled");
  for (const { status } of await kit.children("stopped")) expect(status).toBe("Canceled");
}, 60_000);

test("a sweep inside a pipeline hands its best output on", async () => {
  await kit.submit("piped", {
    jobType: "Pipeline",
    experimentName: "tests",
    settings: { default_compute: "cpu-cluster" },
    outputs: { text: { jobOutputType: "uri_folder" } },
    jobs: {
      search: {
        type: "sweep",
        search_space: { x: { type: "choice", values: [5, 4] } },
        sampling_algorithm: "grid",
        objective: { goal: "minimize", primary_metric: "loss" },
        limits: { max_total_trials: 2, max_concurrent_trials: 2 },
        trial: {
          properties: {
            componentSpec: {
              type: "command",
              code,
              environment: "azureml:empty:1",
              command: "python trial.py ${{inputs.x}} 1 0 ${{outputs.model}}",
              inputs: { x: { type: "number" } },
              outputs: { model: { type: "uri_folder" } },
            },
          },
        },
        outputs: {},
      },
      show: {
        type: "command",
        command: "cp ${{inputs.model}}/x.txt ${{outputs.text}}/",
        environment: "azureml:empty:1",
        inputs: { model: { job_input_type: "literal", value: "${{parent.jobs.search.outputs.model}}" } },
        outputs: { text: { type: "uri_folder", value: "${{parent.outputs.text}}" } },
      },
    },
  });
  await kit.until("piped", "Completed");
  expect(await kit.text("workspaceblobstore", "azureml/piped/text/x.txt")).toBe("4");
}, 60_000);

test.each([
  ["bayesian sampling", { samplingAlgorithm: { samplingAlgorithmType: "Bayesian" } }, 501, /bayesian is not modelled/],
  ["no metric", { objective: { goal: "minimize" } }, 400, /objective needs a primary_metric/],
  [
    "a value the space lacks",
    { trial: { command: "echo ${{search_space.x}} ${{inputs.y}}", environmentId: "azureml:empty:1" } },
    400,
    /no such input/,
  ],
])("refuses %s", async (_, more, status, message) => {
  const answer = await kit.put(`jobs/bad-${status}-${message.source.length}`, sweep(more));
  expect(answer.status).toBe(status);
  expect(answer.body.error.message).toMatch(message);
});
