"""The SDK's content hash of code folders: reads a JSON list of paths on stdin, writes {"hash", "files"} for each, as a list."""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml._utils._asset_utils import get_content_hash, get_upload_files_from_folder  # noqa: E402
from azure.ai.ml.entities._component.code import ComponentIgnoreFile  # noqa: E402

answers = []
for path in json.load(sys.stdin):
    rule = ComponentIgnoreFile(path)
    names = sorted(name for _, name in get_upload_files_from_folder(path, ignore_file=rule))
    answers.append({"hash": get_content_hash(path, rule), "files": names})
json.dump(answers, sys.stdout)
