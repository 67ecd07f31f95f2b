"""What an administrator fills in to edit the template of a plan."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.followup import plan_texts
from casework.followup.models import TemplateStep, TemplateVersion
from casework.followup.plan_forms import option
from casework.followup.plan_templates import (
    HOUR,
    IN_TEMPLATES,
    QUARTERLY,
    ChannelRule,
    MessageStep,
    ToDoKind,
    ToDoStep,
)
from casework.followup.risk import RiskTier
from casework.followup.wording import purpose

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
UNITS = {"days": DAY, "hours": HOUR, "minutes": MINUTE}
UNIT_CHOICES = [("days", _("days")), ("hours", _("hours")), ("minutes", _("minutes"))]


class SpanWidget(forms.MultiWidget):
    """A number and its unit."""

    template_name = "followup/span.html"

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "inputmode": "numeric", "aria-label": _("Number")})
        unit = forms.Select(attrs={"aria-label": _("Unit")}, choices=UNIT_CHOICES)
        super().__init__([number, unit])

    def decompress(self, value: timedelta | None) -> Sequence[Any]:
        """The largest unit in which it is a whole number."""
        if value is None:
            return [None, "hours"]
        name = next((name for name, unit in UNITS.items() if value and not value % unit), "days")
        return [value // UNITS[name], name]


class SpanField(forms.MultiValueField):
    """How long: "72 hours"."""

    widget = SpanWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [
            forms.IntegerField(min_value=0, max_value=10_000, required=False),
            forms.ChoiceField(choices=UNIT_CHOICES, required=False),
        ]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[Any]) -> timedelta | None:
        """None where no number was given, though a unit always is."""
        if not data_list or data_list[0] is None:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        return int(data_list[0]) * UNITS[data_list[1] or "hours"]


class MessageStepForm(forms.Form):
    """A text on a day, each of them with its words in every language."""

    day = forms.IntegerField(
        label=_("Day"), help_text=_("0 is the day of the report. Texts go at 10:00 where the client lives.")
    )
    text = forms.ChoiceField(label=_("Text"), widget=forms.RadioSelect)
    channel = forms.ChoiceField(label=_("Way"), choices=ChannelRule.choices, required=False)
    asks = forms.BooleanField(label=_("It asks for an answer"), required=False)

    def __init__(self, *args: Any, row: TemplateStep | None = None, **kwargs: Any) -> None:
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in ("day", "text", "channel", "asks")}
        super().__init__(*args, **kwargs)
        known = plan_texts.wordings()
        texts = [(key, option(f"{purpose(key)} ({key})", *known[key].values())) for key in known]
        self.fields["text"].choices = texts  # type: ignore[attr-defined]

    def step(self) -> MessageStep:
        """What was filled in."""
        given = self.cleaned_data
        return MessageStep(
            given["day"], given["text"], asks=given["asks"], channel=ChannelRule(given["channel"])
        )


class ToDoStepForm(forms.Form):
    """Something that a person does by a time."""

    todo = forms.ChoiceField(
        label=_("What is to be done"), choices=[(kind, ToDoKind(kind).label) for kind in IN_TEMPLATES]
    )
    within = SpanField(
        label=_("Within"),
        required=False,
        help_text=_("Counted from the report, nights and weekends included."),
    )
    day = forms.IntegerField(
        label=_("Or on day"),
        required=False,
        help_text=_("By 17:00 where the client lives. Fill in one of the two."),
    )
    grace = SpanField(label=_("Grace"), required=False, help_text=_("Overdue only after this."))
    tiers = forms.MultipleChoiceField(
        label=_("Only for risk tiers"),
        choices=RiskTier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None marked: for all."),
    )

    def __init__(self, *args: Any, row: TemplateStep | None = None, **kwargs: Any) -> None:
        if row is not None:
            names = ("todo", "within", "day", "grace", "tiers")
            kwargs["initial"] = {name: getattr(row, name) for name in names}
        super().__init__(*args, **kwargs)

    def step(self) -> ToDoStep:
        """What was filled in."""
        given = self.cleaned_data
        return ToDoStep(
            ToDoKind(given["todo"]),
            within=given["within"],
            day=given["day"],
            grace=given["grace"] or timedelta(0),
            if_tier=frozenset(given["tiers"]),
        )


class TimesForm(forms.Form):
    """When silence asks for more, and the checkups after the plan."""

    silent_after = SpanField(
        label=_("Silence asks for a call after"), help_text=_("No answer and no talk for this long.")
    )
    decide_on = forms.IntegerField(
        label=_("Without contact the supervisor decides on day"), min_value=1, max_value=365
    )
    close_on = forms.IntegerField(
        label=_("To go on, or to close with an open door, is decided on day"), min_value=1, max_value=365
    )
    hasty_contact = SpanField(
        label=_("First talk at a red or amber tier within"),
        required=False,
        help_text=_("Empty: as for green."),
    )
    checkups = forms.BooleanField(
        label=_("Quarterly checkups after the plan, to month 24"),
        required=False,
        help_text=_("A to-do on days 180, 270 and 365, then every 90 days."),
    )

    def __init__(self, *args: Any, version: TemplateVersion, **kwargs: Any) -> None:
        names = ("silent_after", "decide_on", "close_on", "hasty_contact")
        initial = {name: getattr(version, name) for name in names}
        kwargs["initial"] = {**initial, "checkups": bool(version.checkups)}
        super().__init__(*args, **kwargs)

    def times(self) -> dict[str, Any]:
        """What was filled in, as the act wants it."""
        return {**self.cleaned_data, "checkups": QUARTERLY if self.cleaned_data["checkups"] else ()}
