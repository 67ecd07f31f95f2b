"""Plans, messages and to-dos, as the API gives them."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.followup.messages.reasons import words
from casework.followup.models import (
    Attempt,
    ContactAttempt,
    FollowUpPlan,
    InboundMessage,
    Message,
    StepChange,
    ToDo,
)
from casework.followup.plan_templates import ChannelRule, ToDoKind
from clients.access import Verb, can


class PlanOut(serializers.ModelSerializer[FollowUpPlan]):
    client = UidField(read_only=True)
    report = UidField(read_only=True)

    class Meta:
        model = FollowUpPlan
        fields = (
            "uid",
            "client",
            "report",
            "stage",
            "risk_tier",
            "risk_reasons",
            "state",
            "reported_at",
            "starts_at",
            "started_on",
            "tz",
            "template_version",
            "closed_at",
            "closed_reason",
        )
        read_only_fields = fields


class StepChangeOut(serializers.ModelSerializer[StepChange]):
    """A step added, moved or dropped by hand."""

    message = UidField(read_only=True)
    todo = UidField(read_only=True)
    step_key = serializers.SerializerMethodField()

    class Meta:
        model = StepChange
        fields = ("uid", "act", "step_key", "message", "todo", "from_at", "to_at", "reason", "at")
        read_only_fields = fields

    def get_step_key(self, change: StepChange) -> str:
        step = change.message or change.todo
        return step.step_key if step is not None else ""


class ReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class MessageStepIn(ReasonIn):
    on = serializers.DateField()
    text = serializers.CharField(max_length=40)
    channel = serializers.ChoiceField(choices=ChannelRule.choices, default="", allow_blank=True)


class ToDoStepIn(ReasonIn):
    on = serializers.DateField()
    kind = serializers.ChoiceField(choices=ToDoKind.choices)
    title = serializers.CharField(max_length=160, default="", allow_blank=True)


class DropStepIn(ReasonIn):
    key = serializers.CharField(max_length=48)


class MoveStepIn(DropStepIn):
    on = serializers.DateField()


class AttemptOut(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = (
            "id",
            "n",
            "channel",
            "started_at",
            "outcome",
            "provider_status",
            "settled_at",
            "error_code",
        )
        read_only_fields = fields


class MessageOut(serializers.ModelSerializer[Message]):
    """A message and why it went, waits, was held or was cancelled. Its words are not given out."""

    client = UidField(read_only=True)
    plan = UidField(read_only=True)
    reason = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = (
            "uid",
            "client",
            "plan",
            "step_key",
            "kind",
            "template_key",
            "local_date",
            "local_time",
            "tz",
            "due_at",
            "status",
            "reason",
            "attempts_made",
            "sent_at",
            "delivered_at",
            "answered_at",
        )
        read_only_fields = fields

    def get_reason(self, message: Message) -> str:
        return words(message)


class ToDoOut(serializers.ModelSerializer[ToDo]):
    client = UidField(read_only=True)
    plan = UidField(read_only=True)
    owner = UidField(read_only=True)

    class Meta:
        model = ToDo
        fields = (
            "uid",
            "client",
            "plan",
            "step_key",
            "kind",
            "title",
            "due_at",
            "urgent",
            "owner",
            "state",
            "opened_at",
            "acknowledged_at",
            "done_at",
            "false_alarm",
            "outcome",
        )
        read_only_fields = fields


class DoneIn(serializers.Serializer[Any]):
    outcome = serializers.CharField(max_length=300, default="", allow_blank=True)


class AnswerOut(serializers.ModelSerializer[InboundMessage]):
    """What a client wrote; its words only for those who may read the inbox."""

    client = UidField(read_only=True)
    body = serializers.SerializerMethodField()

    class Meta:
        model = InboundMessage
        fields = ("uid", "client", "channel", "received_at", "body", "kind", "read_at", "handled_at")
        read_only_fields = fields

    def get_body(self, inbound: InboundMessage) -> str | None:
        return inbound.body if can(self.context["request"].user, Verb.READ_INBOX) else None


class ContactOut(serializers.ModelSerializer[ContactAttempt]):
    client = UidField(read_only=True)

    class Meta:
        model = ContactAttempt
        fields = ("uid", "client", "at", "channel", "outcome", "note")
        read_only_fields = fields


class ContactIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    channel = serializers.ChoiceField(choices=ContactAttempt.Channel.choices)
    outcome = serializers.ChoiceField(choices=ContactAttempt.Outcome.choices)
    at = serializers.DateTimeField(required=False)
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)
