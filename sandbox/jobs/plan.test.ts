// Plans of jobs as azure-ai-ml sends them.
import { expect, test } from "@jest/globals";
import { fillCommand } from "./bindings.ts";
import { planJob, type PlanContext } from "./plan.ts";
import type { Json } from "./fields.ts";

const components: Record<string, Json> = {
  "/c/train/versions/1": {
    type: "command",
    command: "python a.py --data ${{inputs.data}} --lr ${{inputs.lr}} $[[--n ${{inputs.n}}]] --model ${{outputs.model}}",
    code: "azureml:/codes/1",
    environment: "azureml:/env/1",
    inputs: {
      data: { type: "uri_folder" },
      lr: { type: "number", default: "0.1", min: "0.0", max: "1.0" },
      n: { type: "integer", optional: true },
      s: { type: "string", enum: ["a", "b"], default: "a" },
    },
    outputs: { model: { type: "mlflow_model" }, res: { type: "uri_folder", mode: "upload" }, table: { type: "uri_file" } },
  },
  "/c/eval/versions/1": {
    type: "command",
    command: "x ${{inputs.m}}",
    environment: "e:1",
    inputs: { m: { type: "mlflow_model" } },
    outputs: { o: { type: "uri_folder" } },
  },
  "/c/sub/versions/1": {
    type: "pipeline",
    inputs: { d: { type: "uri_folder" }, rate: { type: "number", default: 0.3 } },
    outputs: { out: { type: "mlflow_model" }, extra: { type: "uri_folder" } },
    jobs: {
      inner: {
        componentId: "/c/train/versions/1",
        inputs: { data: { value: "${{parent.inputs.d}}" }, lr: { value: "${{parent.inputs.rate}}" } },
        outputs: { model: { value: "${{parent.outputs.out}}", type: "literal" }, res: { value: "${{parent.outputs.extra}}" } },
      },
    },
  },
};

function context(): PlanContext {
  let next = 0;
  return {
    component: (id) => {
      const found = components[id];
      if (!found) throw new Error(`no ${id}`);
      return found;
    },
    newRunId: () => `run${++next}`,
  };
}
const plan = (properties: Json) => planJob("job", properties, context());
const literal = (value: string) => ({ value, job_input_type: "literal" });
const pipeline = (jobs: Json, more: Json = {}) =>
  plan({
    jobType: "Pipeline",
    settings: { default_compute: "cpu" },
    inputs: { d: { jobInputType: "uri_folder", uri: "azureml:data:1", mode: "Download" }, lr: { jobInputType: "literal", value: "0.5" } },
    jobs,
    ...more,
  });

test("a pipeline: order, bindings, defaults, outputs", () => {
  const result = pipeline(
    {
      ev: {
        componentId: "/c/eval/versions/1",
        inputs: { m: { ...literal("${{parent.jobs.train.outputs.model}}"), mode: "Download" } },
        outputs: { o: { value: "${{parent.outputs.named}}", type: "literal" } },
      },
      train: {
        componentId: "/c/train/versions/1",
        computeId: "other",
        limits: { timeout: "PT1M" },
        environment_variables: { A: "b" },
        inputs: { data: literal("${{parent.inputs.d}}"), lr: literal("${{parent.inputs.lr}}") },
        outputs: { res: { job_output_type: "uri_folder", mode: "Upload", name: "resname" } },
      },
    },
    { outputs: { named: { jobOutputType: "uri_folder", assetName: "foo", assetVersion: "7" } } },
  );
  const [train, ev] = result.steps;
  expect(result.steps.map((step) => [step.path, step.runId, step.after])).toEqual([
    ["train", "run1", []],
    ["ev", "run2", ["run1"]],
  ]);
  expect(train!.spec).toMatchObject({
    computeId: "other",
    timeoutMs: 60_000,
    environmentVariables: { A: "b" },
    inputs: { data: { kind: "uri", uri: "azureml:data:1", mode: "download" }, lr: { kind: "literal", value: "0.5" }, s: { value: "a" } },
    outputs: {
      model: { type: "mlflow_model", uri: "azureml://datastores/workspaceblobstore/paths/azureml/run1/model/" },
      res: { mode: "upload", asset: { name: "resname" } },
      table: { type: "uri_file", uri: "azureml://datastores/workspaceblobstore/paths/azureml/run1/table" },
    },
  });
  expect(train!.spec.inputs["n"]).toBeUndefined();
  expect(ev!.spec).toMatchObject({
    computeId: "cpu",
    inputs: { m: { mode: "download", from: "run1", uri: train!.spec.outputs["model"]!.uri } },
    outputs: { o: { asset: { name: "foo", version: "7" }, uri: "azureml://datastores/workspaceblobstore/paths/azureml/job/named/" } },
  });
  expect(result.outputs["named"]).toEqual(ev!.spec.outputs["o"]);
});

