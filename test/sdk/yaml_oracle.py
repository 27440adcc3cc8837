"""What PyYAML makes of texts: reads {"load": [text], "dump": [json]} on stdin, writes {"load": [typed or null], "dump": [text]}."""

import datetime
import json
import sys

import yaml


def typed(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": str(value)}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"stamp": value.isoformat(), "text": str(value)}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {"map": sorted(([typed(key), typed(item)] for key, item in value.items()), key=json.dumps)}
    return {"other": type(value).__name__}


def load(text):
    try:
        return {"value": typed(yaml.safe_load(text))}
    except Exception as error:  # noqa: BLE001  (any refusal is the answer)
        return {"error": type(error).__name__}


asked = json.load(sys.stdin)
json.dump({"load": [load(text) for text in asked["load"]], "dump": [yaml.dump(value, sort_keys=True) for value in asked["dump"]]}, sys.stdout)
