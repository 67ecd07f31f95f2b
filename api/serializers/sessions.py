"""Sessions and notes, as the API takes and gives them."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.calendar import KINDS, room_field
from api.serializers.clients import UidField
from casework.followup.visit_view import answer_to
from casework.staff.models import User
from clients.stage import Stage
from sessions import headers
from sessions.formats import FORMATS
from sessions.models import Addendum, Note, Session, Signature

FORMAT_CHOICES = [(key, key.upper()) for key in FORMATS]
SERVICE_CHOICES = [(key, words.en) for key, words in headers.SERVICES.items()]
ROLE_CHOICES = [(key, words.en) for key, words in headers.ROLES.items()]


class SessionOut(serializers.ModelSerializer[Session]):
    client = UidField(read_only=True)
    counselor = UidField(read_only=True)
    room = UidField(read_only=True)
    series = UidField(read_only=True)

    confirmed_at = serializers.SerializerMethodField()
    change_asked_at = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = (
            "uid",
            "client",
            "counselor",
            "kind",
            "modality",
            "location",
            "room",
            "companions",
            "series",
            "series_on",
            "starts_at",
            "ends_at",
            "state",
            "started_at",
            "ended_at",
            "closed_at",
            "cancelled_for",
            "cancel_reason",
            "confirmed_at",
            "change_asked_at",
        )
        read_only_fields = fields

    def get_confirmed_at(self, session: Session) -> datetime | None:
        """When the client answered C to the reminder of this time."""
        return answer_to(session, "confirmed_at")

    def get_change_asked_at(self, session: Session) -> datetime | None:
        """When they answered R. The session stays booked."""
        return answer_to(session, "change_asked_at")


class SessionIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    counselor = UidField(queryset=User.objects.filter(is_active=True), required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    modality = serializers.ChoiceField(choices=Session.Modality.choices, default=Session.Modality.IN_PERSON)
    location = serializers.CharField(max_length=120, default="", allow_blank=True)
    kind = serializers.ChoiceField(choices=KINDS, default=Session.Kind.INDIVIDUAL)
    room = room_field()
    companions = serializers.CharField(max_length=120, default="", allow_blank=True)


class OutcomeIn(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[("attended", "attended"), ("no_show", "no_show")])
    began_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False)


class CancellationIn(serializers.Serializer[Any]):
    cancelled_for = serializers.ChoiceField(choices=Session.CancelledBy.choices)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class SignatureOut(serializers.ModelSerializer[Signature]):
    """One name under one version, and what it says."""

    class Meta:
        model = Signature
        fields = ("uid", "meaning", "version", "signer_name", "credential", "content_hash", "signed_at")
        read_only_fields = fields


class AddendumOut(serializers.ModelSerializer[Addendum]):
    signatures = SignatureOut(many=True, read_only=True)

    class Meta:
        model = Addendum
        fields = (
            "uid",
            "text",
            "reason",
            "signer_name",
            "credential",
            "signed_at",
            "needs_cosign",
            "author_unavailable",
            "signatures",
        )
        read_only_fields = fields


class HeaderOut(serializers.Serializer[Any]):
    """What stands over a note; times and place are the session's unless the author said otherwise."""

    service_type = serializers.CharField()
    place = serializers.CharField()
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()
    roles = serializers.ListField(child=serializers.CharField())
    who = serializers.CharField()
    stage_at_end = serializers.CharField()
    next_appointment_at = serializers.DateTimeField(allow_null=True)
    goals = serializers.ListField(child=serializers.UUIDField())


class HeaderIn(serializers.Serializer[Any]):
    """Leave out what is as the session has it."""

    service_type = serializers.ChoiceField(choices=SERVICE_CHOICES, default="", allow_blank=True)
    place = serializers.CharField(max_length=headers.LONGEST_WORDS, default="", allow_blank=True)
    began_at = serializers.DateTimeField(default=None, allow_null=True)
    ended_at = serializers.DateTimeField(default=None, allow_null=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ROLE_CHOICES), default=list)
    who = serializers.CharField(max_length=headers.LONGEST_WORDS, default="", allow_blank=True)
    stage_at_end = serializers.ChoiceField(choices=Stage.choices, default="", allow_blank=True)
    next_appointment_at = serializers.DateTimeField(default=None, allow_null=True)
    goals = serializers.ListField(child=serializers.UUIDField(), default=list)

    def header(self, told: dict[str, Any]) -> headers.Header:
        """As the actions take it."""
        return headers.Header(**{**told, "roles": tuple(told["roles"]), "goals": tuple(told["goals"])})


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
            "cosign_due_at",
        )
        read_only_fields = fields


class NoteOut(NoteRow):
    sections = serializers.DictField(child=serializers.CharField(), read_only=True)
    carried = serializers.SerializerMethodField()
    header = serializers.SerializerMethodField()
    signatures = serializers.SerializerMethodField()
    addenda = AddendumOut(many=True, read_only=True)

    class Meta(NoteRow.Meta):
        fields = (
            *NoteRow.Meta.fields,
            "sections",
            "carried",
            "header",
            "credential",
            "content_hash",
            "late_reason",
            "void_kind",
            "void_reason",
            "signatures",
            "addenda",
        )
        read_only_fields = fields

    def get_carried(self, note: Note) -> list[str]:
        """Parts taken over from an earlier note."""
        return sorted(note.carried_text)

    @extend_schema_field(HeaderOut)
    def get_header(self, note: Note) -> Any:
        return HeaderOut(headers.of_note(note)).data

    @extend_schema_field(SignatureOut(many=True))
    def get_signatures(self, note: Note) -> Any:
        return SignatureOut([one for one in note.signatures.all() if one.addendum_id is None], many=True).data


class DraftIn(serializers.Serializer[Any]):
    session = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0, help_text="The version last seen; 0 for a new note.")
    format = serializers.ChoiceField(choices=FORMAT_CHOICES, default="", allow_blank=True)
    sections = serializers.DictField(child=serializers.CharField(allow_blank=True, trim_whitespace=False))
    header = HeaderIn(required=False)


class PasswordIn(serializers.Serializer[Any]):
    """Who signs proves once more who they are."""

    password = serializers.CharField(write_only=True, trim_whitespace=False)


class SignatureIn(PasswordIn):
    version = serializers.IntegerField(min_value=1)
    late_reason = serializers.CharField(default="", allow_blank=True)


class CosignatureIn(PasswordIn):
    version = serializers.IntegerField(min_value=1)


class NoteReturnIn(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1)
    comment = serializers.CharField()


class NoteVoidIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Note.VoidKind.choices)
    reason = serializers.CharField()


class AddendumIn(PasswordIn):
    text = serializers.CharField()
    reason = serializers.CharField()