test("a pipeline component: its own run, its outputs followed through", () => {
  const result = pipeline({
    sub: { componentId: "/c/sub/versions/1", inputs: { d: literal("${{parent.inputs.d}}") } },
    ev: { componentId: "/c/eval/versions/1", inputs: { m: literal("${{parent.jobs.sub.outputs.out}}") } },
  });
  expect(result.groups).toEqual([{ runId: "run1", parent: "job", path: "sub", displayName: "sub" }]);
  expect(result.steps.map((step) => [step.path, step.parent, step.after])).toEqual([
    ["sub/inner", "run1", []],
    ["ev", "job", ["run2"]],
  ]);
  expect(result.steps[0]!.spec.inputs["lr"]).toEqual({ kind: "literal", value: "0.3" });
  expect(result.steps[1]!.spec.inputs["m"]).toMatchObject({
    uri: "azureml://datastores/workspaceblobstore/paths/azureml/run1/out/",
    from: "run2",
  });
});

test("a job made of a registered pipeline component: its nodes may be written out, its outputs are declared by the component", () => {
  const sub = components["/c/sub/versions/1"]!;
  const inputs = { d: { jobInputType: "uri_folder", uri: "azureml:data:1" } };
  const asked = { jobType: "Pipeline", componentId: "/c/sub/versions/1", settings: { default_compute: "cpu" }, inputs, outputs: {} };
  for (const jobs of [undefined, sub["jobs"]]) {
    const result = plan({ ...asked, ...(jobs === undefined ? {} : { jobs }) });
    expect(result.steps[0]!.spec.inputs["lr"]).toEqual({ kind: "literal", value: "0.3" });
    expect(Object.keys(result.outputs)).toEqual(["out", "extra"]);
  }
});

test("a command job: outputs, timeout, names in paths", () => {
  const result = plan({
    jobType: "Command",
    command: "x ${{inputs.y}} ${{outputs.o}}",
    environmentId: "e:1",
    computeId: "c",
    limits: { timeout: "PT5M" },
    inputs: { y: { value: "3", jobInputType: "literal" } },
    outputs: {
      o: { jobOutputType: "uri_folder", uri: "azureml://datastores/workspaceblobstore/paths/x/${{name}}/${{output_name}}/" },
      default: { jobOutputType: "uri_folder" },
    },
  });
  expect(result.steps[0]).toMatchObject({
    runId: "job",
    after: [],
    spec: { timeoutMs: 300_000, outputs: { o: { uri: "azureml://datastores/workspaceblobstore/paths/x/job/o/" } } },
  });
  expect(Object.keys(result.outputs)).toEqual(["o"]);
});

const train = (inputs: Json, more: Json = {}) => ({ train: { componentId: "/c/train/versions/1", inputs, ...more } });
test.each([
  [
    {
      a: { componentId: "/c/eval/versions/1", inputs: { m: literal("${{parent.jobs.b.outputs.o}}") } },
      b: { componentId: "/c/eval/versions/1", inputs: { m: literal("${{parent.jobs.a.outputs.o}}") } },
    },
    "a → b → a",
  ],
  [train({}), 'input "data" is required'],
  [train({ data: literal("${{parent.inputs.d}}"), nope: literal("1") }), 'no input "nope"'],
  [train({ data: literal("${{parent.inputs.d}}"), lr: literal("2") }), "at most 1.0"],
  [train({ data: literal("${{parent.inputs.d}}"), lr: literal("x") }), "must be a number"],
  [train({ data: literal("${{parent.inputs.d}}"), s: literal("c") }), "one of a, b"],
  [train({ data: literal("${{parent.jobs.gone.outputs.x}}") }), '"gone", which is not in the pipeline'],
  [train({ data: literal("${{parent.inputs.d}}") }, { outputs: { nope: {} } }), 'no output "nope"'],
  [{ s: { type: "sweep" } }, "has no trial"],
  [{ s: { type: "parallel" } }, 'type "parallel"'],
  [{ s: { type: "spark" } }, 'type "spark"'],
  [{ s: { type: "data_transfer", task: "copy_data" } }, 'type "data_transfer"'],
])("mistakes and what is not modelled, by name: %#", (jobs, part) => {
  expect(() => pipeline(jobs as unknown as Json)).toThrow(part);
});

test("a job of a kind that is not run is refused with 501", () => {
  expect(() => plan({ jobType: "Spark" })).toThrow(/type "Spark" is not modelled/);
  expect(() =>
    plan({
      jobType: "Command",
      command: "x",
      environmentId: "e:1",
      resources: { instanceCount: 2 },
      distribution: { distributionType: "PyTorch", processCountPerInstance: 2 },
    }),
  ).toThrow("4 processes");
});

test("commands: literals, paths, optional parts", () => {
  expect(
    fillCommand("a ${{inputs.x}} $[[--n ${{inputs.n}}]] $[[--m ${{inputs.m}}]] ${{ outputs.o }}", { x: "1", m: "2" }, { o: "/p" }),
  ).toBe("a 1  --m 2 /p");
  expect(() => fillCommand("a ${{inputs.x}}", {}, {})).toThrow('no input "x"');
});
