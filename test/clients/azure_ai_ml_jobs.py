"""Jobs with azure-ai-ml, as its documentation says: commands, pipelines, and what is done with them."""
import time

from azure_ai_ml_jobs_kit import base, count, ended, streamed, workspace
from azure_ai_ml_kit import files, names, not_modelled, seen
from azure.ai.ml import Input, Output, command, dsl, spark
from azure.ai.ml.data_transfer import Database
from azure.ai.ml.entities import DataImport, Model

ml = workspace("jobs")

# A command
job = ml.jobs.create_or_update(count(name="count", display_name="Counts", tags={"team": "ml"}))
seen("jobs.create_or_update: command", name=job.name, type=job.type)
text = streamed(ml, "count")
seen("jobs.stream", log="counted 3" in text, summary="Execution Summary" in text)
done = ml.jobs.get("count")
seen("jobs.get", status=done.status, display=done.display_name, tags=done.tags.get("team"), experiment=done.experiment_name)
ml.jobs.download("count", download_path="all", all=True)
seen("jobs.download: all", count=[one for one in files("all") if one.endswith("count.txt")], log=any("std_log" in one for one in files("all")))
ml.jobs.download("count", download_path="one", output_name="counted")
seen("jobs.download: output", files=files("one"))
seen("jobs.show_services", services=sorted((ml.jobs.show_services("count") or {}).keys()))
seen("jobs.update", display=ml.jobs.update("count", display_name="Counted", tags={"a": "b"}).display_name)
failing = ml.jobs.create_or_update(command(name="fails", command="echo on the way; exit 3", **base))
try:
    streamed(ml, "fails")
    seen("jobs.stream: failure", raised=False)
except Exception as error:
    seen("jobs.stream: failure", raised=True, says="status code 3" in str(error) or "exit" in str(error).lower())
ml.jobs.create_or_update(command(name="long", command="echo started; sleep 300", **base))
while ml.jobs.get("long").status != "Running":
    time.sleep(0.2)
ml.jobs.begin_cancel("long").result()
seen("jobs.begin_cancel", status=ended(ml, "long"))
ml.jobs.archive("long")
seen("jobs.archive", active=names(ml.jobs.list()))
ml.jobs.restore("long")
seen("jobs.restore", active=names(ml.jobs.list()))
ml.jobs.begin_delete("fails").result()
seen("jobs.begin_delete", left=names(ml.jobs.list()))


# A pipeline: components, a child's output as a registered asset
counting = count(name="counting").component


@dsl.pipeline(description="twice")
def twice(words):
    first = counting(words=words)
    second = counting(words=words)
    return {"first": first.outputs.counted, "second": second.outputs.counted}


pipeline = twice(words=Input(type="uri_file", path="azureml:words:1"))
pipeline.settings.default_compute = "cpu-cluster"
pipeline.outputs.first = Output(type="uri_folder", name="counted", version="1")
seen("jobs.validate", passed=ml.jobs.validate(pipeline).passed)
sent = ml.jobs.create_or_update(pipeline, experiment_name="clients")
text = streamed(ml, sent.name)
seen("jobs.create_or_update: pipeline", status=ml.jobs.get(sent.name).status, shows="Execution Summary" in text)
children = list(ml.jobs.list(parent_job_name=sent.name))
seen("jobs.list: children", status=sorted(one.status for one in children), named=sorted(one.display_name for one in children))
seen("jobs.create_or_update: output as an asset", path="azureml/" in ml.data.get("counted", version="1").path)
ml.jobs.download(sent.name, download_path="pipeline", output_name="second")
seen("jobs.download: pipeline's output", files=files("pipeline"))
model = ml.models.create_or_update(Model(name="counts", path=f"azureml://jobs/{sent.name}/outputs/second", type="custom_model"))
ml.models.download("counts", model.version, download_path="model")
seen("models.create_or_update: a job's output", files=[one.split("/")[-1] for one in files("model")])


# The same pipeline as a registered component: a job of its own, and a step of another pipeline
@dsl.pipeline(name="twice")
def typed(words: Input(type="uri_file")):
    return {"counted": counting(words=words).outputs.counted}


@dsl.pipeline(default_compute="cpu-cluster", experiment_name="clients")
def outer(words: Input(type="uri_file")):
    return {"counted": ml.components.get("twice")(words=words).outputs.counted}


made = ml.components.create_or_update(typed, version="1")
seen("components.create_or_update: pipeline", type=made.type, outputs=sorted(made.outputs))
words = Input(type="uri_file", path="azureml:words:1")
alone = ml.components.get("twice", version="1")(words=words)
alone.settings.default_compute = "cpu-cluster"
sent = [ml.jobs.create_or_update(alone, experiment_name="clients"), ml.jobs.create_or_update(outer(words=words))]
seen("jobs.create_or_update: registered pipeline component", status=[ended(ml, one.name) for one in sent])
ml.jobs.download(sent[1].name, download_path="outer", output_name="counted")
seen("jobs.download: nested pipeline's output", files=files("outer"))


# What the sandbox does not run
def spark_job():
    return spark(
        code="src", entry={"file": "count.py"}, driver_cores=1, driver_memory="2g", executor_cores=1, executor_memory="2g",
        executor_instances=1, resources={"instance_type": "Standard_E4S_V3", "runtime_version": "3.4.0"}, experiment_name="clients",
    )


not_modelled("jobs.create_or_update: spark", lambda: ml.jobs.create_or_update(spark_job()))
database = DataImport(name="rows", source=Database(connection="azureml:db", query="select 1"), path="azureml://datastores/workspaceblobstore/paths/rows")
not_modelled("data.import_data", lambda: ml.data.import_data(database))
