"""Emergencies: what was done, who is told, and the words that a crisis is known by (clinical.md §3.4, §5.3)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.followup.models.plans import ToDo
from casework.relapse.signs import RedFlag
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField

ACKNOWLEDGE_WITHIN = timedelta(minutes=15)


class EmergencyRecord(Record):
    """What was done about an emergency: written before its to-do can close (clinical.md §3.4)."""

    class Act(models.TextChoices):
        CALLED_911 = "called_911", _("Emergency services were called (911)")
        SENT_TO_ED = "sent_to_ed", _("Sent to an emergency department")
        TRANSFER_988 = "transfer_988", _("Warm transfer to the crisis line (988)")
        PRESCRIBER = "prescriber", _("The prescriber or a medical provider was reached")
        SUPERVISOR = "supervisor", _("The supervisor was called in")

    class Basis(models.TextChoices):
        MEDICAL_EMERGENCY = "medical_emergency", _("Medical emergency (42 CFR 2.51)")
        CONSENT = "consent", _("The client's written consent")
        NOTHING_TOLD = "nothing_told", _("Nobody outside the practice was told anything")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="emergency_records")
    todo = models.OneToOneField(ToDo, models.PROTECT, related_name="emergency_record")
    noticed_at = models.DateTimeField(_("when it was noticed"))
    red_flags = ArrayField(models.CharField(max_length=24, choices=RedFlag.choices), default=list, blank=True)
    acts = ArrayField(models.CharField(max_length=16, choices=Act.choices), default=list)
    person_reached = EncryptedTextField(_("who was reached"))
    disclosure_basis = models.CharField(_("basis for telling"), max_length=20, choices=Basis.choices)
    outcome = EncryptedTextField(_("what came of it"))
    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("supervisor told")
    )
    supervisor_told_at = models.DateTimeField(_("when the supervisor was told"))
    acknowledged_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        clinical="noticed_at red_flags acts person_reached disclosure_basis outcome todo",
        operational="id uid client supervisor supervisor_told_at acknowledged_at recorded_at recorded_by",
    )

    class Meta:
        ordering: ClassVar = ["-noticed_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(acts__len__gt=0), name="emergency_record_says_what_was_done")
        ]

    def __str__(self) -> str:
        return f"emergency record {self.uid}"

    @property
    def acts_said(self) -> list[str]:
        return [str(self.Act(act).label) for act in self.acts]

    @property
    def flags_said(self) -> list[str]:
        return [str(RedFlag(flag).label) for flag in self.red_flags]


class CrisisWordQuerySet(models.QuerySet["CrisisWord"]):
    def active(self) -> Self:
        return self.filter(active=True)


class CrisisWord(Record):
    """A word or phrase that makes a client's message a crisis. One that is doubtful waits, switched off, for review."""

    class Language(models.TextChoices):
        ENGLISH = "en", _("English")
        SPANISH = "es", _("Spanish")

    phrase = models.CharField(_("word or phrase"), max_length=60)
    folded = models.CharField(max_length=80, editable=False)  # as it is compared
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    active = models.BooleanField(default=True)
    why = models.CharField(_("why"), max_length=200, blank=True)  # why it is here, or was switched off
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CrisisWordQuerySet.as_manager()

    CLASSES = classify(
        operational="id uid phrase folded language active why added_at added_by reviewed_at reviewed_by"
    )

    class Meta:
        ordering: ClassVar = ["language", "folded"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["language", "folded"], name="one_crisis_word_per_language"),
            models.CheckConstraint(
                name="crisis_word_review_at_and_by",
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.phrase


class StaffAlertQuerySet(models.QuerySet["StaffAlert"]):
    def waiting(self) -> Self:
        """Neither sent nor overtaken by events."""
        return self.filter(sent_at=None, dropped_at=None)

    def drop(self, at: datetime) -> int:
        """What has not gone out need not go any more."""
        return self.waiting().update(dropped_at=at)


class StaffAlert(models.Model):
    """An e-mail that asks somebody of the staff to look at once. It carries counts and a link, nothing of a client.

    Sent outside any transaction, at least once: a crash between sending and noting it sends again.
    """

    todo = models.ForeignKey(ToDo, models.PROTECT, null=True, related_name="alerts")
    inbound = models.ForeignKey(
        "followup.InboundMessage", models.CASCADE, null=True, related_name="alerts"
    )  # a crisis text from a number on nobody's record has no to-do
    to: Any = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="alerts")
    round = models.PositiveIntegerField()  # 0 at once, then one each quarter of an hour
    due_at = models.DateTimeField()
    try_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)  # acknowledged or closed before it went out
    error = models.CharField(max_length=40, blank=True)

    objects = StaffAlertQuerySet.as_manager()

    CLASSES = classify(
        clinical="todo inbound", operational="id to round due_at try_at attempts sent_at dropped_at error"
    )

    class Meta:
        ordering: ClassVar = ["due_at", "pk"]
        indexes: ClassVar = [
            models.Index(
                name="staff_alert_waiting",
                fields=["try_at"],
                condition=Q(sent_at__isnull=True, dropped_at__isnull=True),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="staff_alert_is_about_one",
                condition=Q(todo__isnull=False, inbound__isnull=True)
                | Q(todo__isnull=True, inbound__isnull=False),
            ),
            models.UniqueConstraint(fields=["todo", "to", "due_at"], name="one_alert_per_todo_and_round"),
            models.UniqueConstraint(fields=["inbound", "to", "due_at"], name="one_alert_per_text_and_round"),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"
