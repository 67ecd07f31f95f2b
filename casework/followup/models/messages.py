"""Messages to clients, each try to send one, what came back, and the signs of life of those who send.

A Message is the outbox row, written in the transaction that decides on it. Its `status` is moved only by the SQL in
`casework.followup.delivery` and by the verbs of its queryset: `withdraw`, `recall`, `leave_out` and
`write_again`.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from casework.followup.plan_templates import ChannelRule
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField

SECRET = re.compile(r"(https?://\S+/l/)[\w-]{16,}/?")  # a one-time link: the last part opens it


class Priority(models.IntegerChoices):
    """Who goes first when many are due; the claim walks these in order."""

    CRISIS = 0, _("crisis")
    ANSWER = 10, _("answer to a message")
    HIGH = 20, _("high risk")
    USUAL = 50, _("usual")


class MessageQuerySet(ClientOwnedQuerySet):
    """Queries by what still can happen to a message."""

    def waiting(self) -> Self:
        """Not with a provider yet: a claim may still take them."""
        return self.filter(status__in=Message.WAITING)

    def unsettled(self) -> Self:
        """Everything that may still leave, those being sent at this moment included."""
        return self.filter(status__in=[*Message.WAITING, Message.Status.CLAIMED, Message.Status.UNKNOWN])

    def withdraw(self, *, reason: str, at: datetime, params: Mapping[str, Any] | None = None) -> int:
        """Cancel what has not left. One already on its way is marked, so that it is not tried a second time."""
        # Always in the same order, so that two of these, or one and a settling sender, cannot wait for each other.
        pks = list(
            self.unsettled().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
        )
        on_its_way = Q(status__in=[Message.Status.CLAIMED, Message.Status.UNKNOWN])
        return (
            self.model._default_manager.filter(pk__in=pks)
            .unsettled()
            .update(
                recalled=Case(When(on_its_way, then=Value(Message.Recall.CANCEL)), default=F("recalled")),
                recall_reason=Case(When(on_its_way, then=Value(reason)), default=F("recall_reason")),
                reason_code=Case(When(on_its_way, then=F("reason_code")), default=Value(reason)),
                reason_params=Case(
                    When(on_its_way, then=F("reason_params")),
                    default=Value(dict(params or {}), output_field=models.JSONField()),
                ),
                closed_at=Case(When(on_its_way, then=F("closed_at")), default=Value(at)),
                status=Case(When(on_its_way, then=F("status")), default=Value(Message.Status.CANCELLED)),
            )
        )

    def leave_out(self, *, reason: str, at: datetime) -> int:
        """Skip what still waits: its day has passed. One that a sender holds is policy's to decide."""
        pks = list(self.waiting().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        return self.model._default_manager.filter(pk__in=pks).update(
            status=Message.Status.SKIPPED, reason_code=reason, reason_params={}, closed_at=at
        )

    def write_again(self) -> list[int]:
        """Let what was cancelled go after all: whoever had to agree has agreed. Returns which."""
        cancelled = self.filter(status=Message.Status.CANCELLED).order_by("pk")
        pks = list(cancelled.select_for_update(of=("self",)).values_list("pk", flat=True))
        self.model._default_manager.filter(pk__in=pks).update(
            status=Message.Status.PLANNED, reason_code="", reason_params={}, closed_at=None
        )
        return pks

    def put_on(self, on: date, at: time, due_at: datetime, *, tz: str) -> int:
        """Move what no sender has touched to another local time; what was held is looked at anew then."""
        movable = [Message.Status.PLANNED, Message.Status.HELD, Message.Status.CANCELLED]
        held = Q(status=Message.Status.HELD)
        return self.filter(status__in=movable).update(
            local_date=on,
            local_time=at,
            tz=tz,
            due_at=due_at,
            ready_at=None,
            reason_code=Case(When(held, then=Value("")), default=F("reason_code")),
            reason_params=Case(
                When(held, then=Value({}, output_field=models.JSONField())), default=F("reason_params")
            ),
            status=Case(When(held, then=Value(Message.Status.PLANNED)), default=F("status")),
        )

    def recall(self) -> int:
        """Have those that a sender holds, but has not handed to the provider, cleared once more.

        Call it in the transaction that changes what policy reads (a permission, a number, a status): the update waits
        for a claim in progress, so the order of the commits decides what leaves.
        """
        held = self.filter(status__in=[*Message.WAITING, Message.Status.CLAIMED]).order_by("pk")
        pks = list(held.select_for_update(of=("self",)).values_list("pk", flat=True))
        claimed = self.model._default_manager.filter(
            pk__in=pks, status=Message.Status.CLAIMED, recalled=Message.Recall.NO
        )
        return claimed.update(recalled=Message.Recall.RECHECK)


class MessageHoldQuerySet(ClientOwnedQuerySet):
    client_path = "message__client"


class Message(Record):
    """One thing to say to one client at one time. `dedupe_key` makes a second row for the same thing impossible."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        HELD = "held", _("held")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed, will be tried again")
        UNKNOWN = "unknown", _("being checked with the provider")
        DEAD = "dead", _("not delivered")
        CANCELLED = "cancelled", _("cancelled")
        SKIPPED = "skipped", _("skipped")

    class Kind(models.TextChoices):
        PLAN = "plan", _("follow-up plan")
        REMINDER = "reminder", _("session reminder")
        WELCOME = "welcome", _("welcome")
        MANUAL = "manual", _("written by staff")
        CRISIS_REPLY = "crisis_reply", _("answer to a crisis")
        STOP_REPLY = "stop_reply", _("answer to STOP")
        START_REPLY = "start_reply", _("answer to START")
        HELP_REPLY = "help_reply", _("answer to HELP")
        AWAY_REPLY = "away_reply", _("answer while nobody is here")
        CHANGE_REPLY = "change_reply", _("answer to R")
        PLAN_REPLY = "plan_reply", _("answer to PLAN")

    class Recall(models.TextChoices):
        NO = "", _("no")
        RECHECK = "recheck", _("clear again")
        CANCEL = "cancel", _("withdrawn")

    # The claim takes these, and no others, once they are due. The SQL and the partial index name the same three.
    WAITING = (Status.PLANNED, Status.HELD, Status.FAILED)

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="messages")
    plan = models.ForeignKey(
        "followup.FollowUpPlan", models.PROTECT, null=True, blank=True, related_name="messages"
    )
    session = models.ForeignKey(
        "counseling.Session", models.PROTECT, null=True, blank=True, related_name="messages"
    )
    step_key = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    template_key = models.CharField(max_length=40, blank=True)
    channel_rule = models.CharField(max_length=8, choices=ChannelRule.choices, blank=True, db_default="")
    in_reply_to = models.ForeignKey(
        "followup.InboundMessage", models.PROTECT, null=True, blank=True, related_name="replies"
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    local_date = models.DateField()
    local_time = models.TimeField()
    tz = models.CharField(max_length=64)
    due_at = models.DateTimeField()  # when a sender looks at it next: moves with holds, retries and look-ups
    # Since when nothing but we or the provider keeps it back; what lateness counts from. Null: `due_at` says it.
    ready_at = models.DateTimeField(null=True, blank=True)
    useful_until = models.DateTimeField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.USUAL)
    dedupe_key = models.CharField(max_length=200, unique=True)

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    reason_code = models.CharField(max_length=40, blank=True)
    reason_params = models.JSONField(default=dict, blank=True)
    body = EncryptedTextField(blank=True)

    attempts_made = models.PositiveSmallIntegerField(default=0)
    attempt_id = models.UUIDField(null=True, blank=True)  # the attempt that the present lease is for
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    recalled = models.CharField(max_length=8, choices=Recall.choices, default=Recall.NO, blank=True)
    recall_reason = models.CharField(max_length=40, blank=True)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)  # dead, cancelled or skipped
    possible_duplicate = models.BooleanField(default=False)

    objects = MessageQuerySet.as_manager()

    CLASSES = classify(
        identifying="client",
        clinical="plan session in_reply_to step_key kind template_key channel_rule local_date local_time tz due_at "
        "ready_at useful_until priority dedupe_key body reason_code reason_params sent_at delivered_at answered_at "
        "recall_reason",
        operational="id uid written_by status attempts_made attempt_id lease_owner lease_until fence recalled "
        "created_at closed_at possible_duplicate",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="message_priority_known", condition=Q(priority__in=Priority.values)),
            models.CheckConstraint(
                name="claimed_message_has_lease",
                condition=Q(status="claimed", lease_until__isnull=False, attempt_id__isnull=False)
                | (~Q(status="claimed") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="sent_message_has_time",
                condition=~Q(status__in=["sent", "delivered"]) | Q(sent_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_message_per_plan_step", fields=["plan", "step_key"], condition=Q(plan__isnull=False)
            ),
            models.UniqueConstraint(  # one that is being sent and was withdrawn meanwhile does not count
                name="one_live_reminder_per_session",
                fields=["session"],
                condition=Q(
                    kind="reminder",
                    session__isnull=False,
                    status__in=["planned", "held", "failed", "claimed", "unknown"],
                )
                & ~Q(recalled="cancel"),
            ),
        ]
        indexes = [
            models.Index(
                name="message_waiting",
                fields=["priority", "due_at"],
                condition=Q(status__in=["planned", "held", "failed"]),
            ),
            models.Index(
                name="message_kept_back",
                fields=["ready_at"],
                condition=Q(status__in=["planned", "held", "failed"], ready_at__isnull=False),
            ),
            models.Index(name="message_held", fields=["due_at"], condition=Q(status="held")),
            models.Index(name="message_closed", fields=["closed_at"], condition=Q(closed_at__isnull=False)),
            models.Index(name="message_leased", fields=["lease_until"], condition=Q(status="claimed")),
            models.Index(name="message_unknown", fields=["due_at"], condition=Q(status="unknown")),
            models.Index(name="message_of_client", fields=["client", "-due_at"]),
        ]

    def __str__(self) -> str:
        return f"message {self.uid}"

    @property
    def shown(self) -> str:
        """Its words for the practice's own eyes: a link to the client's phone is for the client alone."""
        return SECRET.sub(r"\1…", self.body)


class MessageHold(models.Model):
    """That a message was put off, why and until when: the row itself remembers only the last time."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="holds")
    reason_code = models.CharField(max_length=40)
    reason_params = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    objects = MessageHoldQuerySet.as_manager()

    CLASSES = classify(clinical="message reason_code reason_params at until", operational="id")

    def __str__(self) -> str:
        return f"hold of message {self.message_id}"


class AttemptQuerySet(ClientOwnedQuerySet):
    client_path = "message__client"


class Attempt(models.Model):
    """One try to hand a message to a provider. The row is committed before the provider is called."""

    class Outcome(models.TextChoices):
        STARTED = "started", _("started")
        ACCEPTED = "accepted", _("accepted by the provider")
        REJECTED = "rejected", _("refused by the provider")
        UNKNOWN = "unknown", _("no clear answer")
        ABSENT = "absent", _("never reached the provider")
        WITHHELD = "withheld", _("stopped before the call")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, models.PROTECT, related_name="attempts")
    n = models.PositiveSmallIntegerField()
    fence = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    provider = models.CharField(max_length=20)
    recipient = EncryptedTextField()
    started_at = models.DateTimeField()
    called_at = models.DateTimeField(
        null=True, blank=True
    )  # kept only for providers that cannot be asked afterwards
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.STARTED)
    provider_id = models.CharField(max_length=80, blank=True)
    provider_status = models.CharField(max_length=20, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)

    objects = AttemptQuerySet.as_manager()

    CLASSES = classify(
        identifying="recipient",
        clinical="message channel started_at",
        operational="id n fence provider called_at outcome provider_id provider_status settled_at error_code",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_attempt_per_claim", fields=["message", "fence"]),
            models.CheckConstraint(
                name="settled_attempt_has_time", condition=Q(outcome="started") | Q(settled_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                name="attempt_provider_id", fields=["provider", "provider_id"], condition=~Q(provider_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class InboundMessage(Record):
    """What a client, or somebody unknown, wrote to us."""

    class Kind(models.TextChoices):
        CRISIS = "crisis", _("crisis")
        OPT_OUT = "opt_out", _("stop")
        OPT_IN = "opt_in", _("start")
        HELP = "help", _("help")
        OK = "ok", _("OK")
        CALL = "call", _("please call")
        CONFIRM = "confirm", _("confirms the visit")
        RESCHEDULE = "reschedule", _("wants another time")
        PLAN = "plan", _("asks for the plan")
        OTHER = "other", _("message")

    provider = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=80)
    channel = models.CharField(max_length=10, default="sms")
    from_normalized = models.CharField(max_length=254)
    client = models.ForeignKey(
        "clients.Client", models.PROTECT, null=True, blank=True, related_name="inbound_messages"
    )
    received_at = models.DateTimeField()
    body = EncryptedTextField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    crisis = models.BooleanField(default=False)
    opt_out = models.BooleanField(default=False)
    answers = models.ForeignKey(Message, models.PROTECT, null=True, blank=True, related_name="answered_by")
    alarm = models.ForeignKey(
        "followup.ToDo", models.PROTECT, null=True, blank=True, related_name="crisis_texts"
    )  # of several crisis texts within the hour the later ones join the first one's to-do
    dismissed_reason = models.CharField(max_length=200, blank=True)  # why it was put aside
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)  # a person wrote back
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        identifying="from_normalized client",
        clinical="body kind crisis opt_out answers received_at alarm dismissed_reason",
        operational="id uid provider provider_id channel read_at read_by handled_at handled_by answered_at answered_by",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_inbound_per_provider_id", fields=["provider", "provider_id"]),
            models.CheckConstraint(
                name="inbound_read_at_and_by",
                condition=Q(read_at__isnull=True, read_by__isnull=True)
                | Q(read_at__isnull=False, read_by__isnull=False),
            ),
            models.CheckConstraint(
                name="inbound_handled_at_and_by",
                condition=Q(handled_at__isnull=True, handled_by__isnull=True)
                | Q(handled_at__isnull=False, handled_by__isnull=False),
            ),
            models.CheckConstraint(
                name="inbound_answered_at_and_by",
                condition=Q(answered_at__isnull=True, answered_by__isnull=True)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="inbound_of_client", fields=["client", "-received_at"]),
            models.Index(
                name="inbound_unhandled", fields=["received_at"], condition=Q(handled_at__isnull=True)
            ),
            models.Index(name="inbound_unread", fields=["client"], condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"inbound message {self.uid}"


class ProviderEvent(models.Model):
    """One status callback, kept once however often it is told."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="events")
    provider = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=80)
    status = models.CharField(max_length=20)
    error_code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    CLASSES = classify(operational="id attempt provider provider_id status error_code at")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_event_per_status", fields=["provider", "provider_id", "status"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} event {self.status}"


class Heartbeat(models.Model):
    """The last sign of life of a worker, the beat or the watchman, per run of the installation."""

    name = models.CharField(max_length=20)
    run = models.CharField(max_length=64, blank=True)
    beat_at = models.DateTimeField()

    CLASSES = classify(operational="id name run beat_at")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_heartbeat_per_run", fields=["name", "run"])]

    def __str__(self) -> str:
        return f"{self.name} of {self.run or 'this installation'}"
