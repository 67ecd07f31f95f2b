"""What is told of a relapse: the report itself and, if there was use, its days and substances."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework.relapse import episodes
from casework.relapse.current import thresholds
from casework.relapse.models.use import UseType
from casework.relapse.reporting import REPORTABLE, Precision, ReportSource
from casework.relapse.signs import RedFlag
from clients.forms import DateInput, MomentInput
from clients.models import Client, ClientSubstance, Substance
from clients.stage import Stage

DAYS_SHOWN = 28
ENTERED = [choice for choice in ReportSource.choices if choice[0] != ReportSource.IMPORT]
DETAILS = ("amount_text", "route", "with_whom", "place")


@dataclass(frozen=True, slots=True)
class Day:
    """One tick of the grid of days."""

    on: date
    value: str
    checked: bool
    today: bool


class RelapseReportForm(forms.Form):
    """A relapse as it was reported. `now` and the client's zone decide which days can be named."""

    stage = forms.ChoiceField(
        label=_("Stage reported"),
        choices=[(stage.value, stage.label) for stage in REPORTABLE],
        widget=forms.RadioSelect,
        help_text=_("Any use is the physical stage, even one time."),
    )
    source = forms.ChoiceField(label=_("Who or what told us"), choices=ENTERED, widget=forms.RadioSelect)
    reported_at = forms.DateTimeField(
        label=_("When we were told"), required=False, widget=MomentInput(), help_text=_("Empty: now.")
    )
    occurred_on = forms.DateField(label=_("When it happened"), required=False, widget=DateInput())
    occurred_precision = forms.ChoiceField(
        label=_("How exactly is that known"),
        choices=[("", _("Not said")), *Precision.choices[:-1]],
        required=False,
    )
    narrative = forms.CharField(
        label=_("In a few words"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Kept encrypted. Nothing of it goes into a message."),
    )
    handled_in_contact = forms.BooleanField(
        label=_("Reported in a live talk, and the first-contact checklist was gone through"), required=False
    )
    red_flags = forms.MultipleChoiceField(
        label=_("Red flags"), choices=RedFlag.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    stopped_on = forms.DateField(
        label=_("Stopped or ran out of a benzodiazepine, a barbiturate or alcohol on"),
        required=False,
        widget=DateInput(),
        help_text=_(
            "Empty: no, or not told. Within the last 14 days it asks for medical contact the same day. "
            "Do not advise stopping."
        ),
    )
    use_type = forms.ChoiceField(
        label=_("Kind of use"),
        choices=[("", _("No use, or not told")), *UseType.choices],
        required=False,
        help_text=_("Medicine taken as prescribed is not a return to use."),
    )
    use_days = forms.TypedMultipleChoiceField(
        label=_("Days with use"),
        required=False,
        coerce=date.fromisoformat,
        widget=forms.CheckboxSelectMultiple,
    )
    earlier_day = forms.DateField(label=_("An earlier day"), required=False, widget=DateInput())
    substance = forms.ModelChoiceField(
        Substance.objects.filter(is_active=True),
        label=_("Substance"),
        required=False,
        empty_label=_("Not known"),
    )
    also_used = forms.ModelMultipleChoiceField(
        Substance.objects.filter(is_active=True),
        label=_("Together with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    still_using = forms.BooleanField(label=_("As far as we know, it goes on"), required=False)
    loss_of_control = forms.BooleanField(
        label=_("Back to an earlier pattern, or control was lost"), required=False
    )
    amount_text = forms.CharField(label=_("How much, in the client's words"), required=False, max_length=120)
    route = forms.ChoiceField(
        label=_("Route"), required=False, choices=ClientSubstance.Route.choices, initial="unknown"
    )
    with_whom = forms.CharField(label=_("With whom"), required=False, max_length=120)
    place = forms.CharField(label=_("Where"), required=False, max_length=120)

    def __init__(self, *args: Any, client: Client, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.zone = now, client.zone
        self.today = timezone.localdate(now, self.zone)
        days = [self.today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
        self.fields["use_days"].choices = [(day.isoformat(), date_format(day)) for day in days]
        own = [one.substance for one in client.substances.select_related("substance")]
        self._offer("substance", own)
        self._offer("also_used", own)

    def _offer(self, name: str, own: list[Substance]) -> None:
        """What the client is known to use comes first; further down is the whole catalogue."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        every = list(Substance.objects.filter(is_active=True))
        known = [(one.pk, one.name) for one in own]
        others = [(one.pk, one.name) for one in every if one not in own]
        if name == "also_used":
            field.choices = known or others
            return
        first = [(gettext("On this client's record"), known)] if known else []
        field.choices = [("", field.empty_label or ""), *first, (gettext("Others"), others)]

    def weeks(self) -> Iterator[list[Day]]:
        """The grid of days, seven a row, the newest last."""
        chosen = {str(value) for value in self["use_days"].value() or []}
        shown = [
            Day(self.today - timedelta(days=back), "", False, back == 0)
            for back in range(DAYS_SHOWN - 1, -1, -1)
        ]
        days = [Day(one.on, one.on.isoformat(), one.on.isoformat() in chosen, one.today) for one in shown]
        for start in range(0, DAYS_SHOWN, 7):
            yield days[start : start + 7]

    def clean_reported_at(self) -> datetime | None:
        told = self.cleaned_data["reported_at"]
        if told and told > self.now:
            raise forms.ValidationError(gettext("A report cannot lie in the future."), code="future")
        return told

    def clean_earlier_day(self) -> date | None:
        day = self.cleaned_data["earlier_day"]
        if day and day > self.today:
            raise forms.ValidationError(gettext("A day with use cannot lie in the future."), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("occurred_on") and not given.get("occurred_precision"):
            given["occurred_precision"] = Precision.DAY
        if given.get("occurred_precision") and not given.get("occurred_on"):
            self.add_error("occurred_on", gettext("Give the day, or say that it is not known."))
        if self._tells_of_use(given):
            self._clean_use(given)
            self._date_by_use(given)
        return given

    def _date_by_use(self, given: dict[str, Any]) -> None:
        """Without a word on when it happened, the first day of the latest use told of says it."""
        days = self._days(given)
        told_on = timezone.localdate(given.get("reported_at") or self.now, self.zone)
        if days and not given.get("occurred_on") and "occurred_on" not in self.errors:
            first = episodes.split(days, thresholds())[-1][0]
            if first <= told_on:
                given["occurred_on"], given["occurred_precision"] = first, Precision.DAY

    @staticmethod
    def _tells_of_use(given: dict[str, Any]) -> bool:
        return any(given.get(name) for name in ("use_type", "use_days", "earlier_day", "substance"))

    def _clean_use(self, given: dict[str, Any]) -> None:
        if given.get("use_type") == UseType.AS_PRESCRIBED:
            message = gettext(
                "Medicine taken as prescribed is not a return to use. There is nothing to report."
            )
            self.add_error("use_type", message)
        elif not given.get("use_type") and "use_type" not in self.errors:
            self.add_error("use_type", gettext("Say what kind of use it was."))
        if given.get("stage") and given["stage"] != Stage.PHYSICAL:
            self.add_error("stage", gettext("There was use: that is the physical stage, even one time."))
        if not self._days(given) and not {"use_days", "earlier_day"} & set(self.errors):
            self.add_error("use_days", gettext("Name at least one day with use. An estimate will do."))

    @staticmethod
    def _days(given: dict[str, Any]) -> list[date]:
        earlier = given.get("earlier_day")
        return sorted({*given.get("use_days", ()), *([earlier] if earlier else [])})

    def report(self) -> dict[str, Any]:
        """What `record_report` and the composite act take of the report itself."""
        given = self.cleaned_data
        return {
            "stage": given["stage"],
            "source": given["source"],
            "reported_at": given["reported_at"],
            "occurred_on": given["occurred_on"],
            "occurred_precision": given["occurred_precision"],
            "narrative": given["narrative"],
            "handled_in_contact": given["handled_in_contact"],
            "red_flags": tuple(given["red_flags"]),
            "stopped_on": given["stopped_on"],
        }

    def use(self) -> dict[str, Any] | None:
        """What `record_use` takes, but for who and when; None when no use was told."""
        given = self.cleaned_data
        if not self._tells_of_use(given):
            return None
        return {
            "use_type": given["use_type"],
            "days": self._days(given),
            "substance": given["substance"],
            "also_used": list(given["also_used"]),
            "still_using": given["still_using"],
            "loss_of_control": given["loss_of_control"],
            **{name: given[name] for name in DETAILS if given[name]},
        }
