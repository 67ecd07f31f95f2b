"""The plan that follows a report, what people are asked to do, and how the client was reached (clinical.md §4)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casework.followup.plan_templates import ALARMS, ToDoKind
from casework.followup.risk import RiskReason, RiskTier
from casework.followup.told import told
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from clients.stage import Stage

PLAN_STAGES = [(stage.value, stage.label) for stage in (Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL)]


class PlanState(models.TextChoices):
    """Where a plan stands. The first three are running: a client has at most one of them."""

    ACTIVE = "active", _("Running")
    PAUSED = "paused", _("Paused")
    MESSAGES_OFF = "messages_off", _("Running without messages")
    COMPLETED = "completed", _("Completed")
    SUPERSEDED = "superseded", _("Replaced by a newer plan")
    VOIDED = "voided", _("Void: the report was taken back")
    CLOSED_DECEASED = "closed_deceased", _("Closed: the client has died")
    CLOSED_DISCHARGED = "closed_discharged", _("Closed: discharged")
    CLOSED_OPEN_DOOR = "closed_open_door", _("Closed with the door open")


RUNNING = (PlanState.ACTIVE, PlanState.PAUSED, PlanState.MESSAGES_OFF)
_ENDS = frozenset(set(PlanState) - set(RUNNING))


class PlanQuerySet(ClientOwnedQuerySet):
    def running(self) -> Self:
        """Active, paused or without messages."""
        return self.filter(state__in=RUNNING)


class FollowUpPlan(Lifecycle, Record):
    """What happens after a report, on the client's own calendar. It keeps the template version it began with."""

    State = PlanState
    TRANSITIONS = {
        PlanState.ACTIVE: _ENDS | {PlanState.PAUSED, PlanState.MESSAGES_OFF},
        PlanState.PAUSED: _ENDS | {PlanState.ACTIVE, PlanState.MESSAGES_OFF},
        PlanState.MESSAGES_OFF: _ENDS | {PlanState.ACTIVE, PlanState.PAUSED},
        **{state: frozenset() for state in _ENDS - {PlanState.COMPLETED}},
        PlanState.COMPLETED: frozenset({PlanState.VOIDED}),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="followup_plans")
    report = models.ForeignKey("relapse.RelapseReport", models.PROTECT, related_name="plans")
    stage = models.CharField(_("stage"), max_length=14, choices=PLAN_STAGES)
    risk_tier = models.CharField(_("risk tier"), max_length=6, choices=RiskTier.choices)
    risk_reasons = ArrayField(
        models.CharField(max_length=20, choices=RiskReason.choices), default=list, blank=True
    )
    state = models.CharField(_("state"), max_length=20, choices=PlanState.choices, default=PlanState.ACTIVE)
    reported_at = models.DateTimeField()  # T0: the clocks of people count from here
    starts_at = (
        models.DateTimeField()
    )  # the texts count from here; later than T0 when a report was confirmed later
    started_on = models.DateField()  # local date of starts_at
    tz = models.CharField(max_length=64)
    template_version = models.PositiveSmallIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ladder_from = models.DateTimeField(null=True, blank=True)  # a silence counts from here at the earliest
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(max_length=40, blank=True)

    objects = PlanQuerySet.as_manager()

    CLASSES = classify(
        clinical="report stage risk_tier risk_reasons reported_at starts_at started_on closed_reason",
        operational="id uid client state tz template_version created_by ladder_from closed_at",
    )

    class Meta:
        ordering: ClassVar = ["-starts_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(state__in=RUNNING), name="one_active_plan_per_client"
            ),
            models.CheckConstraint(
                condition=Q(state__in=RUNNING, closed_at__isnull=True)
                | (~Q(state__in=RUNNING) & Q(closed_at__isnull=False)),
                name="closed_plan_says_when",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=F("reported_at")), name="plan_starts_after_report"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} plan {self.uid}"

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def tier(self) -> RiskTier:
        return RiskTier(self.risk_tier)

    @property
    def reasons(self) -> list[str]:
        """Why the tier was given, in words."""
        return [str(RiskReason(reason).label) for reason in self.risk_reasons]


