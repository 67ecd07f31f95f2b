"""Marking days in the use calendar: which days, what was said, and by whom."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework.relapse.actions.days import AMOUNT_LENGTH, SOURCES
from casework.relapse.models import DayMark
from casework.relapse.models.use import UseType
from clients.models import Client, Substance
from sessions.models import Session

YES, NO = "yes", "no"


class DaysForm(forms.Form):
    """What somebody says of some days. The days are ticked in the grid."""

    days = forms.TypedMultipleChoiceField(label=_("Days"), coerce=date.fromisoformat)
    used = forms.ChoiceField(choices=[(YES, YES), (NO, NO)])
    source = forms.ChoiceField(
        label=_("Who told us"), choices=[(one.value, one.label) for one in SOURCES], initial="self_session"
    )
    certainty = forms.ChoiceField(
        label=_("How sure is the day"), choices=DayMark.Certainty.choices, initial="sure"
    )
    substance = forms.ModelChoiceField(
        Substance.objects.filter(is_active=True),
        label=_("Substance"),
        required=False,
        empty_label=_("Not known which"),
    )
    use_type = forms.ChoiceField(
        label=_("Kind of use"),
        choices=[
            ("", _("As last time")),
            *(one for one in UseType.choices if one[0] != UseType.AS_PRESCRIBED),
        ],
        required=False,
        help_text=_("Medicine taken as prescribed is a day without use."),
    )
    amount_text = forms.CharField(
        label=_("How much, in the client's words"), required=False, max_length=AMOUNT_LENGTH
    )
    heavy = forms.BooleanField(label=_("A heavy day, as the client sees it"), required=False)
    session = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, client: Client, shown: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = client
        self.fields["days"].choices = [(day.isoformat(), day.isoformat()) for day in shown]
        own = [one.substance for one in client.substances.select_related("substance")]
        known = [(one.pk, one.name) for one in own]
        others = [(one.pk, one.name) for one in Substance.objects.filter(is_active=True) if one not in own]
        field = self.fields["substance"]
        assert isinstance(field, forms.ModelChoiceField)
        first = [(gettext("On this client's record"), known)] if known else []
        field.choices = [("", field.empty_label or ""), *first, (gettext("Others"), others)]

    def told(self) -> dict[str, Any]:
        """What `mark_days` takes, but for whose days, by whom and when. A day without use names nothing."""
        given = self.cleaned_data
        used = given["used"] == YES
        kept = {
            "days": given["days"],
            "used": used,
            "source": given["source"],
            "certainty": given["certainty"],
        }
        if used:
            kept |= {name: given[name] for name in ("substance", "use_type", "amount_text", "heavy")}
        return kept | {"session": self._session()}

    def _session(self) -> Session | None:
        """The session in which it was said, when it is one of this client's."""
        given = self.cleaned_data.get("session")
        return Session.objects.of(self.client).filter(uid=given).first() if given else None
