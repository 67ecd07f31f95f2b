"""What people fill in about plans, to-dos and contacts."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.followup.actions.texting import SecondLook
from casework.followup.models import ContactAttempt
from casework.followup.plan_start import Told
from casework.followup.threads import Thread
from casework.relapse.forms import RelapseReportForm
from casework.relapse.reporting import ReportState
from clients.forms import DateInput, MomentInput
from clients.models import EpisodeOfCare, PauseReason
from clients.stage import Stage

# What became of a report that is taken back; the words are those of the person who decides.
DECISIONS = [
    (ReportState.RETRACTED, _("It was taken back")),
    (ReportState.UNSUBSTANTIATED, _("It was not borne out")),
    (ReportState.ENTERED_IN_ERROR, _("It was entered by mistake")),
]


def _once() -> forms.CharField:
    """A key that makes posting a form twice the same as once."""
    return forms.CharField(
        widget=forms.HiddenInput, initial=lambda: uuid.uuid4().hex, required=False, max_length=64
    )


class ReportForm(RelapseReportForm):
    """The report, with the key that makes a double post one report."""

    idempotency_key = _once()

    def told(self) -> Told | None:
        """What is typed so far, when it is enough for a preview."""
        self.is_valid()
        given = self.cleaned_data
        if not given.get("stage") or not given.get("source"):
            return None
        return Told(
            stage=Stage(given["stage"]),
            source=given["source"],
            reported_at=given.get("reported_at") or self.now,
            occurred_on=given.get("occurred_on"),
            red_flags=tuple(given.get("red_flags", ())),
        )


class RetractForm(forms.Form):
    how = forms.ChoiceField(label=_("What became of it"), choices=DECISIONS, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ContactForm(forms.Form):
    """A try to reach the client, and what came of it."""

    channel = forms.ChoiceField(
        label=_("How"), choices=ContactAttempt.Channel.choices, widget=forms.RadioSelect
    )
    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=ContactAttempt.Outcome.choices,
        widget=forms.RadioSelect,
        help_text=_("Only a talk both ways counts as contact; a voicemail is an attempt."),
    )
    at = forms.DateTimeField(
        label=_("When"), required=False, widget=MomentInput(), help_text=_("Empty: now.")
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("On a voicemail, name no programme."),
    )
    idempotency_key = _once()


class TextForm(forms.Form):
    """A text in one's own words. What was asked about it, and when it goes, is kept in the form."""

    MOST = 1000  # characters that are looked at; a text may have far fewer

    body = forms.CharField(
        label=_("Write a text"), max_length=MOST, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    answers = forms.UUIDField(required=False, widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    at_opening = forms.BooleanField(required=False, widget=forms.HiddenInput)
    idempotency_key = _once()

    @classmethod
    def after(cls, thread: Thread, *, night: bool) -> Self:
        """Empty, and an answer to the newest message that the writer has before them; at night, for the morning."""
        return cls(initial={"answers": thread.newest.uid if thread.newest else None, "at_opening": night})

    def to_look_at_again(self, second: SecondLook) -> Self:
        """The same words, to be confirmed with the next press of the button."""
        data = dict(self.data.items())
        data["confirmed"] = "|".join([*self.cleaned_data["confirmed"].split("|"), *second.doubtful])
        data["at_opening"] = "on" if second.opens_at or self.cleaned_data["at_opening"] else ""
        return self._again(data, str(second))

    def with_new_key(self, why: str) -> Self:
        """The same words, as a text of their own."""
        data = {**dict(self.data.items()), "idempotency_key": uuid.uuid4().hex}
        return self._again(data, why)

    def _again(self, data: Any, why: str) -> Self:
        form = type(self)(data)
        form.is_valid()
        form.add_error("body", why)
        return form


class DoneForm(forms.Form):
    outcome = forms.CharField(
        label=_("What was done"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class ToDoForm(forms.Form):
    title = forms.CharField(label=_("What is to be done"), max_length=160)
    due_at = forms.DateTimeField(label=_("By when"), widget=MomentInput())

    @classmethod
    def tomorrow(cls, now: datetime) -> dict[str, Any]:
        """What the form suggests."""
        local = timezone.localtime(now) + timedelta(days=1)
        return {"due_at": local.replace(hour=12, minute=0, second=0, microsecond=0)}


class PauseForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[one for one in PauseReason.choices if one[0] != PauseReason.CONSENT]
    )
    on = forms.DateField(label=_("Since"), widget=DateInput())


class ResumeForm(forms.Form):
    on = forms.DateField(label=_("Back since"), widget=DateInput())


class DischargeForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[one for one in EpisodeOfCare.Reason.choices if one[0] != EpisodeOfCare.Reason.DECEASED],
    )
    on = forms.DateField(label=_("Last day of care"), widget=DateInput())
    note = forms.CharField(label=_("In a few words"), required=False, max_length=200)


class DeathForm(forms.Form):
    on = forms.DateField(label=_("Day of death"), widget=DateInput())
    note = forms.CharField(label=_("How we know"), required=False, max_length=200)
