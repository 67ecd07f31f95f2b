"""What was written both ways with a client, and writing to them, as the API gives it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from casework.followup.models import InboundMessage, Message
from casework.followup.threads import Said


class SaidOut(serializers.Serializer[Said]):
    """One message. `direction` is `in` for the client's words and `out` for ours."""

    uid = serializers.SerializerMethodField()
    direction = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    body = serializers.SerializerMethodField()
    kind = serializers.SerializerMethodField()
    template_key = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    reason = serializers.CharField(source="why")
    written_by = serializers.SerializerMethodField()
    read_at = serializers.SerializerMethodField()
    handled_at = serializers.SerializerMethodField()
    answered_at = serializers.SerializerMethodField()
    answered_by = serializers.SerializerMethodField()

    @extend_schema_field(serializers.UUIDField())
    def get_uid(self, said: Said) -> str:
        return str(_row(said).uid)

    @extend_schema_field(serializers.ChoiceField(["in", "out"]))
    def get_direction(self, said: Said) -> str:
        return "in" if said.inbound is not None else "out"

    def get_body(self, said: Said) -> str:
        return said.message.shown if said.message is not None else str(_row(said).body)

    def get_kind(self, said: Said) -> str:
        return str(_row(said).kind)

    def get_template_key(self, said: Said) -> str:
        return said.message.template_key if said.message is not None else ""

    def get_status(self, said: Said) -> str:
        return str(said.message.status) if said.message is not None else "received"

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_written_by(self, said: Said) -> str | None:
        return _uid_of(said.message.written_by) if said.message is not None else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_read_at(self, said: Said) -> Any:
        return said.inbound.read_at if said.inbound is not None else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_handled_at(self, said: Said) -> Any:
        return said.inbound.handled_at if said.inbound is not None else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_answered_at(self, said: Said) -> Any:
        return _row(said).answered_at

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_answered_by(self, said: Said) -> str | None:
        return _uid_of(said.inbound.answered_by) if said.inbound is not None else None


def _row(said: Said) -> Any:
    row: Message | InboundMessage | None = said.message or said.inbound
    return row


def _uid_of(user: Any) -> str | None:
    return str(user.uid) if user is not None else None


class ThreadOut(serializers.Serializer[Any]):
    """A page of a thread, oldest first. `older_than` is the `before` of the page before it; null on the first one."""

    client = serializers.UUIDField()
    unread = serializers.IntegerField()
    older_than = serializers.DateTimeField(allow_null=True)
    messages = SaidOut(many=True)


class TextIn(serializers.Serializer[Any]):
    """A text in one's own words. `confirmed` and `at_opening` answer a refusal with the code `second_look`."""

    body = serializers.CharField(max_length=1000)
    answers = serializers.UUIDField(
        required=False, help_text="The newest message of the client's that the writer has read."
    )
    confirmed = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=50,
        help_text="Doubtful words.",
    )
    at_opening = serializers.BooleanField(default=False, help_text="At night: let it go when the day begins.")
