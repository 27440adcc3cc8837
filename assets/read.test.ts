// What an asset carries besides its body: where uploads, references and dependencies are, and versions that follow the content.
import { beforeAll, describe, expect, test } from "@jest/globals";
import { memoryFiles, newSession, readAsset, replaceAt, type Asset, type ReadOptions } from "./index.ts";

const FILES: Record<string, string> = {
  "/ml/train/component.yml":
    "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\nname: train\ntype: command\ncode: ./src\ncommand: python train.py --data ${{inputs.data}}\nenvironment: {image: ubuntu, conda_file: ../../env/conda.yml}\ninputs: {data: {type: uri_folder}}\noutputs: {model: {type: uri_folder}}\n",
  "/ml/train/src/train.py": "print(1)\n",
  "/ml/train/src/__pycache__/x.pyc": "cache",
  "/env/conda.yml": "dependencies: [python=3.11]\n",
  "/mlops/pipeline.yml":
    '$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\ntype: pipeline\ncompute: azureml:cpu-cluster\ninputs: {raw: {type: uri_folder, path: ../data}}\njobs:\n  train:\n    component: ../ml/train/component.yml\n    inputs: {data: "${{parent.inputs.raw}}"}\n  check:\n    component: azureml:check@latest\n    inputs: {model: "${{parent.jobs.train.outputs.model}}"}\n',
  "/data/a.csv": "1\n",
};

async function read(path: string, changed: Record<string, string> = {}, options: ReadOptions = {}): Promise<Asset> {
  const result = await readAsset(path, memoryFiles({ ...FILES, ...changed }), options);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.asset;
}

describe("a pipeline", () => {
  let job: Asset;
  beforeAll(async () => {
    job = await read("mlops/pipeline.yml");
  });

  test("is a job without a name or a version", async () => {
    expect(job).toMatchObject({
      kind: "pipelineJob",
      noun: "job",
      path: "mlops/pipeline.yml",
      name: null,
      version: null,
      versionGiven: false,
    });
  });

  test("points at its uploads, references and dependencies", async () => {
    expect(job.uploads.map(({ pointer, kind, localPath, suffix }) => [pointer, kind, localPath, suffix])).toEqual([
      ["/properties/inputs/raw/uri", "data", "/data", "/"],
    ]);
    expect(job.references).toEqual([
      {
        pointer: "/properties/computeId",
        type: "compute",
        text: "azureml:cpu-cluster",
        name: "cpu-cluster",
        version: null,
        label: null,
        registry: null,
      },
      {
        pointer: "/properties/jobs/check/componentId",
        type: "component",
        text: "azureml:check@latest",
        name: "check",
        version: null,
        label: "latest",
        registry: null,
      },
    ]);
    expect(job.dependencies.map(({ pointer, asset }) => [pointer, asset.kind, asset.path, asset.name])).toEqual([
      ["/properties/jobs/train/componentId", "commandComponent", "ml/train/component.yml", "azureml_anonymous"],
    ]);
  });

  test("the component's own code and environment come before it", async () => {
    const component = job.dependencies[0]!.asset;
    expect(
      component.uploads.map(({ pointer, kind, localPath, files }) => [pointer, kind, localPath, files.map((file) => file.name)]),
    ).toEqual([["/properties/componentSpec/code", "code", "/ml/train/src", ["train.py"]]]);
    expect(component.dependencies.map(({ pointer, asset }) => [pointer, asset.kind, asset.name])).toEqual([
      ["/properties/componentSpec/environment", "environment", "CliV2AnonymousEnvironment"],
    ]);
  });

  test("every pointer leads to the text that stands for it", async () => {
    const at = (pointer: string) =>
      pointer
        .split("/")
        .slice(1)
        .reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], job.body);
    expect([...job.uploads, ...job.references, ...job.dependencies].map(({ pointer }) => at(pointer))).toEqual([
      "data/",
      "azureml:cpu-cluster",
      "azureml:check@latest",
      `azureml:azureml_anonymous:${job.dependencies[0]!.asset.version}`,
    ]);
    const bound = replaceAt(job.body, new Map<string, unknown>([["/properties/computeId", { any: "value" }]])) as {
      properties: { computeId: unknown };
    };
    expect(bound.properties.computeId).toEqual({ any: "value" });
    expect((job.body.properties as { computeId: unknown }).computeId).toBe("azureml:cpu-cluster");
  });
});

