"""Runs pipeline.yml here and now, step by step in this process: the real scripts, by the commands of their YAML.

Knows as much of `az ml` pipelines as this project uses: bindings to the parent's inputs and to other steps' outputs.
"""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

BINDING = re.compile(r"^\$\{\{parent\.(?:inputs\.(\w+)|jobs\.(\w+)\.outputs\.(\w+))\}\}$")
PLACEHOLDER = re.compile(r"\$\{\{(inputs|outputs)\.(\w+)\}\}")


def read_yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run_pipeline(path: Path, out: Path, **overrides: object) -> dict[str, dict[str, Path]]:
    """Run every step of the pipeline `path` under `out`; `overrides` replace its inputs.

    Gives each step's outputs by name. Raises SystemExit if a step refuses.
    """
    pipeline = read_yaml(path)
    unknown = set(overrides) - set(pipeline["inputs"])
    assert not unknown, f"the pipeline has no inputs {unknown}"
    inputs = {**pipeline["inputs"], **overrides}
    outputs: dict[str, dict[str, Path]] = {}
    waiting = dict(pipeline["jobs"])
    while waiting:
        ready = [name for name, job in waiting.items() if steps_before(job) <= set(outputs)]
        assert ready, f"steps wait for each other or for steps that do not exist: {sorted(waiting)}"
        for name in ready:
            outputs[name] = run_step(path, waiting.pop(name), inputs, outputs, out / name)
    return outputs


def steps_before(job: dict[str, Any]) -> set[str]:
    """The steps whose outputs a step reads."""
    matches = (BINDING.match(str(value)) for value in job["inputs"].values())
    return {match[2] for match in matches if match and match[2]}


def run_step(
    pipeline: Path, job: dict[str, Any], inputs: dict[str, Any], done: dict[str, dict[str, Path]], out: Path
) -> dict[str, Path]:
    component_file = (pipeline.parent / job["component"]).resolve()
    component = read_yaml(component_file)
    values = {name: spec["default"] for name, spec in component["inputs"].items() if "default" in spec}
    for name, value in job["inputs"].items():
        assert name in component["inputs"], f"{component['name']} has no input {name}"
        match = BINDING.match(str(value))
        values[name] = (inputs[match[1]] if match[1] else done[match[2]][match[3]]) if match else value
    outputs = {name: out / name for name in component["outputs"]}
    where = {"inputs": values, "outputs": outputs}

    words = shlex.split(PLACEHOLDER.sub(lambda m: shlex.quote(str(where[m[1]][m[2]])), component["command"]))
    assert words[0] == "python", component["command"]
    with mock.patch.object(sys, "argv", words[1:]), mock.patch.object(sys, "dont_write_bytecode", True):
        runpy.run_path(str(component_file.parent / component["code"] / words[1]), run_name="__main__")
    return outputs
