"""What people fill in to fit one client's plan."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from casework.followup import plan_texts
from casework.followup.actions.steps import ADDABLE, AUTOMATED_WAYS
from casework.followup.messages.letterhead import Letterhead
from casework.followup.messages.render import RenderRefused, fill
from casework.followup.plan_templates import ToDoKind
from casework.followup.wording import purpose
from clients.forms import DateInput

WHY = _("Whoever reads the plan later sees this beside the step.")


def option(what: str, *words: str) -> SafeString:
    """A choice with its words below it."""
    said = format_html_join("", '<span class="option-words">{}</span>', ((one,) for one in words if one))
    return format_html("<span><strong>{}</strong>{}</span>", what, said)


class StepForm(forms.Form):
    """The day and the reason that every change of a plan has."""

    on = forms.DateField(label=_("Day"), widget=DateInput())
    reason = forms.CharField(
        label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=WHY
    )


class MoveStepForm(StepForm):
    pass


class DropStepForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "id": "id_drop_reason"}),
        help_text=WHY,
    )


class AddMessageForm(StepForm):
    """A text with its words as this client would read them."""

    text = forms.ChoiceField(label=_("Text"), widget=forms.RadioSelect)
    channel = forms.ChoiceField(label=_("Way"), required=False)
    field_order = ("on", "text", "channel", "reason")

    def __init__(self, *args: Any, letter: Letterhead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = [(key, option(purpose(key), _words(key, letter))) for key in plan_texts.wordings()]
        self.fields["text"].choices = texts  # type: ignore[attr-defined]
        self.fields["channel"].choices = [(way, way.label) for way in AUTOMATED_WAYS]  # type: ignore[attr-defined]


class AddToDoForm(StepForm):
    """Something that a person does on a day."""

    kind = forms.ChoiceField(
        label=_("What"), choices=[(kind, ToDoKind(kind).label) for kind in ADDABLE], widget=forms.RadioSelect
    )
    title = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=160,
        help_text=_("Needed for “To do”; else it takes the place of the usual title."),
    )
    field_order = ("on", "kind", "title", "reason")


def _words(key: str, letter: Letterhead) -> str:
    try:
        return fill(key, letter).body
    except RenderRefused:
        return ""
