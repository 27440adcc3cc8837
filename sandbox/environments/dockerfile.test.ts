// Dockerfiles as Azure ML examples write them.
import { expect, test } from "@jest/globals";
import { readDockerfile } from "./dockerfile.ts";

test("FROM, ENV, COPY and pip", () => {
  const found = readDockerfile(
    `FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest
     ARG V=1.5
     ENV MODE=fast OTHER="a b"
     RUN apt-get update && apt-get install -y libgomp1 && \\
         rm -rf /var/lib/apt/lists/*
     COPY requirements.txt /tmp/req.txt
     RUN pip install --upgrade pip && pip install --no-cache-dir -r /tmp/req.txt "scikit-learn==\${V}" --extra-index-url https://x/simple
     CMD ["bash"]`,
    { "requirements.txt": "pandas==2.0 # why\nnumpy\n" },
  );
  expect(found).toMatchObject({
    python: "3.10",
    packages: ["pandas==2.0", "numpy", "scikit-learn==1.5"],
    indexes: ["--extra-index-url", "https://x/simple"],
    variables: { MODE: "fast", OTHER: "a b" },
  });
});

test("a conda file of the context", () => {
  const found = readDockerfile(
    "FROM python:3.9\nCOPY . .\nRUN conda env create -p /envs/x -f conda.yaml -q && conda clean -afy\nRUN conda install -c conda-forge -y pytorch=2.1",
    {
      "conda.yaml": "dependencies: [python=3.11, pip, {pip: [mlflow]}]",
    },
  );
  expect(found).toMatchObject({ python: "3.11", packages: ["mlflow", "torch==2.1.*"] });
});

test("an unknown image is taken as bare, and said so", () => {
  expect(readDockerfile("FROM ghcr.io/me/mine:1", {}).notes[0]).toContain("ghcr.io/me/mine:1");
});

test.each([
  ["FROM a\nRUN make all", "make all"],
  ["FROM a AS b\nFROM c", "several FROM"],
  ["RUN pip install x", "no FROM"],
  ["FROM a\nRUN pip install -r no.txt", "no.txt"],
])("what cannot be followed is refused by name: %s", (text, part) => {
  expect(() => readDockerfile(text, {})).toThrow(part);
});
