"""azure-ai-ml with nothing told about the sandbox: public Azure's names, a credential without options."""
import json
import os
import sys
from pathlib import Path

from azure.ai.ml import MLClient
from azure.ai.ml.entities import Data, Workspace
from azure.identity import DefaultAzureCredential

out = sys.stdout
sys.stdout = sys.stderr
group = sys.argv[1]
Path("data").mkdir()
Path("data/a.csv").write_text("x,y\n1,2\n")
credential = DefaultAzureCredential()
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
made = MLClient(credential, subscription, group).workspaces.begin_create(Workspace(name="hidden", location="westeurope")).result()
ml = MLClient(credential, subscription, group, "hidden")
data = ml.data.create_or_update(Data(name="d", path="data", type="uri_folder"))
registry = MLClient(credential, subscription, group, registry_name="azureml")
image = registry.environments.get("sklearn-1.5", version="20").image
print(json.dumps({"workspace": made.name, "data": data.path.split("/paths/")[0].split("/")[-2:], "image": image}), file=out)
