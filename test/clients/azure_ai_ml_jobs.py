"""Jobs with azure-ai-ml, as its documentation says: commands, pipelines, sweeps, what is done with them; schedules that fire."""
import contextlib
import io
import time
from datetime import datetime, timedelta

from azure_ai_ml_kit import client, files, names, not_modelled, seen, write
from azure.ai.ml import Input, Output, command, dsl, spark
from azure.ai.ml.entities import (
    AmlCompute,
    Data,
    Environment,
    JobSchedule,
    Model,
    RecurrencePattern,
    RecurrenceTrigger,
    CronTrigger,
    Workspace,
)
from azure.ai.ml.sweep import BanditPolicy, Choice, Uniform
from azure.core.exceptions import HttpResponseError

# Reports its loss to the workspace's tracking server, without a package.
TRIAL = """
import json, os, ssl, sys, time, urllib.request
x, steps, pause, folder = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
for step in range(steps):
    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "loss", "value": x, "step": step, "timestamp": int(time.time() * 1000)}
    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(),
        {"authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "content-type": "application/json"})
    urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    time.sleep(pause)
open(os.path.join(folder, "x.txt"), "w").write(sys.argv[1])
"""

write("src/count.py", "import os, sys\nlines = open(sys.argv[1]).read().split()\nprint('counted', len(lines))\n"
      "open(os.path.join(sys.argv[2], 'count.txt'), 'w').write(str(len(lines)))\n")
write("src/trial.py", TRIAL)
write("words.txt", "a b c")

