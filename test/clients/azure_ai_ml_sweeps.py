"""Sweeps with azure-ai-ml, as its documentation says: grid, random, early stop; each trial really runs."""
from azure_ai_ml_jobs_kit import base, ended, streamed, workspace
from azure_ai_ml_kit import files, not_modelled, seen, write
from azure.ai.ml import Output, command
from azure.ai.ml.sweep import BanditPolicy, Choice, Uniform

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

write("src/trial.py", TRIAL)
ml = workspace("sweeps")


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
streamed(ml, "grid")
best = ml.jobs.get("grid").properties["best_child_run_id"]
ml.jobs.download("grid", download_path="best", output_name="model")
seen("jobs.create_or_update: sweep, grid", status=ended(ml, "grid"), best=best, x=[open(f"best/{one}").read() for one in files("best")])
ml.jobs.create_or_update(sweep("random", "random", Uniform(0, 1), 4))
status = ended(ml, "random")
trials = list(ml.jobs.list(parent_job_name="random"))
seen("jobs.create_or_update: sweep, random", status=status, trials=len(trials))
bandit = sweep("bandit", "grid", Choice([1, 9]), 2, steps="20", pause="0.3")
bandit.early_termination = BanditPolicy(slack_factor=0.5, evaluation_interval=2, delay_evaluation=2)
ml.jobs.create_or_update(bandit)
status = ended(ml, "bandit")
seen("jobs.create_or_update: sweep, early stop", status=status, trials=sorted(one.status for one in ml.jobs.list(parent_job_name="bandit")))
not_modelled("jobs.create_or_update: sweep, bayesian", lambda: ml.jobs.create_or_update(sweep("bayes", "bayesian", Uniform(0, 1), 2)))
