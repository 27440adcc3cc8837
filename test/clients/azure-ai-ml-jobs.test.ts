// azure-ai-ml, unpatched, against a sandbox of its own: jobs, automated ML, schedules, online and batch endpoints. Takes minutes.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SDK_VERSION } from "../sdk/setup.ts";
import { type AzureMl, azureMl } from "./azure-ai-ml.ts";
import { kept } from "./kept.ts";

let ml: AzureMl;
beforeAll(async () => {
  ml = await azureMl();
}, 60_000);
afterAll(async () => await ml.sandbox.stop());

const minute = 60_000;
const completed = { status: "Completed" };
const notModelled = { not_modelled: true };
const succeeded = { state: "Succeeded" };

test(
  "jobs: commands, pipelines, sweeps, and what is done with them; schedules that fire",
  () => {
    const steps = {
      "jobs.create_or_update: command": { name: "count", type: "command" },
      "jobs.stream": { log: true, summary: true },
      "jobs.get": { ...completed, display: "Counts", tags: "ml", experiment: "clients" },
      "jobs.download: all": { count: ["named-outputs/counted/count.txt"], log: true },
      "jobs.download: output": { files: ["named-outputs/counted/count.txt"] },
      "jobs.show_services": { services: [] },
      "jobs.update": { display: "Counted" },
      "jobs.stream: failure": { raised: true, says: true },
      "jobs.begin_cancel": { status: "Canceled" },
      "jobs.archive": { active: ["count", "fails"] },
      "jobs.restore": { active: ["count", "fails", "long"] },
      "jobs.begin_delete": { left: ["count", "long"] },
      "jobs.validate": { passed: true },
      "jobs.create_or_update: pipeline": { ...completed, shows: true },
      "jobs.list: children": { status: ["Completed", "Completed"], named: ["first", "second"] },
      "jobs.create_or_update: output as an asset": { path: true },
      "jobs.download: pipeline's output": { files: ["named-outputs/second/count.txt"] },
      "models.create_or_update: a job's output": { files: ["count.txt"] },
      "jobs.create_or_update: sweep, grid": { ...completed, best: "grid_1", x: ["1"] },
      "jobs.create_or_update: sweep, random": { ...completed, trials: 4 },
      "jobs.create_or_update: sweep, early stop": { ...completed, trials: ["Canceled", "Completed"] },
      "jobs.create_or_update: sweep, bayesian": notModelled,
      "jobs.create_or_update: spark": notModelled,
      "schedules.begin_create_or_update": { frequency: "day", enabled: true },
      "schedules.get": { expression: "* * * * *" },
      "schedules.list": { names: ["cron", "night", "often"] },
      "schedules.begin_create_or_update: fires": { ended: ["Completed", "Completed"] },
      "schedules.begin_disable": { enabled: false },
      "schedules.begin_enable": { enabled: true },
      "schedules.trigger": { ended: "Completed" },
      "schedules.begin_delete": { enabled_refused: true, left: ["night"] },
      "jobs.list": { scheduled: true },
    };
    expect(ml.run("azure_ai_ml_jobs.py", 8)).toEqual(steps);
  },
  9 * minute,
);

test(
  "automated ML on tables",
  () => {
    const steps = {
      "jobs.create_or_update: automl, classification": { ...completed, score: true, best: true, trials: 2 },
      "jobs.download: the best trial's files": { mlmodel: true },
      "models.create_or_update: automl's best model": { type: "mlflow_model" },
      "jobs.create_or_update: automl, regression": { ...completed, score: true },
      "jobs.create_or_update: automl, forecasting": notModelled,
    };
    expect(ml.run("azure_ai_ml_automl.py", 6)).toEqual(steps);
  },
  7 * minute,
);

test(
  "online endpoints",
  () => {
    const steps = {
      "online_endpoints.begin_create_or_update": { auth: "key", ...succeeded },
      "online_deployments.begin_create_or_update": succeeded,
      "online_endpoints.begin_create_or_update: traffic": { traffic: { blue: 100 } },
      "online_endpoints.invoke": { answer: [101, 102] },
      "online_endpoints.invoke: a deployment": { answer: [101, 102] },
      "online_endpoints.begin_create_or_update: split": { traffic: { blue: 90, green: 10 } },
      "online_endpoints.begin_create_or_update: mirror": { mirror: { green: 10 } },
      "online_endpoints.get": { tags: "b" },
      "online_endpoints.list": { names: ["adder-clients"] },
      "online_deployments.list": { names: ["blue", "green"] },
      "online_deployments.get_logs": { ready: true, asked: true },
      "online_deployments.get_logs: storage initializer": { said: true },
      "online_deployments.begin_create_or_update: instances": { count: 2 },
      "online_deployments.get": { count: 2 },
      "online_endpoints.get_keys": { two: true },
      "online_endpoints.begin_regenerate_keys": { changed: [false, true] },
      "online_deployments.begin_delete: with traffic": { refused: true },
      "online_deployments.begin_delete": { left: ["blue"] },
      "online_deployments.begin_create_or_update: broken": { failed: true, says: true },
      "online_endpoints.get_keys: token": { token: true, expires: true },
      "online_endpoints.begin_delete": { gone: true },
    };
    expect(ml.run("azure_ai_ml_online.py", 6)).toEqual(steps);
  },
  7 * minute,
);

test(
  "batch endpoints",
  () => {
    const steps = {
      "batch_endpoints.begin_create_or_update": { description: "adds" },
      "batch_deployments.begin_create_or_update": succeeded,
      "batch_endpoints.begin_create_or_update: default deployment": { default: "first" },
      "batch_endpoints.invoke": { ...completed, rows: ["a.txt,101", "b.txt,102", "c.txt,103"] },
      "batch_endpoints.invoke: a folder from here": completed,
      "batch_endpoints.list_jobs": { jobs: true },
      "batch_deployments.list_jobs": { jobs: 2 },
      "batch_endpoints.get": { auth: "aad_token" },
      "batch_endpoints.list": { names: ["adder-batch"] },
      "batch_deployments.get": { compute: "cpu-cluster" },
      "batch_deployments.list": { names: ["first"] },
      "batch_deployments.begin_delete": { left: [] },
      "batch_endpoints.begin_delete": { left: [] },
    };
    expect(ml.run("azure_ai_ml_batch.py", 4)).toEqual(steps);
  },
  5 * minute,
);

test("what was seen is what the docs' table is made from", () => {
  const [was, is] = kept("azure-ai-ml.jobs", { client: "azure-ai-ml", version: SDK_VERSION, operations: ml.notes.operations });
  expect(was).toEqual(is);
});
