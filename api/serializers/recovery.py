"""Days of the use calendar and looks back, as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.serializers.clients import UidField
from casework.relapse import learning
from casework.relapse.learning import Link, Told
from casework.relapse.models import DayMark, LearningReview, ReviewLink
from casework.relapse.models.review import RATINGS, SIGN_STAGES, Company, Vulnerability
from casework.relapse.models.use import UseType
from casework.relapse.strip import WORDS
from casework.relapse.use_days import DayState
from clients.models import Substance

MOST_DAYS = 100
DAY_STATES = [(state.value, WORDS[state]) for state in DayState]


class DayMarkOut(serializers.ModelSerializer[DayMark]):
    client = UidField(read_only=True)
    session = UidField(read_only=True)
    substance = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)

    class Meta:
        model = DayMark
        fields = (
            "uid",
            "client",
            "on",
            "used",
            "substance",
            "use_type",
            "amount_text",
            "heavy",
            "certainty",
            "source",
            "session",
            "state",
            "recorded_at",
            "ended_at",
            "ended_reason",
        )
        read_only_fields = fields


class DaysIn(serializers.Serializer[Any]):
    """What one source says of some days. A day without use names no substance."""

    client = serializers.UUIDField()
    days = serializers.ListField(child=serializers.DateField(), min_length=1, max_length=MOST_DAYS)
    used = serializers.BooleanField()
    source = serializers.ChoiceField(choices=DayMark._meta.get_field("source").choices)
    certainty = serializers.ChoiceField(choices=DayMark.Certainty.choices, default="sure")
    session = serializers.UUIDField(required=False, allow_null=True)
    substance = serializers.SlugRelatedField[Any](
        slug_field="key", queryset=Substance.objects.all(), required=False, allow_null=True
    )
    use_type = serializers.ChoiceField(choices=UseType.choices, default="", allow_blank=True)
    amount_text = serializers.CharField(max_length=120, default="", allow_blank=True)
    heavy = serializers.BooleanField(default=False)


class CalendarIn(serializers.Serializer[Any]):
    """Which days: by default the last 90 in the client's own zone."""

    client = serializers.UUIDField()
    first = serializers.DateField(required=False)
    last = serializers.DateField(required=False)


class DayWordOut(serializers.Serializer[Any]):
    used = serializers.BooleanField(source="word.used")
    firm = serializers.BooleanField(
        source="word.firm", help_text="False while the client is still to be asked."
    )
    source = serializers.CharField()
    what = serializers.CharField()
    amount = serializers.CharField()
    estimated = serializers.BooleanField()
    at = serializers.DateTimeField()


class DayOut(serializers.Serializer[Any]):
    on = serializers.DateField()
    state = serializers.ChoiceField(choices=DAY_STATES)
    differs = serializers.BooleanField(help_text="Sources contradict each other; all are in `said`.")
    heavy = serializers.BooleanField()
    said = DayWordOut(many=True)


class MetricsOut(serializers.Serializer[Any]):
    """Of a window; `percent_abstinent` is of the `known` days and null when over 20 % of the window is unknown."""

    first = serializers.DateField()
    last = serializers.DateField()
    window = serializers.IntegerField()
    use_days = serializers.IntegerField()
    missing = serializers.IntegerField()
    known = serializers.IntegerField()
    abstinent = serializers.IntegerField()
    heavy_days = serializers.IntegerField()
    percent_abstinent = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True)
    longest_run = serializers.IntegerField()
    days_since_last_use = serializers.IntegerField(allow_null=True)
    unknown_since_last_use = serializers.IntegerField(allow_null=True)


class CalendarOut(serializers.Serializer[Any]):
    days = DayOut(many=True)
    metrics = MetricsOut(many=True, help_text="Of the 30 and of the 90 days that end with the last one.")


class ReviewLinkShape(serializers.ModelSerializer[ReviewLink]):
    class Meta:
        model = ReviewLink
        fields = ("kind", "text")


class ReviewOut(serializers.ModelSerializer[LearningReview]):
    client = UidField(read_only=True)
    report = UidField(read_only=True)
    plan = UidField(read_only=True)
    links = ReviewLinkShape(many=True, read_only=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = LearningReview
        fields = (
            "uid",
            "client",
            "report",
            "state",
            "version",
            "due_at",
            "vulnerabilities",
            *learning.WORDS,
            *learning.LISTS,
            *learning.CHOICES,
            "links",
            *RATINGS,
            *learning.YES_NO,
            "saved_at",
            "finished_at",
            "plan",
        )
        read_only_fields = fields


def _words() -> serializers.CharField:
    return serializers.CharField(max_length=learning.LONGEST, default="", allow_blank=True)


def _rating() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=10)


class ReviewIn(serializers.Serializer[Any]):
    """A whole look back, finished at once. `version` names the draft it was made from, 0 for none."""

    report = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0, default=0)
    vulnerabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Vulnerability.choices), default=list
    )
    links = ReviewLinkShape(many=True)
    use_company = serializers.ChoiceField(choices=Company.choices, default="", allow_blank=True)
    first_sign_stage = serializers.ChoiceField(choices=SIGN_STAGES, default="", allow_blank=True)
    update_plan = serializers.BooleanField(allow_null=True, default=None)
    safety_check_done = serializers.BooleanField()

    def get_fields(self) -> dict[str, Any]:
        """The rest is alike: texts, and numbers from 0 to 10."""
        fields: dict[str, Any] = super().get_fields()
        fields |= {name: _words() for name in (*learning.WORDS, *learning.LISTS)}
        return fields | {name: _rating() for name in RATINGS}

    @staticmethod
    def told(sent: dict[str, Any]) -> Told:
        """What the act wants of it."""
        return Told(
            vulnerabilities=tuple(sent["vulnerabilities"]),
            words={name: sent[name] for name in (*learning.WORDS, *learning.LISTS, *learning.CHOICES)},
            links=tuple(Link(one.get("kind", ""), one.get("text", "")) for one in sent["links"]),
            ratings={name: sent[name] for name in RATINGS},
            answers={name: sent[name] for name in learning.YES_NO},
        )
