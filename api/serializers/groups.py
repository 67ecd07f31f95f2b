"""Groups, members and meetings, as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.serializers.calendar import room_field
from api.serializers.clients import UidField
from casework.staff.models import User
from clients.models import Team
from sessions.models import Group, GroupMark, GroupMeeting, GroupMembership, GroupTopic, LeaveReason, Session
from sessions.models.series import Every


def _person(**said: Any) -> UidField:
    return UidField(queryset=User.objects.filter(is_active=True), **said)


class TopicOut(serializers.ModelSerializer[GroupTopic]):
    class Meta:
        model = GroupTopic
        fields = ("uid", "position", "title", "outline")
        read_only_fields = fields


class GroupOut(serializers.ModelSerializer[Group]):
    team = UidField(read_only=True)
    facilitator = UidField(read_only=True)
    co_facilitator = UidField(read_only=True)
    room = UidField(read_only=True)

    class Meta:
        model = Group
        fields = (
            "uid",
            "name",
            "team",
            "facilitator",
            "co_facilitator",
            "modality",
            "room",
            "location",
            "capacity",
            "state",
        )
        read_only_fields = fields


class GroupIn(serializers.Serializer[Any]):
    """Whoever sends it leads the group unless another is named."""

    name = serializers.CharField(max_length=80)
    team = UidField(queryset=Team.objects.all())
    facilitator = _person(required=False)
    co_facilitator = _person(required=False, allow_null=True)
    modality = serializers.ChoiceField(choices=Session.Modality.choices, required=False)
    room = room_field()
    location = serializers.CharField(max_length=120, required=False, allow_blank=True)
    capacity = serializers.IntegerField(min_value=1, max_value=99, required=False, allow_null=True)


class TopicIn(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120)
    outline = serializers.CharField(max_length=4000, default="", allow_blank=True)


class MembershipOut(serializers.ModelSerializer[GroupMembership]):
    client = UidField(read_only=True)
    group = UidField(read_only=True)
    added_by = UidField(read_only=True)
    left_by = UidField(read_only=True)

    class Meta:
        model = GroupMembership
        fields = ("uid", "client", "group", "joined_at", "added_by", "left_at", "left_by", "leave_reason")
        read_only_fields = fields


class JoinIn(serializers.Serializer[Any]):
    client = serializers.UUIDField(help_text="One that you may see.")


class LeaveIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=LeaveReason.choices)


class MeetingOut(serializers.ModelSerializer[GroupMeeting]):
    """Without the shared draft: `GET meetings/…/note/` gives that to whoever writes it."""

    group = UidField(read_only=True)
    counselor = UidField(read_only=True)
    co_counselor = UidField(read_only=True)
    room = UidField(read_only=True)
    topic = UidField(read_only=True)

    class Meta:
        model = GroupMeeting
        fields = (
            "uid",
            "group",
            "counselor",
            "co_counselor",
            "modality",
            "room",
            "location",
            "starts_at",
            "ends_at",
            "state",
            "topic",
            "subject",
            "started_at",
            "ended_at",
            "cancel_reason",
            "filed_at",
        )
        read_only_fields = fields


class MeetingIn(serializers.Serializer[Any]):
    """What is left out stays as it is, or as the group says."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    counselor = _person(required=False)
    modality = serializers.ChoiceField(choices=Session.Modality.choices, required=False)
    room = room_field()
    location = serializers.CharField(max_length=120, required=False, allow_blank=True)


class MeetingsIn(MeetingIn):
    """With `every` and `until_on` a row of meetings, 13 at most."""

    subject = serializers.CharField(max_length=120, required=False, allow_blank=True)
    every = serializers.ChoiceField(choices=Every.choices, required=False)
    until_on = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("every" in attrs) != ("until_on" in attrs):
            raise serializers.ValidationError({"until_on": "Give both every and until_on, or neither."})
        return attrs


class MeetingsOut(serializers.Serializer[Any]):
    """What was planned, the days on which there could be none, and who has another session then."""

    meetings = MeetingOut(many=True)
    skipped = serializers.ListField(child=serializers.DateField())
    taken = serializers.ListField(child=serializers.UUIDField())

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {
            "meetings": MeetingOut(instance.meetings, many=True).data,
            "skipped": [day.isoformat() for day in instance.skipped],
            "taken": [str(client.uid) for client in instance.taken],
        }


class CallOffIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class MarkIn(serializers.Serializer[Any]):
    """An empty mark takes it back."""

    client = serializers.UUIDField()
    mark = serializers.ChoiceField(choices=GroupMark.Kind.choices, allow_blank=True)


class HeldIn(serializers.Serializer[Any]):
    began_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False)


class AttendanceOut(serializers.Serializer[Any]):
    client = serializers.UUIDField(source="client.uid")
    session = serializers.SerializerMethodField()
    mark = serializers.CharField()

    def get_session(self, row: Any) -> str | None:
        return str(row.session.uid) if row.session is not None else None


class SharedOut(serializers.ModelSerializer[GroupMeeting]):
    text = serializers.CharField(source="shared_text")
    version = serializers.IntegerField(source="shared_version")
    saved_at = serializers.DateTimeField(source="shared_saved_at")

    class Meta:
        model = GroupMeeting
        fields = ("uid", "text", "version", "saved_at", "filed_version", "filed_at")
        read_only_fields = fields


class SharedIn(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0)
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)


class FileIn(serializers.Serializer[Any]):
    """`confirmed`: finds that are only words, each as the client's uid, a colon and the text's SHA-256."""

    version = serializers.IntegerField(min_value=0)
    confirmed = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
