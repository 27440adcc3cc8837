# Starts the Azure ML inference server on loopback only: its own command line always listens on every address.
import os
import sys

# Python puts this file's folder first; the user's imports must not find the sandbox's files there.
sys.path.pop(0)

from azureml_inference_server_http import constants  # noqa: E402

constants.DEFAULT_HOST = "127.0.0.1"

from azureml_inference_server_http.amlserver import run  # noqa: E402

import gunicorn  # noqa: E402

# From 25.1 on gunicorn opens a socket for its own command line; its path may be too long here, and nobody asks there.
if gunicorn.version_info >= (25, 1):
    arguments = [os.environ.get("GUNICORN_CMD_ARGS", ""), "--no-control-socket"]
    os.environ["GUNICORN_CMD_ARGS"] = " ".join(filter(None, arguments))

sys.argv[0] = os.path.join(os.path.dirname(sys.executable), "azmlinfsrv")
run()
