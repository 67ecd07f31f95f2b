"""Assessments and reports, as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.relapse import reporting
from casework.relapse import signs as catalogue
from casework.relapse.actions.assessing import Sheet
from casework.relapse.models import AssessedSign, RelapseReport, StageAssessment, UseEpisode
from casework.relapse.models.use import UseType
from casework.relapse.stage import Answer
from clients.models import Substance
from clients.stage import Stage


class AssessedSignOut(serializers.ModelSerializer[AssessedSign]):
    class Meta:
        model = AssessedSign
        fields = ("sign_code", "severity", "sources", "note")
        read_only_fields = fields


class AssessmentOut(serializers.ModelSerializer[StageAssessment]):
    client = UidField(read_only=True)
    session = UidField(read_only=True)
    assessor = UidField(read_only=True)
    signs = AssessedSignOut(many=True, read_only=True)

    class Meta:
        model = StageAssessment
        fields = (
            "uid",
            "client",
            "session",
            "assessor",
            "assessed_at",
            "window_days",
            "catalogue_version",
            "signs",
            "halt_hungry",
            "halt_angry",
            "halt_lonely",
            "halt_tired",
            "triggers",
            "protective",
            "craving",
            "confidence_abstain",
            "suggested_stage",
            "rule_fired",
            "flags",
            "algorithm_version",
            "completeness",
            "derived_confidence",
            "index_emotional",
            "index_mental",
            "index_physical",
            "counselor_stage",
            "counselor_confidence",
            "override_reason",
            "red_flags",
            "plan_change",
            "state",
            "finalised_at",
        )
        read_only_fields = fields


class SignIn(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[(code, code) for code in catalogue.BY_CODE])
    severity = serializers.IntegerField(min_value=0, max_value=3, allow_null=True)
    sources = serializers.ListField(
        child=serializers.ChoiceField(choices=catalogue.Source.choices), default=list
    )
    note = serializers.CharField(max_length=500, default="", allow_blank=True)


class HaltIn(serializers.Serializer[Any]):
    hungry = serializers.BooleanField(allow_null=True, default=None)
    angry = serializers.BooleanField(allow_null=True, default=None)
    lonely = serializers.BooleanField(allow_null=True, default=None)
    tired = serializers.BooleanField(allow_null=True, default=None)


class AssessmentIn(serializers.Serializer[Any]):
    """A whole assessment, finalised at once. A sign that is left out was not asked, which is not the same as absent."""

    client = serializers.UUIDField()
    session = serializers.UUIDField(required=False, allow_null=True)
    window_days = serializers.IntegerField(min_value=1, max_value=90, default=7)
    signs = SignIn(many=True, default=list)
    halt = HaltIn(default=dict)
    triggers = serializers.ListField(
        child=serializers.ChoiceField(choices=catalogue.Trigger.choices), default=list
    )
    protective = serializers.ListField(
        child=serializers.ChoiceField(choices=catalogue.Protective.choices), default=list
    )
    craving = serializers.IntegerField(min_value=0, max_value=10, allow_null=True, default=None)
    confidence_abstain = serializers.IntegerField(min_value=0, max_value=10, allow_null=True, default=None)
    counselor_stage = serializers.ChoiceField(choices=Stage.choices)
    counselor_confidence = serializers.IntegerField(min_value=1, max_value=5, allow_null=True, default=None)
    override_reason = serializers.CharField(max_length=500, default="", allow_blank=True)
    red_flags = serializers.ListField(
        child=serializers.ChoiceField(choices=catalogue.RedFlag.choices), default=list
    )
    plan_change = serializers.CharField(max_length=500, default="", allow_blank=True)

    @staticmethod
    def sheet(sent: dict[str, Any]) -> Sheet:
        """What the act wants of it."""
        kept = ("triggers", "protective", "craving", "confidence_abstain", "window_days", "counselor_stage")
        more = ("counselor_confidence", "override_reason", "red_flags", "plan_change")
        return Sheet(
            answers={
                one["code"]: Answer(one["severity"], frozenset(one["sources"])) for one in sent["signs"]
            },
            notes={one["code"]: one["note"] for one in sent["signs"] if one["note"]},
            halt=sent["halt"],
            **{name: sent[name] for name in (*kept, *more)},
        )


class UseEpisodeOut(serializers.ModelSerializer[UseEpisode]):
    substance = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    days = serializers.SlugRelatedField[Any](slug_field="on", many=True, read_only=True)

    class Meta:
        model = UseEpisode
        fields = (
            "uid",
            "substance",
            "use_type",
            "first_use_on",
            "last_use_on",
            "days",
            "source",
            "verification",
            "loss_of_control",
        )
        read_only_fields = fields


class ReportOut(serializers.ModelSerializer[RelapseReport]):
    client = UidField(read_only=True)
    episode = UseEpisodeOut(read_only=True)

    class Meta:
        model = RelapseReport
        fields = (
            "uid",
            "client",
            "stage",
            "reported_at",
            "occurred_on",
            "occurred_precision",
            "source",
            "state",
            "narrative",
            "episode",
            "stopped_on",
            "confirmed_at",
            "closed_at",
            "closed_reason",
        )
        read_only_fields = fields


class UseIn(serializers.Serializer[Any]):
    use_type = serializers.ChoiceField(choices=UseType.choices)
    days = serializers.ListField(child=serializers.DateField(), min_length=1)
    substance = serializers.SlugRelatedField[Any](
        slug_field="key", queryset=Substance.objects.all(), required=False, allow_null=True
    )
    also_used = serializers.SlugRelatedField[Any](
        slug_field="key", queryset=Substance.objects.all(), many=True, default=list
    )
    loss_of_control = serializers.BooleanField(default=False)
    still_using = serializers.BooleanField(default=False)


class ReportIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    stage = serializers.ChoiceField(choices=[(one.value, one.label) for one in reporting.REPORTABLE])
    source = serializers.ChoiceField(choices=RelapseReport.Source.choices)
    reported_at = serializers.DateTimeField(required=False)
    occurred_on = serializers.DateField(required=False, allow_null=True)
    occurred_precision = serializers.ChoiceField(
        choices=RelapseReport.Precision.choices, default="", allow_blank=True
    )
    narrative = serializers.CharField(max_length=4000, default="", allow_blank=True)
    use = UseIn(required=False, allow_null=True)
    red_flags = serializers.ListField(
        child=serializers.ChoiceField(choices=catalogue.RedFlag.choices), default=list
    )
    handled_in_contact = serializers.BooleanField(default=False)
    stopped_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="When a benzodiazepine, a barbiturate or alcohol was stopped or ran out.",
    )


class ReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)
