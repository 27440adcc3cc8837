// Which files of a project folder are found, whatever they are called.
import { describe, expect, test } from "@jest/globals";
import { findAll, findFile, type Role } from "./layout.ts";
import { VARIANTS } from "./variants.ts";
import { memoryFiles } from "./memory-files.ts";

const pipeline = "type: pipeline\njobs:\n  a: {type: command, command: ls, environment: azureml:e:1}\n";
const environment = "name: e\nimage: ubuntu\n";
const conda = "name: c\ndependencies: [python]\n";

describe("the file of a role", () => {
  test("has its usual name, whatever else is there", () => {
    const files = memoryFiles({ "/p/mlops/pipeline.yml": "broken: [", "/p/mlops/other.yml": pipeline });
    expect(findFile("pipeline", "/p", files)).toEqual({ path: "mlops/pipeline.yml" });
  });

  test("or is the only one of its kind", () => {
    const files = memoryFiles({
      "/p/mlops/azureml/train.yaml": pipeline,
      "/p/mlops/env.yml": environment,
      "/p/mlops/conda.yml": conda,
      "/p/deploy/online/ep.yml": "name: ep\nauth_mode: key\n",
      "/p/deploy/online/dep.yml": "name: blue\nendpoint_name: ep\nmodel: azureml:m:1\n",
      "/p/deploy/my_request.json": "{}",
      "/p/deploy/acceptance/request.json": "{}",
    });
    expect(findFile("pipeline", "/p", files)).toEqual({ path: "mlops/azureml/train.yaml" });
    expect(findFile("endpoint", "/p", files)).toEqual({ path: "deploy/online/ep.yml" });
    expect(findFile("deployment", "/p", files)).toEqual({ path: "deploy/online/dep.yml" });
    expect(findFile("sampleRequest", "/p", files)).toEqual({ path: "deploy/my_request.json" });
  });

  test("of automated ML stands beside that of the pipeline, though both are of one kind", () => {
    const files = memoryFiles({
      "/p/mlops/azureml/search.yaml": "type: automl\ntask: regression\n",
      "/p/mlops/train.yml": pipeline,
      "/p/mlops/gate.yml": "metrics: {}\n",
      "/p/mlops/automl-gate.yml": "metrics: {}\n",
      "/p/deploy/dep.yml": "name: blue\nendpoint_name: ep\nmodel: azureml:m:1\n",
      "/p/deploy/automl-deployment.yml": "name: blue\nendpoint_name: ep\nmodel: azureml:m:1\n",
      "/p/deploy/automl-acceptance/request.json": "{}",
      "/p/deploy/sample.json": "{}",
    });
    const found = (role: Role) => findFile(role, "/p", files);
    expect(found(VARIANTS.automl.job)).toEqual({ path: "mlops/azureml/search.yaml" });
    expect(found(VARIANTS.pipeline.job)).toEqual({ path: "mlops/train.yml" });
    expect(found(VARIANTS.pipeline.gate)).toEqual({ path: "mlops/gate.yml" });
    expect(found(VARIANTS.automl.gate)).toEqual({ path: "mlops/automl-gate.yml" });
    expect(found(VARIANTS.pipeline.deployment)).toEqual({ path: "deploy/dep.yml" });
    expect(found(VARIANTS.automl.deployment)).toEqual({ path: "deploy/automl-deployment.yml" });
    expect(found("sampleRequest")).toEqual({ path: "deploy/sample.json" });
  });

  test("of batch endpoints: apart from the online ones, and none is no mistake", () => {
    const files = memoryFiles({
      "/p/deploy/endpoint.yml": "name: ep\nauth_mode: key\n",
      "/p/deploy/blue-deployment.yml": "name: blue\nendpoint_name: ep\nmodel: azureml:m:1\n",
      "/p/deploy/files/ep.yml": "$schema: https://x/batchEndpoint.schema.json\nname: files\n",
      "/p/deploy/files/dep.yml":
        "$schema: https://x/pipelineComponentBatchDeployment.schema.json\nname: d\nendpoint_name: files\ntype: pipeline\n",
      "/p/deploy/files/batch-input.csv": "a\n1\n",
    });
    expect(findFile("endpoint", "/p", files)).toEqual({ path: "deploy/endpoint.yml" });
    expect(findFile("batchEndpoint", "/p", files)).toEqual({ path: "deploy/files/ep.yml" });
    expect(findFile("batchDeployment", "/p", files)).toEqual({ path: "deploy/files/dep.yml" });
    expect(findFile("batchSample", "/p", files)).toEqual({ path: "deploy/files/batch-input.csv" });
    expect(findFile("batchEndpoint", "/p", memoryFiles({ "/p/deploy/endpoint.yml": "auth_mode: key\n" }))).toMatchObject({
      several: false,
    });
  });

  test("several that could be it are named, and so is what to do", () => {
    const files = memoryFiles({ "/p/mlops/a.yml": pipeline, "/p/mlops/b.yml": pipeline });
    expect(findFile("pipeline", "/p", files)).toEqual({
      none: "mlops/ has several that could be the pipeline job: mlops/a.yml, mlops/b.yml; call one of them mlops/pipeline.yml",
      several: true,
    });
  });

  test("none: where it was looked for", () => {
    expect(findFile("pipeline", "/p", memoryFiles({ "/p/mlops/conda.yml": conda }))).toEqual({
      none: "mlops/ has no pipeline job; its usual name is mlops/pipeline.yml",
      several: false,
    });
  });
});

describe("the files of a collection", () => {
  test("are found by what they are, at any depth", () => {
    const files = memoryFiles({
      "/p/ml/prep/component.yml": "anything: here\n",
      "/p/ml/train/train.yaml": "$schema: https://x/commandComponent.schema.json\nname: t\ncommand: ls\nenvironment: azureml:e:1\n",
      "/p/ml/train/conda.yml": conda,
      "/p/ml/train/job.yml": "type: command\ncommand: ls\ncompute: azureml:c\nenvironment: azureml:e:1\n",
      "/p/data/a.yml": "name: a\npath: a.csv\ntype: uri_file\n",
      "/p/data/schema.yml": "columns: [a]\n",
      "/p/mlops/environment.yml": environment,
      "/p/mlops/gpu.yml": "name: gpu\nimage: cuda\n",
      "/p/mlops/conda.yml": conda,
      "/p/deploy/env.yml": environment,
    });
    expect(findAll("component", "/p", files)).toEqual(["ml/prep/component.yml", "ml/train/train.yaml"]);
    expect(findAll("data", "/p", files)).toEqual(["data/a.yml"]);
    expect(findAll("trainingEnvironment", "/p", files)).toEqual(["mlops/environment.yml", "mlops/gpu.yml"]);
    expect(findAll("servingEnvironment", "/p", files)).toEqual(["deploy/env.yml"]);
  });

  test("a file that looks like one but cannot be read is among them, so that its mistake is told", () => {
    const files = memoryFiles({ "/p/data/a.yml": "path: a.csv\ntype: uri_fil\nname: [\n" });
    expect(findAll("data", "/p", files)).toEqual(["data/a.yml"]);
  });
});
