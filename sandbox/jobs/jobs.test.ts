// Jobs against a real sandbox: what runs, what it sees, what is kept, how it ends.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { cluster, commandJob, jobSandbox, processesWith, type JobSandbox } from "./testing.ts";

let kit: JobSandbox;
beforeAll(async () => {
  process.env["MLOPS_TEST_SECRET"] = "host-secret-value";
  kit = await jobSandbox(2);
}, 60_000);
afterAll(async () => await kit.sandbox.stop());

const literal = (value: string) => ({ jobInputType: "literal", value });

test("a command: inputs, outputs, artifacts, assets, log, and nothing of the host's environment", async () => {
  const store = await kit.store("workspaceblobstore");
  await store.getBlockBlobClient("in/a.txt").upload("from the store", 14);
  await kit.put("data/table/versions/1", { dataType: "uri_file", dataUri: "azureml://datastores/workspaceblobstore/paths/in/a.txt" });
  await kit.submit(
    "first",
    commandJob(
      [
        "cat ${{inputs.table}}; echo; echo lr=${{inputs.lr}} $[[n=${{inputs.n}}]] $[[m=${{inputs.m}}]]",
        "touch ${{inputs.folder}}/x 2>/dev/null || echo read-only; cp ${{inputs.table}} ${{outputs.copy}}/b.txt",
        "echo 1,2 > ${{outputs.csv}}; mkdir outputs; echo art > outputs/art.txt; env; echo to-stderr >&2",
      ].join("; "),
      {
        inputs: {
          table: { jobInputType: "uri_file", uri: "azureml:table:1" },
          folder: { jobInputType: "uri_folder", uri: "azureml://datastores/workspaceblobstore/paths/in/", mode: "Download" },
          lr: literal("0.5"),
          m: literal("7"),
        },
        outputs: { copy: { jobOutputType: "uri_folder", assetName: "copied" }, csv: { jobOutputType: "uri_file" } },
        environmentVariables: { MINE: "yes" },
        tags: { a: "b" },
      },
    ),
  );
  const job = await kit.until("first", "Completed");
  const log = await kit.log("first");
  expect(log).toContain("from the store\nlr=0.5 m=7");
  expect(log).not.toMatch(/\[\[|\bn=/);
  expect(log).toContain("to-stderr");
  const env = Object.fromEntries(log.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  expect(env).toMatchObject({
    AZUREML_RUN_ID: "first",
    MLFLOW_RUN_ID: "first",
    AZUREML_ARM_PROJECT_NAME: "tests",
    MINE: "yes",
    AZURE_ML_INPUT_lr: "0.5",
  });
  expect(env["AZURE_ML_OUTPUT_copy"]).toMatch(/copy$/);
  expect(log).not.toContain("host-secret-value");
  expect(log).not.toMatch(/CLIENT_SECRET/);
  expect(job).toMatchObject({
    status: "Completed",
    tags: { a: "b" },
    experimentName: "tests",
    outputs: { copy: { uri: expect.stringContaining("azureml/first/copy/") } },
  });
  expect(await kit.text("workspaceblobstore", "azureml/first/copy/b.txt")).toBe("from the store");
  expect(await kit.text("workspaceblobstore", "azureml/first/csv")).toBe("1,2\n");
  expect(await kit.text("workspaceartifactstore", "ExperimentRun/dcid.first/outputs/art.txt")).toBe("art\n");
  expect(await kit.text("workspaceartifactstore", "ExperimentRun/dcid.first/user_logs/std_log.txt")).toBe(log);
  const asset = await kit.sandbox.call("GET", `${kit.workspace}/data/copied/versions/1`);
  expect(asset.body.properties).toMatchObject({ dataType: "uri_folder", dataUri: expect.stringContaining("/paths/azureml/first/copy/") });
  const resolved = await kit.sandbox.call("POST", `/data/v1.0${kit.workspace}/dataversion/batchGetResolvedUris`, {
    values: Object.values((await kit.details("first")).outputs).map((one) => one.assetId),
  });
  expect(Object.values(resolved.body.values).map((one) => (one as { uri: string }).uri.split("/paths/")[1])).toEqual([
    "azureml/first/copy/",
    "azureml/first/csv",
  ]);
});

test("a failing command: status, code and the log's last lines", async () => {
  await kit.submit("fails", commandJob("echo before; python -c 'import nothing_there'"));
  await kit.until("fails", "Failed");
  const { error } = await kit.details("fails");
  expect(error!.error.code).toBe("UserError");
  expect(error!.error.message).toMatch(
    /Execution failed\. User process 'echo' exited with status code 1.*user_logs\/std_log\.txt[\s\S]*ModuleNotFoundError/,
  );
});

test("logs are read while they grow, from any byte on, by their signed address only", async () => {
  await kit.submit("grows", commandJob("echo one; sleep 1; echo two"));
  await kit.until("grows", "Running");
  let url: string | undefined;
  let early = "";
  for (let attempt = 0; attempt < 100 && !early.includes("one"); attempt++) {
    url = (await kit.details("grows")).logFiles["user_logs/std_log.txt"];
    early = url ? await (await fetch(url)).text() : "";
  }
  expect(early).toBe("one\n");
  await kit.until("grows", "Completed");
  const rest = await fetch(url!, { headers: { range: "bytes=4-" } });
  expect([rest.status, await rest.text()]).toEqual([206, "two\n"]);
  expect((await fetch(url!, { headers: { range: "bytes=8-" } })).status).toBe(416);
  expect((await fetch(url!.replace(/sig=.*/, "sig=wrong"))).status).toBe(403);
});

test("the job's web page shows its state and its logs to who has its address", async () => {
  const { services } = (await kit.job("fails")) as { services: { Studio: { endpoint: string } } };
  const page = await fetch(services.Studio.endpoint);
  const html = await page.text();
  expect(html).toContain("<b>Failed</b>");
  expect(html).toContain("ModuleNotFoundError");
  const log = /href="([^"]+)">user_logs/.exec(html)![1]!.replaceAll("&amp;", "&");
  expect(await (await fetch(log)).text()).toContain("before");
  expect((await fetch(services.Studio.endpoint.replace(/sig=[^&]*/, "sig=x"))).status).toBe(403);
});

test("cancel ends every process of the job, also those that left its group", async () => {
  await kit.submit("long", commandJob("setsid sleep 300 & sleep 300 & echo started; wait"));
  await kit.until("long", "Running");
  while (!(await kit.log("long")).includes("started")) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(processesWith("MLFLOW_RUN_ID=long").length).toBeGreaterThan(2);
  const answer = await kit.sandbox.call("POST", `${kit.workspace}/jobs/long/cancel`, {});
  expect(answer.status).toBe(202);
  expect(answer.headers.get("location")).toContain("operationResults");
  await kit.until("long", "Canceled");
  expect(processesWith("MLFLOW_RUN_ID=long")).toEqual([]);
});

test("a timeout cancels with its reason", async () => {
  await kit.submit("slow", commandJob("sleep 60", { limits: { jobLimitsType: "Command", timeout: "PT1S" } }));
  await kit.until("slow", "Canceled");
  expect((await kit.details("slow")).error!.error.message).toContain("limit of 1 s");
});

async function component(name: string, spec: object): Promise<string> {
  const id = `${kit.workspace}/components/${name}/versions/1`;
  const answer = await kit.put(`components/${name}/versions/1`, {
    componentSpec: { name, version: "1", type: "command", environment: "azureml:empty:1", ...spec },
  });
  if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
  return id;
}

test("a pipeline: steps side by side as the nodes allow, bound outputs, children, registered outputs", async () => {
  const make = await component("make", {
    command: "sleep 1; echo ${{inputs.word}} > ${{outputs.out}}/w.txt",
    inputs: { word: { type: "string" } },
    outputs: { out: { type: "uri_folder" } },
  });
  const join = await component("join", {
    command: "cat ${{inputs.a}}/w.txt ${{inputs.b}}/w.txt > ${{outputs.all}}/all.txt; cat ${{outputs.all}}/all.txt",
    inputs: { a: { type: "uri_folder" }, b: { type: "uri_folder" } },
    outputs: { all: { type: "custom_model" } },
  });
  const bound = (value: string) => ({ job_input_type: "literal", value });
  await kit.submit("pipe", {
    jobType: "Pipeline",
    experimentName: "tests",
    settings: { default_compute: "cpu-cluster" },
    inputs: { word: literal("hello") },
    outputs: { result: { jobOutputType: "custom_model", assetName: "joined" } },
    jobs: {
      join: {
        componentId: join,
        inputs: { a: bound("${{parent.jobs.left.outputs.out}}"), b: bound("${{parent.jobs.right.outputs.out}}") },
        outputs: { all: { value: "${{parent.outputs.result}}", type: "literal" } },
      },
      left: { componentId: make, inputs: { word: bound("${{parent.inputs.word}}") } },
      right: { componentId: make, inputs: { word: bound("two-${{parent.inputs.word}}") } },
      third: { componentId: make, inputs: { word: bound("x") } },
    },
  });
  await kit.until("pipe", "Completed");
  expect(await kit.text("workspaceblobstore", "azureml/pipe/result/all.txt")).toBe("hello\ntwo-hello\n");
  const children = await kit.children("pipe");
  expect(children.map((child) => `${child.name} ${child.status}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "join Completed",
    "left Completed",
    "right Completed",
    "third Completed",
  ]);
  // Two nodes: at no moment do three of the one-second steps run, at some moment two do.
  const spans = children
    .filter((child) => child.name !== "join")
    .map((child) => [Date.parse(child.startTimeUtc), Date.parse(child.endTimeUtc)] as const);
  const most = Math.max(...spans.map(([start]) => spans.filter(([from, to]) => from <= start && start < to).length));
  expect(most).toBe(2);
  const model = await kit.sandbox.call("GET", `${kit.workspace}/models/joined/versions/1`);
  expect(model.body.properties).toMatchObject({
    modelType: "custom_model",
    jobName: children.find((child) => child.name === "join")!.runId,
  });
  const child = await kit.sandbox.call("GET", `${kit.workspace}/jobs/${children[0]!.runId}`);
  expect([child.status, child.body.properties]).toEqual([200, null]);
});

test("a pipeline with a failing step: the others are canceled, the error names the step", async () => {
  const bad = await component("bad", { command: "exit 3", inputs: {}, outputs: {} });
  const slow = await component("slow", { command: "sleep 60", inputs: {}, outputs: {} });
  await kit.submit("broken", {
    jobType: "Pipeline",
    settings: { default_compute: "cpu-cluster" },
    jobs: { bad: { componentId: bad }, slow: { componentId: slow } },
  });
  await kit.until("broken", "Failed");
  expect((await kit.details("broken")).error!.error.message).toMatch(
    /Pipeline has failed child jobs\. Failed nodes: \/bad\..*exited with status code 3/s,
  );
  expect((await kit.children("broken")).map((child) => `${child.name} ${child.status}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "bad Failed",
    "slow Canceled",
  ]);
  const log = await fetch((await kit.details("broken")).logFiles["logs/azureml/executionlogs.txt"]!);
  expect(await log.text()).toMatch(/bad: Failed[\s\S]*Finishing experiment/);
});

test.each([
  ["compute", { computeId: "nowhere" }, /unknown compute target 'nowhere'/],
  ["environment", { environmentId: "azureml:gone:1" }, /azureml:gone:1/],
  ["data", { inputs: { d: { jobInputType: "uri_file", uri: "azureml:gone:1" } } }, /input "d".*gone/],
  ["input", { command: "echo ${{inputs.x}}" }, /no such input/],
  ["nodes", { resources: { instanceCount: 3 } }, /3 nodes.*at most 2/],
])("an unknown %s is refused before anything starts", async (_, more, message) => {
  const answer = await kit.put("jobs/refused", commandJob("true", more));
  expect([answer.status, answer.body.error.code]).toEqual([400, "UserError"]);
  expect(answer.body.error.message).toMatch(message);
  expect((await kit.sandbox.call("GET", `${kit.workspace}/jobs/refused`)).status).toBe(404);
});

test.each(["Spark", "Labeling"])("%s jobs are refused by name", async (jobType) => {
  const answer = await kit.put("jobs/refused", { jobType });
  expect([answer.status, answer.body.error.code]).toEqual([501, "NotModeledInSandbox"]);
  expect(answer.body.error.message).toContain(jobType);
});

test("list newest first, archive, update, delete; a name is used once", async () => {
  await kit.submit("listed1", commandJob("true"));
  await kit.submit("listed2", commandJob("true", { tags: { team: "a" } }));
  await Promise.all([kit.until("listed1", "Completed"), kit.until("listed2", "Completed")]);
  const names = async (query: string) =>
    ((await kit.sandbox.call("GET", `${kit.workspace}/jobs?api-version=2024-01-01-preview${query}`)).body.value as { name: string }[]).map(
      (job) => job.name,
    );
  expect((await names("")).slice(0, 2)).toEqual(["listed2", "listed1"]);
  expect(await names("&tag=team")).toEqual(["listed2"]);
  const archived = await kit.sandbox.call("PATCH", `/history/v1.0${kit.workspace}/experiments/tests/runs/listed1`, {
    hidden: true,
    displayName: "new name",
  });
  expect(archived.status).toBe(200);
  expect(await names("&listViewType=ArchivedOnly")).toEqual(["listed1"]);
  expect(await kit.job("listed1")).toMatchObject({ displayName: "new name", isArchived: true });
  const removed = await kit.sandbox.call("DELETE", `${kit.workspace}/jobs/listed1`);
  expect(removed.status).toBe(202);
  await kit.sandbox.ended(removed);
  expect((await kit.sandbox.call("GET", `${kit.workspace}/jobs/listed1`)).status).toBe(404);
  expect(await names("&listViewType=ArchivedOnly")).toEqual([]);
});

test("jobs beyond the nodes wait their turn", async () => {
  await kit.put("computes/one", cluster(1));
  await kit.submit("turn1", commandJob("sleep 1", { computeId: "one" }));
  await kit.until("turn1", "Running");
  await kit.submit("turn2", commandJob("true", { computeId: "one" }));
  await kit.until("turn2", "Queued");
  await kit.until("turn2", "Completed");
  const [first, second] = (await Promise.all(
    ["turn1", "turn2"].map(async (run) => (await kit.sandbox.call("GET", `/history/v1.0${kit.workspace}/runs/${run}`)).body),
  )) as { endTimeUtc: string; startTimeUtc: string }[];
  expect(Date.parse(second!.startTimeUtc)).toBeGreaterThanOrEqual(Date.parse(first!.endTimeUtc) - 50);
});