class PlanReport(models.Model):
    """A later report that the running plan took in instead of starting anew."""

    plan = models.ForeignKey(FollowUpPlan, models.PROTECT, related_name="further_reports")
    report = models.OneToOneField("relapse.RelapseReport", models.PROTECT, related_name="joined_plan")
    at = models.DateTimeField()

    CLASSES = classify(clinical="plan report at", operational="id")

    def __str__(self) -> str:
        return f"report {self.report_id} in plan {self.plan_id}"


class ToDoState(models.TextChoices):
    """A cancelled or superseded to-do stays readable."""

    OPEN = "open", pgettext_lazy("to-do", "Open")
    DONE = "done", pgettext_lazy("to-do", "Done")
    CANCELLED = "cancelled", _("Cancelled")
    SUPERSEDED = "superseded", _("Replaced")


class ToDoQuerySet(ClientOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(state=ToDoState.OPEN)

    def nobody_has(self) -> Self:
        """Emergencies that nobody has acknowledged yet."""
        return self.open().filter(kind__in=ALARMS, acknowledged_at=None)

    def overdue(self, at: datetime) -> Self:
        """Open, and the grace has run out as well."""
        return self.open().filter(due_at__lt=at - F("grace"))

    def in_order(self) -> Self:
        """Most pressing first."""
        return self.order_by("-urgent", "due_at", "pk")


class ToDo(Lifecycle, Record):
    """Something a person is asked to do by a time."""

    Kind = ToDoKind
    State = ToDoState
    TRANSITIONS = {
        ToDoState.OPEN: frozenset({ToDoState.DONE, ToDoState.CANCELLED, ToDoState.SUPERSEDED}),
        ToDoState.DONE: frozenset({ToDoState.OPEN}),
        ToDoState.CANCELLED: frozenset(),
        ToDoState.SUPERSEDED: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="todos")
    plan = models.ForeignKey(FollowUpPlan, models.PROTECT, null=True, blank=True, related_name="todos")
    report = models.ForeignKey(
        "relapse.RelapseReport", models.PROTECT, null=True, blank=True, related_name="todos"
    )
    message = models.ForeignKey(
        "followup.Message", models.PROTECT, null=True, blank=True, related_name="todos"
    )
    inbound = models.ForeignKey(
        "followup.InboundMessage", models.PROTECT, null=True, blank=True, related_name="todos"
    )
    step_key = models.CharField(max_length=48, blank=True)
    kind = models.CharField(max_length=20, choices=ToDoKind.choices)
    title = models.CharField(max_length=160)
    due_at = models.DateTimeField()
    grace = models.DurationField(default=timedelta)
    urgent = models.BooleanField(default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="todos"
    )
    state = models.CharField(max_length=12, choices=ToDoState.choices, default=ToDoState.OPEN)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=300, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)  # "I have it": emergencies only
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    false_alarm = models.BooleanField(default=False)
    cancelled_reason = models.CharField(max_length=40, blank=True)

    objects = ToDoQuerySet.as_manager()

    CLASSES = classify(
        clinical="plan report message inbound step_key kind title urgent outcome cancelled_reason false_alarm",
        operational="id uid client due_at grace owner state opened_at done_at done_by acknowledged_at "
        "acknowledged_by",
    )

    class Meta:
        ordering: ClassVar = ["due_at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state="open"), name="todo_open_by_due"),
            models.Index(fields=["client"], condition=Q(state="open"), name="todo_open_of_client"),
            models.Index(
                fields=["due_at"],
                condition=Q(state="open", kind__in=["crisis", "emergency"], acknowledged_at__isnull=True),
                name="todo_nobody_has",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "step_key"],
                condition=Q(plan__isnull=False) & ~Q(step_key=""),
                name="one_todo_per_plan_step",
            ),
            models.UniqueConstraint(
                fields=["client", "step_key"],
                condition=Q(plan__isnull=True) & ~Q(step_key=""),
                name="one_todo_per_key",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True, done_by__isnull=True)),
                name="done_todo_says_when",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="todo_acknowledged_at_and_by",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_reason=""), name="cancelled_todo_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"to-do {self.uid}"

    @property
    def said(self) -> str:
        """Its title, in the reader's language where the words are ours."""
        return told(self.title)

    @property
    def outcome_said(self) -> str:
        return told(self.outcome)

    @property
    def is_open(self) -> bool:
        return self.state == ToDoState.OPEN

    @property
    def latest_at(self) -> datetime:
        """When it counts as overdue."""
        return self.due_at + self.grace

    @property
    def is_alarm(self) -> bool:
        """Whether it is an emergency: it is acknowledged, and closes only with a record of what was done."""
        return self.kind in ALARMS

    @property
    def waits_for_somebody(self) -> bool:
        return self.is_alarm and self.is_open and self.acknowledged_at is None

    def is_overdue(self, at: datetime) -> bool:
        return self.is_open and self.latest_at < at


