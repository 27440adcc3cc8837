"""Schedules with azure-ai-ml, as its documentation says: they start pipelines when it is time."""
import time
from datetime import datetime, timedelta

from azure_ai_ml_jobs_kit import count, ended, workspace
from azure_ai_ml_kit import names, seen
from azure.ai.ml import Input, dsl
from azure.ai.ml.entities import CronTrigger, JobSchedule, RecurrencePattern, RecurrenceTrigger
from azure.core.exceptions import HttpResponseError

ml = workspace("schedules")
counting = count(name="counting").component


@dsl.pipeline(description="once")
def once(words):
    return {"counted": counting(words=words).outputs.counted}


def scheduled():
    made = once(words=Input(type="uri_file", path="azureml:words:1"))
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
seen("schedules.begin_create_or_update: fires", ended=[ended(ml, fired[one]) for one in sorted(fired)])
seen("schedules.begin_disable", enabled=ml.schedules.get("cron").is_enabled)
ml.schedules.begin_enable("night").result()
seen("schedules.begin_enable", enabled=ml.schedules.get("night").is_enabled)
triggered = ml.schedules.trigger("night")
seen("schedules.trigger", ended=ended(ml, triggered.job_name))
try:
    ml.schedules.begin_delete("night").result()
    refused = False
except HttpResponseError:
    refused = True
ml.schedules.begin_delete("cron").result()
seen("schedules.begin_delete", enabled_refused=refused, left=names(ml.schedules.list()))
seen("jobs.list", scheduled=sum(one.name.startswith(("often", "cron", "night")) for one in ml.jobs.list()) >= 3)
