"""The Celery application: it wakes the deliverer and carries no reminder itself (docs/adr/0002)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casework.settings")

app = Celery("casework")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The beat only wakes: a sweep that nobody took in time is worthless, the next one finds the same rows.
app.conf.beat_schedule = {
    "sweep": {"task": "followup.sweep", "schedule": 1.0, "options": {"expires": 5}},
    "alert": {"task": "followup.alert", "schedule": 5.0, "options": {"expires": 10}},
    "tidy": {"task": "followup.tidy", "schedule": 60.0, "options": {"expires": 60}},
}
