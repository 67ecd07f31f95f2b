"""What is sent about an emergency, and its record as the API gives it."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.followup.models import EmergencyRecord
from casework.relapse.signs import RedFlag


class EmergencyIn(serializers.Serializer[Any]):
    """What was done. Every field but `red_flags` is needed; the act names the first one that is missing."""

    noticed_at = serializers.DateTimeField(required=False)
    red_flags = serializers.ListField(child=serializers.ChoiceField(choices=RedFlag.choices), default=list)
    acts = serializers.ListField(
        child=serializers.ChoiceField(choices=EmergencyRecord.Act.choices), default=list
    )
    person_reached = serializers.CharField(max_length=200, default="", allow_blank=True)
    disclosure_basis = serializers.ChoiceField(
        choices=EmergencyRecord.Basis.choices, default="", allow_blank=True
    )
    outcome = serializers.CharField(max_length=2000, default="", allow_blank=True)
    supervisor = serializers.UUIDField(required=False)
    supervisor_told_at = serializers.DateTimeField(required=False)


class EmergencyOut(serializers.ModelSerializer[EmergencyRecord]):
    client = UidField(read_only=True)
    todo = UidField(read_only=True)
    supervisor = UidField(read_only=True)

    class Meta:
        model = EmergencyRecord
        fields = (
            "uid",
            "client",
            "todo",
            "noticed_at",
            "red_flags",
            "acts",
            "person_reached",
            "disclosure_basis",
            "outcome",
            "supervisor",
            "supervisor_told_at",
            "acknowledged_at",
            "recorded_at",
        )
        read_only_fields = fields


class DismissIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)
