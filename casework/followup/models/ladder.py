"""How far a silence has gone: one row a rung that was reached (clinical.md §4.5)."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from casework.followup.models.plans import FollowUpPlan, ToDo
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField


class Rung(models.IntegerChoices):
    """U1 to U4: each asks somebody for something, and each has its own timer."""

    CALL = 1, _("A call is due")
    OTHER_WAYS = 2, _("The supervisor looks for another way")
    DECIDE = 3, _("The supervisor decides what to try")
    GO_ON_OR_CLOSE = 4, _("The supervisor decides whether to go on")


class LadderRungQuerySet(ClientOwnedQuerySet):
    def open(self) -> Self:
        """Of a silence that lasts."""
        return self.filter(ended_at__isnull=True)

    def to_decide(self) -> Self:
        """What a supervisor has not answered yet; of one plan only the highest rung asks."""
        higher = LadderRung.objects.open().filter(
            plan=models.OuterRef("plan"), rung__gt=models.OuterRef("rung")
        )
        waits = self.open().filter(rung__gte=Rung.OTHER_WAYS, decided_at__isnull=True)
        return waits.filter(~models.Exists(higher))


class LadderRung(Record):
    """A rung that a silence has reached, why, what it asked for, and what was decided.

    A silence is known by the instant it counts from: whatever runs twice finds the same instant and writes nothing.
    """

    class Why(models.TextChoices):
        SILENT = "silent", _("no answer for the time that the plan allows")
        UNANSWERED = "unanswered", _("two check-ins in a row without an answer")
        ATTEMPTS = "attempts", _("tried on two different days without a talk")
        CALL_OVERDUE = "call_overdue", _("the call has not been made in time")
        NO_CONTACT = "no_contact", _("no contact by the day on which a supervisor decides")
        LAST_DAY = "last_day", _("no contact by the last day of the ladder")

    class End(models.TextChoices):
        ANSWERED = "answered", _("the client is in touch again")
        PAUSED = "paused", _("the plan is paused")
        PLAN_ENDED = "plan_ended", _("the plan has ended")
        STARTED_OVER = "started_over", _("the count began anew")

    class Decision(models.TextChoices):
        OTHER_CHANNEL = "other_channel", _("Another way that the client agreed to was tried")
        LOOKED_UP = "looked_up", _("Notes on jail or hospital were checked")
        LETTER = "letter", _("Send a letter")
        EMERGENCY_CONTACT = "emergency_contact", _("Call an emergency contact")
        WELFARE_CHECK = "welfare_check", _("Ask for a welfare check, as the site's policy says")
        KEEP_TRYING = "keep_trying", _("Keep trying to call")
        GO_ON = "go_on", _("Go on: the count begins anew")
        CLOSE = "close", _("Close the plan with the door open")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="ladder")
    plan = models.ForeignKey(FollowUpPlan, models.PROTECT, related_name="rungs")
    rung = models.PositiveSmallIntegerField(choices=Rung.choices)
    silent_since = models.DateTimeField()
    reached_at = models.DateTimeField()
    why = models.CharField(max_length=14, choices=Why.choices)
    todo = models.ForeignKey(ToDo, models.PROTECT, null=True, related_name="rungs")
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=14, choices=End.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decision = ArrayField(models.CharField(max_length=18, choices=Decision.choices), default=list)
    emergency_contact = models.ForeignKey(
        "clients.EmergencyContact", models.PROTECT, null=True, related_name="+"
    )
    note = EncryptedTextField(blank=True)

    objects = LadderRungQuerySet.as_manager()

    CLASSES = classify(
        clinical="plan rung silent_since reached_at why todo ended_at ended_why decision emergency_contact note",
        operational="id uid client decided_at decided_by",
    )

    class Meta:
        ordering: ClassVar = ["reached_at", "rung", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["client"], condition=Q(ended_at__isnull=True), name="rung_open_of_client")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "silent_since", "rung"], name="one_rung_per_silence"),
            models.UniqueConstraint(
                fields=["plan", "rung"], condition=Q(ended_at__isnull=True), name="one_open_rung_of_a_kind"
            ),
            models.CheckConstraint(condition=Q(rung__in=Rung.values), name="rung_is_on_the_ladder"),
            models.CheckConstraint(
                condition=Q(reached_at__gte=F("silent_since")), name="rung_reached_in_its_silence"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="")
                | (Q(ended_at__isnull=False) & ~Q(ended_why="")),
                name="ended_rung_says_why",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, decision=[])
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision=[])),
                name="decided_rung_says_what_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"rung {self.rung} of plan {self.plan_id}"

    @property
    def code(self) -> str:
        """As the guideline names it: U1 to U4."""
        return f"U{self.rung}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def decisions(self) -> list[str]:
        """What was decided, in words."""
        return [str(self.Decision(one).label) for one in self.decision]
