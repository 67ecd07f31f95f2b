"""What one fills in about goals: their words, the day of the next review, how it stands."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.forms import DateInput
from sessions.actions.treatment import LONGEST_WORDS
from sessions.models import GoalStep
from sessions.models.treatment import WorkState


def _words(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )


class GoalForm(forms.Form):
    """A new goal."""

    words = _words(_("What does the client want to be so?"), _("In the client's words where you can."))
    review_on = forms.DateField(
        label=_("Next review"), required=False, widget=DateInput(), help_text=_("Empty: in 90 days.")
    )


class StepForm(forms.Form):
    """Something on the way to a goal."""

    kind = forms.ChoiceField(
        label=_("What is it?"), choices=GoalStep.Kind.choices, widget=forms.RadioSelect, initial="objective"
    )
    words = _words(
        _("In one sentence"),
        _("An objective says how one will notice; an intervention says what is done, by whom and how often."),
    )
    review_on = forms.DateField(
        label=_("Next review"), required=False, widget=DateInput(), help_text=_("Empty: with the goal.")
    )
    prefix = "step"


class RewordForm(forms.Form):
    """The same, said differently."""

    words = _words(_("Say it differently"), _("The words before stay in the history."))
    prefix = "reword"


class ReviewForm(forms.Form):
    """How it stands, and when next."""

    remark = forms.CharField(
        label=_("How does it stand?"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    review_on = forms.DateField(label=_("Next review"), widget=DateInput())
    prefix = "review"


class MoveForm(forms.Form):
    """Reached, set aside, or taken up again; the button pressed says which."""

    remark = forms.CharField(label=_("Remark"), required=False, max_length=LONGEST_WORDS)
    state = forms.ChoiceField(choices=WorkState.choices, widget=forms.HiddenInput)
    prefix = "move"


class EndForm(forms.Form):
    """Why the plan ends."""

    remark = forms.CharField(label=_("Why it ends"), required=False, max_length=LONGEST_WORDS)
    prefix = "end"