client().workspaces.begin_create(Workspace(name="jobs", location="westeurope")).result()
ml = client("jobs")
ml.compute.begin_create_or_update(AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", max_instances=4)).result()
empty = ml.environments.create_or_update(Environment(name="empty", image="python:3.11", conda_file={"dependencies": ["python=3.11"]}))
ml.data.create_or_update(Data(name="words", version="1", path="words.txt", type="uri_file"))
base = {"environment": "azureml:empty:1", "compute": "cpu-cluster", "experiment_name": "clients"}


def ended(name):
    while ml.jobs.get(name).status not in ("Completed", "Failed", "Canceled"):
        time.sleep(0.3)
    return ml.jobs.get(name).status


def streamed(name):
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


# A command
job = ml.jobs.create_or_update(count(name="count", display_name="Counts", tags={"team": "ml"}))
seen("jobs.create_or_update: command", name=job.name, type=job.type)
text = streamed("count")
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
    streamed("fails")
    seen("jobs.stream: failure", raised=False)
except Exception as error:
    seen("jobs.stream: failure", raised=True, says="status code 3" in str(error) or "exit" in str(error).lower())
ml.jobs.create_or_update(command(name="long", command="echo started; sleep 300", **base))
while ml.jobs.get("long").status != "Running":
    time.sleep(0.2)
ml.jobs.begin_cancel("long").result()
seen("jobs.begin_cancel", status=ended("long"))
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
text = streamed(sent.name)
seen("jobs.create_or_update: pipeline", status=ml.jobs.get(sent.name).status, shows="Execution Summary" in text)
children = list(ml.jobs.list(parent_job_name=sent.name))
seen("jobs.list: children", status=sorted(one.status for one in children), named=sorted(one.display_name for one in children))
seen("jobs.create_or_update: output as an asset", path="azureml/" in ml.data.get("counted", version="1").path)
ml.jobs.download(sent.name, download_path="pipeline", output_name="second")
seen("jobs.download: pipeline's output", files=files("pipeline"))
model = ml.models.create_or_update(Model(name="counts", path=f"azureml://jobs/{sent.name}/outputs/second", type="custom_model"))
ml.models.download("counts", model.version, download_path="model")
seen("models.create_or_update: a job's output", files=[one.split("/")[-1] for one in files("model")])


# Sweeps
def sweep(name, algorithm, space, trials, steps="1", pause="0", **more):
    trial = command(
        code="src",
        command="python trial.py ${{inputs.x}} ${{inputs.steps}} ${{inputs.pause}} ${{outputs.model}}",
        inputs={"x": 1.0, "steps": int(steps), "pause": float(pause)},
        outputs={"model": Output(type="uri_folder")},
        **base,
    )
    tried = trial(x=space).sweep(sampling_algorithm=algorithm, primary_metric="loss", goal="Minimize", compute="cpu-cluster")
    tried.set_limits(max_total_trials=trials, max_concurrent_trials=2, timeout=600)
    tried.experiment_name = "clients"
    tried.name = name
    for key, value in more.items():
        setattr(tried, key, value)
    return tried


ml.jobs.create_or_update(sweep("grid", "grid", Choice([3, 1, 2]), 3))
streamed("grid")
best = ml.jobs.get("grid").properties["best_child_run_id"]
ml.jobs.download("grid", download_path="best", output_name="model")
seen("jobs.create_or_update: sweep, grid", status=ended("grid"), best=best, x=[open(f"best/{one}").read() for one in files("best")])
ml.jobs.create_or_update(sweep("random", "random", Uniform(0, 1), 4))
status = ended("random")
trials = list(ml.jobs.list(parent_job_name="random"))
seen("jobs.create_or_update: sweep, random", status=status, trials=len(trials))
bandit = sweep("bandit", "grid", Choice([1, 9]), 2, steps="20", pause="0.3")
bandit.early_termination = BanditPolicy(slack_factor=0.5, evaluation_interval=2, delay_evaluation=2)
ml.jobs.create_or_update(bandit)
status = ended("bandit")
seen("jobs.create_or_update: sweep, early stop", status=status, trials=sorted(one.status for one in ml.jobs.list(parent_job_name="bandit")))
not_modelled("jobs.create_or_update: sweep, bayesian", lambda: ml.jobs.create_or_update(sweep("bayes", "bayesian", Uniform(0, 1), 2)))


def spark_job():
    return spark(
        code="src", entry={"file": "count.py"}, driver_cores=1, driver_memory="2g", executor_cores=1, executor_memory="2g",
        executor_instances=1, resources={"instance_type": "Standard_E4S_V3", "runtime_version": "3.4.0"}, experiment_name="clients",
    )


not_modelled("jobs.create_or_update: spark", lambda: ml.jobs.create_or_update(spark_job()))

# Schedules start pipelines
def scheduled():
    made = twice(words=Input(type="uri_file", path="azureml:words:1"))
    made.settings.default_compute = "cpu-cluster"
    made.experiment_name = "clients"
    return made


every_minute = RecurrenceTrigger(frequency="minute", interval=1, start_time=datetime.utcnow() - timedelta(minutes=5))
ml.schedules.begin_create_or_update(JobSchedule(name="often", trigger=every_minute, create_job=scheduled())).result()
ml.schedules.begin_create_or_update(JobSchedule(name="cron", trigger=CronTrigger(expression="* * * * *"), create_job=scheduled())).result()
at_night = RecurrenceTrigger(frequency="day", interval=1, schedule=RecurrencePattern(hours=3, minutes=30), time_zone="W. Europe Standard Time")
night = ml.schedules.begin_create_or_update(JobSchedule(name="night", trigger=at_night, create_job=scheduled())).result()
seen("schedules.begin_create_or_update", frequency=night.trigger.frequency, enabled=night.is_enabled)
seen("schedules.get", expression=ml.schedules.get("cron").trigger.expression)
seen("schedules.list", names=names(ml.schedules.list()))
fired = {}
until = time.time() + 80
while len(fired) < 2 and time.time() < until:
    time.sleep(1)
    for one in ml.jobs.list():
        for schedule in ("often", "cron"):
            if one.name.startswith(schedule):
                fired[schedule] = one.name
for schedule in ("often", "cron"):
    ml.schedules.begin_disable(schedule).result()
seen("schedules.begin_create_or_update: fires", ended=[ended(fired[one]) for one in sorted(fired)])
seen("schedules.begin_disable", enabled=ml.schedules.get("cron").is_enabled)
ml.schedules.begin_enable("night").result()
seen("schedules.begin_enable", enabled=ml.schedules.get("night").is_enabled)
triggered = ml.schedules.trigger("night")
seen("schedules.trigger", ended=ended(triggered.job_name))
try:
    ml.schedules.begin_delete("night").result()
    refused = False
except HttpResponseError:
    refused = True
ml.schedules.begin_delete("cron").result()
seen("schedules.begin_delete", enabled_refused=refused, left=names(ml.schedules.list()))
seen("jobs.list", scheduled=sum(one.name.startswith(("often", "cron", "night")) for one in ml.jobs.list()) >= 3)
