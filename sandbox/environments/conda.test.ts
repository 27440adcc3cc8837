// Conda files as users write them, read into PyPI requirements.
import { expect, test } from "@jest/globals";
import { readCondaFile } from "./conda.ts";

const read = (dependencies: unknown[], files?: Record<string, string>) => readCondaFile(JSON.stringify({ dependencies }), files);

test("conda's version forms become PEP 440's", () => {
  const found = read(["a=1.5", "b==1.5", "c>=1,<2", "d=1.5=py38_0", "conda-forge::e=2.*", "f", "g 1.2", "h >=1.0", "i==2.0=h_1", "j~=1.2"]);
  expect(found.packages).toEqual(["a==1.5.*", "b==1.5", "c>=1,<2", "d==1.5.*", "e==2.*", "f", "g==1.2", "h>=1.0", "i==2.0", "j~=1.2"]);
});

test("python gives the version, pip is not a package", () => {
  expect(read(["python=3.10", "pip=21.2"])).toMatchObject({ python: "3.10", packages: [] });
  expect(read(["python>=3.9,<3.12"]).python).toBe("3.9");
  expect(read(["python=3.8.13"]).python).toBe("3.8");
});

test("names differ between conda and PyPI, system packages are noted", () => {
  const found = read(["pytorch=2.1", "cpuonly", "libgomp", "py-xgboost"]);
  expect(found.packages).toEqual(["torch==2.1.*", "xgboost"]);
  expect(found.notes.map((note) => /"(.*?)"/.exec(note)?.[1])).toEqual(["cpuonly", "libgomp"]);
});

test("pip section with options, markers, extras and comments", () => {
  const found = read(
    [
      {
        pip: [
          "mlflow[extras]==2.9 ; python_version>'3.7'",
          "--extra-index-url https://x/simple",
          "# nothing",
          "numpy # why",
          "-r more.txt",
        ],
      },
    ],
    { "more.txt": "pandas>=1 \\\n  --hash=sha256:00\n\n" },
  );
  expect(found.packages).toEqual(["mlflow[extras]==2.9 ; python_version>'3.7'", "numpy", "pandas>=1"]);
  expect(found.indexes).toEqual(["--extra-index-url", "https://x/simple"]);
});

test("azureml-defaults is replaced by the parts that exist as wheels", () => {
  const found = read([{ pip: ["azureml-defaults==1.38.0", "azureml-core"] }]);
  expect(found.packages).toEqual(["azureml-core", "azureml-inference-server-http", "applicationinsights"]);
  expect(found.notes[0]).toContain("azureml-defaults==1.38.0");
});

test("what mounts data is left out, and the log says so", () => {
  const found = read([{ pip: ["azureml-core", "azureml-dataset-runtime[fuse]==1.61.0"] }]);
  expect(found.packages).toEqual(["azureml-core"]);
  expect(found.notes[0]).toMatch(/^azureml-dataset-runtime\[fuse\]==1\.61\.0 left out: /);
});

test.each([
  [[{ pip: ["-r requirements.txt"] }], "-r requirements.txt"],
  [[{ pip: ["-e ."] }], "-e ."],
  [[{ pip: ["git+https://example.org/x.git"] }], "git"],
  [["numpy=1.2|1.3"], "alternatives"],
  [[{ npm: ["x"] }], "npm"],
])("what cannot be had is refused by name: %j", (dependencies, part) => {
  expect(() => read(dependencies as unknown[])).toThrow(part);
});

test("text that is no YAML mapping is refused", () => {
  expect(() => readCondaFile("- a\n- b")).toThrow("mapping");
  expect(() => readCondaFile("a: [")).toThrow("not YAML");
});
