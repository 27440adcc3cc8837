// Recipes: the same content has the same name, and each way to say an environment is understood.
import { expect, test } from "@jest/globals";
import { explain } from "./build.ts";
import { curatedEnvironment, imageContent } from "./images.ts";
import { nearestPython } from "./pythons.ts";
import { recipeHash, recipeOf } from "./recipe.ts";

const conda = (dependencies: unknown[]) => JSON.stringify({ dependencies });

test("content decides the hash: order and notes do not, versions do", () => {
  const one = recipeOf({ image: "x", condaFile: conda(["python=3.11", "numpy=1.26", "pandas", "libgomp"]) });
  const same = recipeOf({ image: "y", condaFile: "dependencies:\n- pandas\n- numpy=1.26\n- python=3.11\n" });
  const other = recipeOf({ image: "x", condaFile: conda(["python=3.11", "numpy=1.25", "pandas"]) });
  expect(recipeHash(one, "3.11.7")).toBe(recipeHash(same, "3.11.7"));
  expect(recipeHash(one, "3.11.7")).not.toBe(recipeHash(other, "3.11.7"));
  expect(recipeHash(one, "3.11.7")).not.toBe(recipeHash(one, "3.10.1"));
});

test("an image without a conda file is what the table says", () => {
  expect(recipeOf({ image: "mcr.microsoft.com/azureml/curated/sklearn-1.5:12" }).packages).toContain("scikit-learn~=1.5.0");
  expect(recipeOf({ image: "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04" })).toMatchObject({
    python: "3.8",
    packages: ["mlflow-skinny", "azureml-mlflow"],
    notes: [],
  });
  expect(recipeOf({ image: "ghcr.io/a/b:1" }).notes[0]).toContain("ghcr.io/a/b:1");
  expect(imageContent("python:3.12-slim")).toMatchObject({ python: "3.12", known: true });
});

test("curated names, old and new", () => {
  expect(curatedEnvironment("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu")?.packages).toContain("scikit-learn>=1.0,<1.3");
  expect(curatedEnvironment("minimal-ubuntu22.04-py39-cpu-inference")).toMatchObject({ python: "3.9" });
  expect(curatedEnvironment("something-else")).toBeUndefined();
});

test("a build context is read from its Dockerfile; what the caller adds comes once", () => {
  const recipe = recipeOf(
    { build: { contextUri: "x", dockerfilePath: "./d/Dockerfile" } },
    { "d/Dockerfile": "FROM python:3.11\nRUN pip install mlflow==2.9" },
    ["mlflow", "six"],
  );
  expect(recipe.packages).toEqual(["mlflow==2.9", "six"]);
});

test("the nearest Python", () => {
  const have = ["3.12", "3.11", "3.8"].map((minor) => ({ minor, version: `${minor}.1`, path: minor }));
  expect(nearestPython("3.11", have)?.minor).toBe("3.11");
  expect(nearestPython("3.9", have)?.minor).toBe("3.8");
  expect(nearestPython("3.10", have)?.minor).toBe("3.11");
  expect(nearestPython(undefined, have)?.minor).toBe("3.11");
  expect(nearestPython("3.9", [])).toBeUndefined();
});

test.each([
  [
    "error: No solution found\n cause: Because numpy==1.22.0 has no usable wheels and you require numpy==1.22.0, we can",
    'package "numpy==1.22.0" cannot be had as a wheel',
  ],
  ["Because all versions of fusepy have no usable wheels and you require fusepy", 'package "fusepy" cannot be had as a wheel'],
  ["Because foo-nonexist was not found in the package registry and you require", 'package "foo-nonexist" is not in the package index'],
  ["Because there is no version of six==99 and you require six==99", "there is no version six==99"],
])("uv's reasons name the package: %s", (stderr, part) => {
  expect(explain(stderr, "3.11.7", "build.log")).toContain(part);
});