describe("versions", () => {
  const component = "ml/train/component.yml";
  const version = async (changed: Record<string, string> = {}) => (await read(component, changed)).version;

  test("follow the content: code, environment, command; not paths, caches, comments or the order of keys", async () => {
    const base = await version();
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    expect(await version()).toBe(base);
    expect(await version({ "/ml/train/src/train.py": "print(2)\n" })).not.toBe(base);
    expect(await version({ "/ml/train/src/new.py": "" })).not.toBe(base);
    expect(await version({ "/env/conda.yml": "dependencies: [python=3.12]\n" })).not.toBe(base);
    expect(await version({ "/ml/train/src/__pycache__/y.pyc": "other" })).toBe(base);
    expect(await version({ [`/${component}`]: `# a comment\n${FILES[`/${component}`]!.split("\n").reverse().join("\n")}` })).toBe(base);
    const moved = memoryFiles(Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`/elsewhere${path}`, text])));
    const result = await readAsset(`elsewhere/${component}`, moved);
    expect(result.ok && result.asset.version).toBe(base);
  });

  test("of the file win, and a number keeps its look", async () => {
    expect(await read(component, {}, { sets: ["version=7"] })).toMatchObject({ version: "7", versionGiven: true });
    expect(await read("e.yml", { "/e.yml": "$schema: x/environment.schema.json\nname: e\nversion: 1.0\nimage: i\n" })).toMatchObject({
      version: "1.0",
    });
  });

  test("are null where Azure counts or there are none", async () => {
    expect((await read("d.yml", { "/d.yml": "name: d\ntype: uri_folder\npath: data\n" })).version).toBeNull();
    expect((await read("c.yml", { "/c.yml": "name: cpu\ntype: amlcompute\n" })).version).toBeNull();
  });
});

test("a session hashes a folder once", async () => {
  const files = memoryFiles(FILES);
  let reads = 0;
  const counting = { ...files, read: (path: string) => ((reads += path.endsWith("train.py") ? 1 : 0), files.read(path)) };
  const session = newSession();
  for (let i = 0; i < 3; i++) {
    const result = await readAsset("ml/train/component.yml", counting, { session });
    expect(result.ok && result.asset.version).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(reads).toBe(1);
});

describe("the kind of a file without $schema", () => {
  test.each([
    ["command: a\nenvironment: azureml:e:1\ncompute: azureml:c\n", "commandJob"],
    ["command: a\nenvironment: azureml:e:1\n", "commandJob"],
    ["name: c\nversion: 1\ncommand: a\nenvironment: azureml:e:1\n", "commandComponent"],
    ["name: c\ncommand: a\nenvironment: azureml:e:1\ninputs: {x: {type: uri_file}}\n", "commandComponent"],
    ["command: a\nenvironment: azureml:e:1\ninputs: {x: {type: uri_file, path: azureml:d:1}}\n", "commandJob"],
    ["type: pipeline\njobs: {}\nsettings: {}\n", "pipelineJob"],
    ["type: pipeline\nname: p\nversion: 1\njobs: {}\n", "pipelineComponent"],
    ["name: d\ntype: uri_folder\npath: data\n", "data"],
    ["name: m\ntype: mlflow_model\npath: data\n", "model"],
    ["name: e\nimage: i\n", "environment"],
    ["name: cpu\ntype: amlcompute\n", "amlCompute"],
    ["name: ci\ntype: computeinstance\n", "computeInstance"],
    ["name: endpoint\nauth_mode: key\n", "managedOnlineEndpoint"],
    ["name: endpoint\nauth_mode: key\ncompute: azureml:k\n", "kubernetesOnlineEndpoint"],
    ["name: blue\nendpoint_name: e\ninstance_type: x\n", "managedOnlineDeployment"],
    ["name: blue\nendpoint_name: e\ntype: kubernetes\n", "kubernetesOnlineDeployment"],
    ["name: r\nlocation: l\nreplication_locations: []\n", "registry"],
    ["name: w\nlocation: l\n", "workspace"],
  ])("%j is a %s", async (text, kind) => {
    expect((await read("f.yml", { "/f.yml": text })).kind).toBe(kind);
  });

  test("a noun narrows it, a kind settles it", async () => {
    const text = "name: c\ncommand: a\nenvironment: azureml:e:1\n";
    expect((await read("f.yml", { "/f.yml": text })).kind).toBe("commandComponent");
    expect((await read("f.yml", { "/f.yml": text }, { kind: "job" })).kind).toBe("commandJob");
    expect((await read("f.yml", { "/f.yml": text }, { kind: "commandJob" })).kind).toBe("commandJob");
  });
});

describe("--set", () => {
  const job = {
    "/j.yml": "$schema: x/commandJob.schema.json\ncommand: a\nenvironment: azureml:e:1\ninputs: {x: 1}\nresources: {locations: [a, b]}\n",
  };
  const body = async (...sets: string[]) => (await read("j.yml", job, { sets })).body.properties as Record<string, unknown>;

  test("replaces, adds, reaches into lists, later ones win", async () => {
    expect(await body("inputs.x=2", "inputs.y=text=with=signs")).toMatchObject({
      inputs: { x: { value: "2" }, y: { value: "text=with=signs" } },
    });
    expect(await body("resources.locations[1]=c")).toMatchObject({ resources: { locations: ["a", "c"] } });
    expect(await body("tags.a=1", "tags.a=2", String.raw`tags.b\.c=3`)).toMatchObject({ tags: { a: "2", "b.c": "3" } });
    expect(await body("display_name=")).toMatchObject({ displayName: "" });
  });
});
