"""Measures and their results, as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.clients import UidField
from casework.measures.engine import Given
from casework.measures.models import MeasureRequest, MeasureResult, Mode, Respondent

# A phone's answers come through its link, and an entered score says so itself.
AT_THE_DESK = [(one.value, one.label) for one in (Mode.INTERVIEW, Mode.SELF)]


class MeasureOut(serializers.Serializer[Any]):
    """A measure that can be given here. Its questions are read on the pages; the API takes answers by number."""

    key = serializers.CharField()
    title = serializers.CharField()
    version = serializers.CharField()
    rules = serializers.IntegerField()
    tier = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    phone = serializers.BooleanField()
    source = serializers.CharField()
    licence = serializers.CharField()
    pack = serializers.CharField()


class ResultRow(serializers.ModelSerializer[MeasureResult]):
    """A result in a list: what it came to, never the answers."""

    client = UidField(read_only=True)
    session = UidField(read_only=True)
    scores = serializers.SerializerMethodField()
    bands = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()
    rules = serializers.SerializerMethodField()

    class Meta:
        model = MeasureResult
        fields = (
            "uid",
            "client",
            "session",
            "measure",
            "version",
            "language",
            "respondent",
            "mode",
            "taken_at",
            "recorded_at",
            "voided_at",
            "rules",
            "scores",
            "bands",
            "flags",
        )
        read_only_fields = fields

    def get_rules(self, result: MeasureResult) -> int:
        return result.scored.rules

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField(allow_null=True)))
    def get_scores(self, result: MeasureResult) -> Any:
        return result.scored.scores

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_bands(self, result: MeasureResult) -> Any:
        return result.scored.bands

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_flags(self, result: MeasureResult) -> Any:
        return result.scored.flags


class ResultOut(ResultRow):
    answers = serializers.SerializerMethodField()

    class Meta(ResultRow.Meta):
        fields = (*ResultRow.Meta.fields, "answers", "void_reason")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_answers(self, result: MeasureResult) -> Any:
        return result.items


class ResultIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    measure = serializers.CharField(max_length=24)
    answers = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="By question. An open question is left out; its scores are then null.",
    )
    scores = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="For a measure of which only the score is entered.",
    )
    sex = serializers.ChoiceField(
        choices=["man", "woman"], default="", allow_blank=True, help_text="Where a limit depends on it."
    )
    respondent = serializers.ChoiceField(choices=Respondent.choices, default=Respondent.CLIENT)
    mode = serializers.ChoiceField(
        choices=AT_THE_DESK,
        default=Mode.INTERVIEW,
    )
    language = serializers.CharField(max_length=8, default="en")
    taken_at = serializers.DateTimeField(required=False)
    session = serializers.UUIDField(required=False)

    @staticmethod
    def how(sent: dict[str, Any]) -> dict[str, Any]:
        """What the act takes, of what was sent."""
        given = Given(answers=sent.get("answers"), scores=sent.get("scores"), sex=sent["sex"])
        kept = ("measure", "respondent", "mode", "language", "taken_at")
        return {"given": given} | {key: sent[key] for key in kept if key in sent}


class VoidIn(serializers.Serializer[Any]):
    reason = serializers.CharField()


class RequestOut(serializers.ModelSerializer[MeasureRequest]):
    """What a phone was asked for. The address is in the text alone."""

    client = UidField(read_only=True)
    left = serializers.ListField(child=serializers.CharField(), read_only=True)
    opened_at = serializers.DateTimeField(source="link.opened_at", read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(source="link.expires_at", read_only=True)

    class Meta:
        model = MeasureRequest
        fields = ("uid", "client", "measures", "left", "language", "asked_at", "opened_at", "expires_at")
        read_only_fields = fields


class RequestIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    measures = serializers.ListField(child=serializers.CharField(max_length=24), min_length=1, max_length=10)
