"""Sessions and notes, as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.staff.models import User
from sessions.formats import FORMATS
from sessions.models import Addendum, Note, Session

FORMAT_CHOICES = [(key, key.upper()) for key in FORMATS]


class SessionOut(serializers.ModelSerializer[Session]):
    client = UidField(read_only=True)
    counselor = UidField(read_only=True)

    class Meta:
        model = Session
        fields = (
            "uid",
            "client",
            "counselor",
            "kind",
            "modality",
            "location",
            "starts_at",
            "ends_at",
            "state",
            "started_at",
            "ended_at",
            "closed_at",
            "cancelled_for",
            "cancel_reason",
        )
        read_only_fields = fields


class SessionIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    counselor = UidField(queryset=User.objects.filter(is_active=True), required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    modality = serializers.ChoiceField(choices=Session.Modality.choices, default=Session.Modality.IN_PERSON)
    location = serializers.CharField(max_length=120, default="", allow_blank=True)


class OutcomeIn(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[("attended", "attended"), ("no_show", "no_show")])
    began_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False)


class CancellationIn(serializers.Serializer[Any]):
    cancelled_for = serializers.ChoiceField(choices=Session.CancelledBy.choices)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class AddendumOut(serializers.ModelSerializer[Addendum]):
    class Meta:
        model = Addendum
        fields = ("uid", "text", "reason", "signer_name", "credential", "signed_at")
        read_only_fields = fields


class NoteRow(serializers.ModelSerializer[Note]):
    """A note in a list: that it exists, never its words."""

    client = UidField(read_only=True)
    session = UidField(read_only=True)

    class Meta:
        model = Note
        fields = (
            "uid",
            "client",
            "session",
            "format",
            "version",
            "state",
            "saved_at",
            "signed_at",
            "signer_name",
        )
        read_only_fields = fields


class NoteOut(NoteRow):
    sections = serializers.DictField(child=serializers.CharField(), read_only=True)
    addenda = AddendumOut(many=True, read_only=True)

    class Meta(NoteRow.Meta):
        fields = (*NoteRow.Meta.fields, "sections", "credential", "content_hash", "late_reason", "addenda")
        read_only_fields = fields


class DraftIn(serializers.Serializer[Any]):
    session = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0, help_text="The version last seen; 0 for a new note.")
    format = serializers.ChoiceField(choices=FORMAT_CHOICES, default="", allow_blank=True)
    sections = serializers.DictField(child=serializers.CharField(allow_blank=True, trim_whitespace=False))


class SignatureIn(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1)
    late_reason = serializers.CharField(default="", allow_blank=True)


class AddendumIn(serializers.Serializer[Any]):
    text = serializers.CharField()
    reason = serializers.CharField()
