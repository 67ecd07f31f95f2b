"""One Celery ETA task a reminder, with the flags that are recommended, as many products do it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
app = Celery("benchmarks")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "eta"


@app.task(name="bench.send")
def send(message_id: int) -> None:
    """Look, send (nowhere), mark: two statements, without attempt, policy or words."""
    from django.utils import timezone

    from casework.followup.models import Message

    message = Message.objects.get(pk=message_id)
    if message.status == Message.Status.PLANNED:
        message.status, message.sent_at = Message.Status.SENT, timezone.now()
        message.save(update_fields=["status", "sent_at"])
