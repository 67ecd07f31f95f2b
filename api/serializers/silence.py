"""The ladder of silences, and who is away, as the API gives and takes them."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.followup.models import LadderRung
from clients.models import Absence


class RungOut(serializers.ModelSerializer[LadderRung]):
    """A rung that a silence has reached. The note stays on its page."""

    client = UidField(read_only=True)
    plan = UidField(read_only=True)
    todo = UidField(read_only=True)
    decided_by = UidField(read_only=True)
    decision = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = LadderRung
        fields = (
            "uid",
            "client",
            "plan",
            "rung",
            "code",
            "silent_since",
            "reached_at",
            "why",
            "todo",
            "ended_at",
            "ended_why",
            "decided_at",
            "decided_by",
            "decision",
        )
        read_only_fields = fields


class DecisionIn(serializers.Serializer[Any]):
    decision = serializers.ListField(
        child=serializers.ChoiceField(choices=LadderRung.Decision.choices), allow_empty=False
    )
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)
    emergency_contact = serializers.UUIDField(required=False)


class AbsenceOut(serializers.ModelSerializer[Absence]):
    user = UidField(read_only=True)
    cover = UidField(read_only=True)

    class Meta:
        model = Absence
        fields = ("uid", "user", "starts_at", "ends_at", "cover", "note", "made_at", "ended_at")
        read_only_fields = fields


class CoverIn(serializers.Serializer[Any]):
    cover = serializers.UUIDField(allow_null=True)


class AbsenceIn(CoverIn):
    user = serializers.UUIDField(required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = serializers.CharField(max_length=200, default="", allow_blank=True)
