"""Moving sessions, rooms and series, as the API takes and gives them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.staff.models import User
from sessions.models import Room, Series, Session, SessionChange
from sessions.recurrence import Rule

KINDS = [(kind.value, kind.label) for kind in (Session.Kind.INDIVIDUAL, Session.Kind.FAMILY)]
RULE = ("every", "starts_on", "until_on", "at", "minutes")


def room_field() -> UidField:
    """A room in use; none at all is an answer too."""
    return UidField(queryset=Room.objects.in_use(), required=False, allow_null=True)


class RoomOut(serializers.ModelSerializer[Room]):
    site = UidField(read_only=True)

    class Meta:
        model = Room
        fields = ("uid", "site", "name")
        read_only_fields = fields


class MoveIn(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    counselor = UidField(queryset=User.objects.filter(is_active=True), required=False)
    modality = serializers.ChoiceField(choices=Session.Modality.choices, required=False)
    location = serializers.CharField(max_length=120, required=False, allow_blank=True)
    room = room_field()
    companions = serializers.CharField(max_length=120, required=False, allow_blank=True)
    wished_by = serializers.ChoiceField(choices=Session.CancelledBy.choices, default="", allow_blank=True)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class ChangeOut(serializers.ModelSerializer[SessionChange]):
    by = UidField(read_only=True)
    counselor = UidField(read_only=True)
    was_counselor = UidField(read_only=True)
    room = UidField(read_only=True)
    was_room = UidField(read_only=True)

    class Meta:
        model = SessionChange
        fields = (
            "uid",
            "what",
            "at",
            "by",
            "wished_by",
            "reason",
            "was_state",
            "was_starts_at",
            "was_ends_at",
            "was_modality",
            "was_counselor",
            "was_room",
            "state",
            "starts_at",
            "ends_at",
            "modality",
            "counselor",
            "room",
        )
        read_only_fields = fields


class SeriesOut(serializers.ModelSerializer[Series]):
    client = UidField(read_only=True)
    counselor = UidField(read_only=True)
    room = UidField(read_only=True)
    continues = UidField(read_only=True)

    class Meta:
        model = Series
        fields = (
            "uid",
            "client",
            "counselor",
            "kind",
            "modality",
            "location",
            "room",
            "companions",
            *RULE,
            "zone",
            "continues",
            "ended_on",
            "ended_at",
        )
        read_only_fields = fields


class PlannedOut(serializers.Serializer[Any]):
    """A series that was planned or changed: what came of each of its days."""

    series = SeriesOut(read_only=True)
    sessions = serializers.SerializerMethodField()
    called_off = serializers.SerializerMethodField()
    left_out = serializers.ListField(child=serializers.DateField(), read_only=True)

    def get_sessions(self, planned: Any) -> list[UUID]:
        """In time order."""
        return [one.uid for one in planned.sessions]

    def get_called_off(self, planned: Any) -> list[UUID]:
        """Those that found no day any more."""
        return [one.uid for one in planned.called_off]


class _RuleIn(serializers.Serializer[Any]):
    counselor = UidField(queryset=User.objects.filter(is_active=True), required=False)
    every = serializers.ChoiceField(choices=Series.Every.choices)
    starts_on = serializers.DateField()
    until_on = serializers.DateField()
    at = serializers.TimeField(help_text="By the practice's clock.")
    minutes = serializers.IntegerField(min_value=5, max_value=720)
    modality = serializers.ChoiceField(choices=Session.Modality.choices, default=Session.Modality.IN_PERSON)
    location = serializers.CharField(max_length=120, default="", allow_blank=True)
    room = UidField(queryset=Room.objects.in_use(), default=None, allow_null=True)
    companions = serializers.CharField(max_length=120, default="", allow_blank=True)
    skip_taken = serializers.BooleanField(default=False, help_text="Leave out days that are taken.")


class SeriesIn(_RuleIn):
    client = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS, default=Session.Kind.INDIVIDUAL)


class SeriesChangeIn(_RuleIn):
    from_on = serializers.DateField(help_text="The day of the old rule from which on the new one holds.")


class SeriesEndIn(serializers.Serializer[Any]):
    from_on = serializers.DateField()
    cancelled_for = serializers.ChoiceField(choices=Session.CancelledBy.choices)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


def with_rule(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, with the parts of the rule as one."""
    rest = {name: value for name, value in facts.items() if name not in RULE}
    return {**rest, "rule": Rule(**{name: facts[name] for name in RULE})}
