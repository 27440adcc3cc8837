"""What the scripts of azure-ai-ml share: a client for whatever cloud the environment points at, and one JSON line a step on standard output.

`seen("data.get: latest", version="2")` tells what an operation gave; the test that runs the script compares. Behind a colon stands what of
the operation was tried. `not_modelled` is for what the sandbox has to refuse by name.
"""
import json
import logging
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import MLClient  # noqa: E402
from azure.core.exceptions import HttpResponseError  # noqa: E402
from azure.identity import DefaultAzureCredential  # noqa: E402

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
group = sys.argv[1]
here = Path.cwd()
out = sys.stdout
sys.stdout = sys.stderr  # the SDK prints progress


def credential():
    return DefaultAzureCredential(disable_instance_discovery=True)


def client(workspace=None, registry=None):
    return MLClient(credential(), os.environ["AZURE_SUBSCRIPTION_ID"], group, workspace, registry_name=registry)


def seen(step, **what):
    print(json.dumps({"step": step, **what}), file=out, flush=True)


def not_modelled(step, call):
    try:
        call()
    except HttpResponseError as error:
        text = str(error)
        seen(step, not_modelled="NotModeledInSandbox" in text, **({} if "NotModeledInSandbox" in text else {"said": text}))
    else:
        seen(step, not_modelled=False)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def names(listed):
    return sorted(one.name for one in listed)


def write(path, text):
    file = here / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
