"""Prevention plans, and goals with what is done for them, as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.clients import UidField
from casework.relapse.models import PlanSignature, PreventionPlan
from casework.relapse.prevention import content as words
from casework.relapse.prevention.content import Content, Person
from sessions.actions.treatment import LONGEST_WORDS
from sessions.models import Goal, GoalStep, TreatmentPlan

CLIENT_WAYS = [(way, way) for way in ("typed", "aloud")]


class PersonShape(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=words.LONGEST_NAME)
    relation = serializers.CharField(max_length=words.LONGEST_NAME, default="", allow_blank=True)
    phone = serializers.CharField(max_length=words.LONGEST_PHONE, default="", allow_blank=True)
    printed = serializers.BooleanField(
        default=False, help_text="Whether the client agrees that the name may stand on paper."
    )


def _lines() -> serializers.ListField:
    line = serializers.CharField(max_length=words.LONGEST_LINE)
    return serializers.ListField(child=line, max_length=words.MOST_LINES, required=False, default=list)


class ContentShape(serializers.Serializer[Any]):
    """The client's words, part by part; a part left out is empty."""

    emotional = _lines()
    mental = _lines()
    physical = _lines()
    helps = _lines()
    people = PersonShape(many=True, required=False, default=list)
    places = _lines()
    reasons = _lines()

    @staticmethod
    def content(sent: dict[str, Any]) -> Content:
        """What was sent, as the acts take it."""
        lists = {key: tuple(sent[key]) for key in words.LISTS}
        return Content(**lists, people=tuple(Person(**one) for one in sent[words.PEOPLE]))


class PlanSignatureOut(serializers.ModelSerializer[PlanSignature]):
    by = UidField(read_only=True)

    class Meta:
        model = PlanSignature
        fields = ("party", "way", "name", "credential", "by", "at", "content_hash")
        read_only_fields = fields


class PreventionRow(serializers.ModelSerializer[PreventionPlan]):
    """A version in a list: that it exists, never its words."""

    client = UidField(read_only=True)

    class Meta:
        model = PreventionPlan
        fields = ("uid", "client", "number", "state", "revision", "begun_at", "saved_at", "signed_at")
        read_only_fields = fields


class PreventionOut(PreventionRow):
    content = serializers.SerializerMethodField()
    signatures = PlanSignatureOut(many=True, read_only=True)

    class Meta(PreventionRow.Meta):
        fields = (*PreventionRow.Meta.fields, "content_hash", "content", "signatures")
        read_only_fields = fields

    @extend_schema_field(ContentShape)
    def get_content(self, plan: PreventionPlan) -> dict[str, Any]:
        return plan.words.spelled()


class PreventionIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()


class PreventionDraftIn(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=0, help_text="The revision last seen.")
    content = ContentShape()


class PreventionSignIn(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=0, help_text="The revision that was read.")
    counselor = serializers.BooleanField(default=False, help_text="Whether you sign as the counselor.")
    way = serializers.ChoiceField(
        choices=CLIENT_WAYS,
        default="",
        allow_blank=True,
        help_text="How the client signs before you; empty when not now.",
    )
    name = serializers.CharField(max_length=words.LONGEST_NAME, default="", allow_blank=True)


class TreatmentPlanOut(serializers.ModelSerializer[TreatmentPlan]):
    client = UidField(read_only=True)

    class Meta:
        model = TreatmentPlan
        fields = ("uid", "client", "state", "review_on", "next_review_on", "begun_at", "ended_at")
        read_only_fields = fields


class GoalStepOut(serializers.ModelSerializer[GoalStep]):
    goal = UidField(read_only=True)

    class Meta:
        model = GoalStep
        fields = ("uid", "goal", "kind", "words", "review_on", "state", "added_at", "state_at")
        read_only_fields = fields


class GoalOut(serializers.ModelSerializer[Goal]):
    client = UidField(read_only=True)
    plan = UidField(read_only=True)
    steps = GoalStepOut(many=True, read_only=True)

    class Meta:
        model = Goal
        fields = ("uid", "client", "plan", "words", "review_on", "state", "added_at", "state_at", "steps")
        read_only_fields = fields


class GoalIn(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    words = serializers.CharField(max_length=LONGEST_WORDS)
    review_on = serializers.DateField(required=False, allow_null=True)


class StepIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=GoalStep.Kind.choices)
    words = serializers.CharField(max_length=LONGEST_WORDS)
    review_on = serializers.DateField(required=False, allow_null=True)


class RewordIn(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=LONGEST_WORDS)


class GoalReviewIn(serializers.Serializer[Any]):
    review_on = serializers.DateField()
    remark = serializers.CharField(max_length=LONGEST_WORDS, default="", allow_blank=True)


class HowItStandsIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Goal.State.choices)
    remark = serializers.CharField(max_length=LONGEST_WORDS, default="", allow_blank=True)


class EndIn(serializers.Serializer[Any]):
    remark = serializers.CharField(max_length=LONGEST_WORDS, default="", allow_blank=True)
