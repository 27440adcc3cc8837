"""What the two scripts of the seeds' flows share: clients that are made once, and the time of each line of `az ml`, told on standard output.

Standard output has one JSON line a call: `{"line": "az ml ...", "seconds": 1.2}`.
"""
import json
import logging
import os
import sys
import time
import warnings
from functools import cache

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import MLClient  # noqa: E402
from azure.ai.ml.constants._common import LROConfigurations  # noqa: E402
from azure.identity import EnvironmentCredential  # noqa: E402

out = sys.stdout
sys.stdout = sys.stderr  # the SDK prints progress
# What to do, and where: see theirs.ts.
asked = json.loads(sys.argv[1])
project = asked["project"]
# The SDK looks at an ARM template's deployment every 5 s, whatever Azure says; `sleep` says how the same would be with scaled latencies.
LROConfigurations.SLEEP_TIME = asked.get("sleep", LROConfigurations.SLEEP_TIME)
credential = EnvironmentCredential(disable_instance_discovery=True)


@cache
def client(group=None, workspace=None, registry=None):
    return MLClient(credential, os.environ["AZURE_SUBSCRIPTION_ID"], group, workspace, registry_name=registry)


def line(text, call):
    """Does what a line of `az ml` does, to its end."""
    began = time.monotonic()
    result = call()
    print(json.dumps({"line": text, "seconds": time.monotonic() - began}), file=out, flush=True)
    return result


def ended(poller):
    """Waits as `az ml` does: by the poller's own interval, or as Azure asks."""
    return poller.result()
