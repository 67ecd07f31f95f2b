"""The record, as the API takes and gives it. Every field is named: nothing is shown because it exists."""

from typing import Any

from rest_framework import serializers

from clients.forms import practitioners
from clients.models import (
    CareTeamMember,
    Client,
    ClientSubstance,
    ClientSummary,
    ContactPoint,
    EpisodeOfCare,
    PauseReason,
    Permission,
    Substance,
    Team,
)


class UidField(serializers.SlugRelatedField[Any]):
    """A related record by its uid."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="uid", **kwargs)


class SummaryOut(serializers.ModelSerializer[ClientSummary]):
    class Meta:
        model = ClientSummary
        fields = (
            "stage",
            "stage_before",
            "stage_since",
            "last_assessed_at",
            "last_session_at",
            "next_session_at",
            "sessions_attended",
            "last_contact_at",
            "plan_state",
            "plan_stage",
            "plan_started_at",
            "next_due_todo_at",
            "open_todos",
            "unread_answers",
        )
        read_only_fields = fields


class TeamOut(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("uid", "name")
        read_only_fields = fields


class ClientOut(serializers.ModelSerializer[Client]):
    team = serializers.CharField(source="team.name", read_only=True)
    summary = SummaryOut(read_only=True)

    class Meta:
        model = Client
        fields = (
            "uid",
            "record_number",
            "given_name",
            "family_name",
            "chosen_name",
            "pronouns",
            "date_of_birth",
            "language",
            "time_zone",
            "team",
            "state",
            "state_reason",
            "state_on",
            "preferred_channel",
            "registered_at",
            "summary",
        )
        read_only_fields = fields


class ClientIn(serializers.ModelSerializer[Client]):
    team = UidField(queryset=Team.objects.all())

    class Meta:
        model = Client
        fields = (
            "given_name",
            "family_name",
            "chosen_name",
            "pronouns",
            "date_of_birth",
            "language",
            "time_zone",
            "preferred_channel",
            "team",
        )


class ClientChangeIn(ClientIn):
    class Meta(ClientIn.Meta):
        fields = tuple(name for name in ClientIn.Meta.fields if name != "team")

    team = None


class ContactPointOut(serializers.ModelSerializer[ContactPoint]):
    class Meta:
        model = ContactPoint
        fields = (
            "uid",
            "kind",
            "value",
            "state",
            "state_at",
            "is_shared",
            "shared_reviewed_at",
            "retired_at",
        )
        read_only_fields = fields


class ContactPointIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ContactPoint.Kind.choices)
    value = serializers.CharField(max_length=254)
    is_shared = serializers.BooleanField(default=False)
    verified = serializers.BooleanField(default=False)


class PermissionOut(serializers.ModelSerializer[Permission]):
    class Meta:
        model = Permission
        fields = ("uid", "channel", "version", "language", "granted_at", "withdrawn_at", "withdrawn_how")
        read_only_fields = fields


class PermissionIn(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=Permission.Channel.choices)
    version = serializers.CharField(max_length=20, default="1")
    language = serializers.CharField(max_length=12, default="en")


class TransferIn(serializers.Serializer[Any]):
    counselor = UidField(queryset=practitioners())
    note = serializers.CharField(max_length=4000, default="", allow_blank=True)


class PauseIn(serializers.Serializer[Any]):
    # A change of guardian pauses by itself.
    reason = serializers.ChoiceField(
        choices=[one for one in PauseReason.choices if one[0] != PauseReason.CONSENT]
    )
    on = serializers.DateField()


class ResumeIn(serializers.Serializer[Any]):
    on = serializers.DateField()


class WithdrawalIn(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=Permission.Channel.choices)


class SubstanceOut(serializers.ModelSerializer[Substance]):
    class Meta:
        model = Substance
        fields = (
            "key",
            "name_en",
            "name_es",
            "brands",
            "klass",
            "subclass",
            "icd_prefix",
            "is_active",
            "version",
        )
        read_only_fields = fields


class ClientSubstanceOut(serializers.ModelSerializer[ClientSubstance]):
    substance = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)

    class Meta:
        model = ClientSubstance
        fields = (
            "uid",
            "substance",
            "first_used_on",
            "last_used_on",
            "route",
            "is_prescribed",
            "is_primary",
            "recorded_at",
        )
        read_only_fields = fields


class ClientSubstanceIn(serializers.ModelSerializer[ClientSubstance]):
    substance = serializers.SlugRelatedField[Any](
        slug_field="key", queryset=Substance.objects.filter(is_active=True)
    )

    class Meta:
        model = ClientSubstance
        fields = ("substance", "first_used_on", "last_used_on", "route", "is_prescribed", "is_primary")


class EpisodeOfCareOut(serializers.ModelSerializer[EpisodeOfCare]):
    class Meta:
        model = EpisodeOfCare
        fields = ("uid", "admitted_on", "discharged_on", "discharge_reason", "source")
        read_only_fields = fields


class AdmissionIn(serializers.Serializer[Any]):
    admitted_on = serializers.DateField(source="on")


class CareTeamOut(serializers.ModelSerializer[CareTeamMember]):
    user = UidField(read_only=True)
    name = serializers.CharField(source="user.full_name", read_only=True)

    class Meta:
        model = CareTeamMember
        fields = ("uid", "user", "name", "role", "starts_at", "ends_at")
        read_only_fields = fields