class ContactAttemptQuerySet(ClientOwnedQuerySet):
    def reached(self) -> Self:
        """Two-way live talk: a contact. The rest are attempts (clinical.md §4.4)."""
        return self.filter(outcome=ContactAttempt.Outcome.REACHED)


class ContactAttempt(Record):
    """A try to reach the client in person. Only `reached` is a contact; a voicemail is an attempt."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone call")
        IN_PERSON = "in_person", _("In person")
        VIDEO = "video", _("Video")
        MESSAGE = "message", _("Message read and answered")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("We talked")
        VOICEMAIL = "voicemail", _("Left a voicemail")
        NO_ANSWER = "no_answer", _("No answer")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        DECLINED = "declined", _("Declined to talk")
        THIRD_PARTY = "third_party", _("Somebody else answered")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="contact_attempts")
    todo = models.ForeignKey(ToDo, models.PROTECT, null=True, blank=True, related_name="attempts")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    channel = models.CharField(_("how"), max_length=10, choices=Channel.choices)
    outcome = models.CharField(_("what came of it"), max_length=14, choices=Outcome.choices)
    note = EncryptedTextField(blank=True)
    recorded_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=64, blank=True)

    objects = ContactAttemptQuerySet.as_manager()

    CLASSES = classify(
        clinical="at channel outcome note todo", operational="id uid client by recorded_at idempotency_key"
    )

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "-at"], name="contact_attempt_of_client")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_attempt_per_idempotency_key",
            )
        ]

    def __str__(self) -> str:
        return f"contact attempt {self.uid}"


class SafetyChecklist(Record):
    """What the first talk asked about (clinical.md §3.2 S-4): prompts for the counselor, never a text to the client."""

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="safety_checklists")
    plan = models.ForeignKey(
        FollowUpPlan, models.PROTECT, null=True, blank=True, related_name="safety_checklists"
    )
    answers: Any = models.JSONField(default=dict)
    note = EncryptedTextField(blank=True)
    risk_tier = models.CharField(max_length=6, choices=RiskTier.choices)
    risk_reasons = ArrayField(
        models.CharField(max_length=20, choices=RiskReason.choices), default=list, blank=True
    )
    # S-6: who was told about overdose and naloxone, when, and what came of it; whoever completed the form told it.
    told_whom = EncryptedTextField(blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    told_outcome = EncryptedTextField(blank=True)
    completed_at = models.DateTimeField()
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        clinical="plan answers note risk_tier risk_reasons told_whom told_at told_outcome",
        operational="id uid client completed_at completed_by",
    )

    class Meta:
        ordering: ClassVar = ["-completed_at", "-pk"]

    def __str__(self) -> str:
        return f"safety checklist {self.uid}"
