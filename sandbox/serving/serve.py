# Starts the Azure ML inference server on loopback only: its own command line always listens on every address.
import os
import sys

# Python puts this file's folder first; the user's imports must not find the sandbox's files there.
sys.path.pop(0)

from azureml_inference_server_http import constants  # noqa: E402

constants.DEFAULT_HOST = "127.0.0.1"

from azureml_inference_server_http.amlserver import run  # noqa: E402

sys.argv[0] = os.path.join(os.path.dirname(sys.executable), "azmlinfsrv")
run()
