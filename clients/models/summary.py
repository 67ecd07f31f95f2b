"""The latest facts of each client, kept by the rooms that know them, so that a list of 500 costs one query."""

from django.db import models

from clients.base import ClientOwnedQuerySet, classify
from clients.stage import Stage


class ClientSummary(models.Model):
    """One row a client. Only instants and states, never a count that the clock alone would make wrong."""

    client = models.OneToOneField("clients.Client", models.PROTECT, primary_key=True, related_name="summary")
    # casework.relapse
    stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    stage_before = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    stage_since = models.DateTimeField(null=True)
    stage_from_report = models.BooleanField(default=False)
    last_assessed_at = models.DateTimeField(null=True)
    last_use_on = models.DateField(null=True)
    # sessions
    last_session_at = models.DateTimeField(null=True)
    next_session_at = models.DateTimeField(null=True)
    sessions_attended = models.PositiveIntegerField(default=0)
    unsigned_notes = models.PositiveIntegerField(default=0)
    oldest_unsigned_at = models.DateTimeField(null=True)
    # casework.followup
    last_contact_at = models.DateTimeField(null=True)
    plan_state = models.CharField(max_length=20, blank=True)
    plan_stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    plan_started_at = models.DateTimeField(null=True)
    open_todos = models.PositiveIntegerField(default=0)
    next_due_todo_at = models.DateTimeField(null=True)
    unread_answers = models.PositiveIntegerField(default=0)
    # clients
    first_admitted_on = models.DateField(null=True)
    assigned_at = models.DateTimeField(null=True)

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        clinical="stage stage_before stage_since stage_from_report last_assessed_at last_use_on last_session_at "
        "next_session_at sessions_attended last_contact_at plan_state plan_stage plan_started_at first_admitted_on",
        operational="client unsigned_notes oldest_unsigned_at open_todos next_due_todo_at unread_answers assigned_at",
    )

    class Meta:
        indexes = [
            models.Index(fields=["last_contact_at"], name="summary_last_contact"),
            models.Index(fields=["next_due_todo_at"], name="summary_next_due"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}"
