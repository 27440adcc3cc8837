"""What the scripts of jobs share: a workspace with a cluster, an environment without packages, a step that counts words."""
import contextlib
import io
import time

from azure_ai_ml_kit import client, write
from azure.ai.ml import Input, Output, command
from azure.ai.ml.entities import AmlCompute, Data, Environment, Workspace

base = {"environment": "azureml:empty:1", "compute": "cpu-cluster", "experiment_name": "clients"}


def workspace(name):
    """A client of a new workspace that has all that `base` names, and data `words`."""
    write("src/count.py", "import os, sys\nlines = open(sys.argv[1]).read().split()\nprint('counted', len(lines))\n"
          "open(os.path.join(sys.argv[2], 'count.txt'), 'w').write(str(len(lines)))\n")
    write("words.txt", "a b c")
    client().workspaces.begin_create(Workspace(name=name, location="westeurope")).result()
    ml = client(name)
    ml.compute.begin_create_or_update(AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", max_instances=4)).result()
    ml.environments.create_or_update(Environment(name="empty", image="python:3.11", conda_file={"dependencies": ["python=3.11"]}))
    ml.data.create_or_update(Data(name="words", version="1", path="words.txt", type="uri_file"))
    return ml


def ended(ml, name):
    while ml.jobs.get(name).status not in ("Completed", "Failed", "Canceled"):
        time.sleep(0.3)
    return ml.jobs.get(name).status


def streamed(ml, name):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        ml.jobs.stream(name)
    return shown.getvalue()


def count(**more):
    return command(
        code="src",
        command="python count.py ${{inputs.words}} ${{outputs.counted}}",
        inputs={"words": Input(type="uri_file", path="azureml:words:1")},
        outputs={"counted": Output(type="uri_folder")},
        **{**base, **more},
    )
