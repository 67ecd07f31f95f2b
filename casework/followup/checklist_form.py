"""The form of the first contact's safety checklist."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.followup.actions.checklist import Education
from casework.followup.checklist import ANSWERS, BY_KEY, EDUCATION, PROMPTS, RED_FLAGS, Question
from clients.forms import MomentInput

OF_EDUCATION = ("told_whom", "told_at", "told_outcome")


class ChecklistForm(forms.Form):
    """The prompts of the first contact; every question has an answer, and "not known" is one."""

    last_use = forms.CharField(label=_("When was the last use?"), required=False, max_length=200)
    what = forms.CharField(label=_("What was used, and with what?"), required=False, max_length=200)
    told_whom = forms.CharField(
        label=_("Who was told"), required=False, max_length=200, help_text=_("Kept encrypted.")
    )
    told_at = forms.DateTimeField(
        label=_("When"), required=False, widget=MomentInput(), help_text=_("Empty: now.")
    )
    told_outcome = forms.CharField(
        label=_("What came of it"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as: has naloxone now and a sister who can use it. Kept encrypted."),
    )
    note = forms.CharField(
        label=_("What else to remember"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept encrypted."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in BY_KEY.values():
            self.fields[question.key] = forms.ChoiceField(
                label=question.label, choices=list(ANSWERS.items()), widget=forms.RadioSelect
            )

    def _asked(self, questions: tuple[Question, ...]) -> list[forms.BoundField]:
        return [self[question.key] for question in questions]

    @property
    def red_flags(self) -> list[forms.BoundField]:
        return self._asked(RED_FLAGS)

    @property
    def prompts(self) -> list[forms.BoundField]:
        return self._asked(PROMPTS)

    @property
    def about_overdose(self) -> list[forms.BoundField]:
        return [self[EDUCATION.key], *(self[name] for name in OF_EDUCATION)]

    @property
    def words(self) -> list[forms.BoundField]:
        return [self["last_use"], self["what"]]

    def answers(self) -> dict[str, Any]:
        """The answers, without what is kept encrypted."""
        return {key: self.cleaned_data[key] for key in (*BY_KEY, "last_use", "what")}

    def so_far(self) -> dict[str, str]:
        """What has been answered already, while the form is being filled in."""
        return {key: self.data[key] for key in BY_KEY if self.data.get(key) in ANSWERS}

    def told(self) -> Education:
        given = self.cleaned_data
        return Education(whom=given["told_whom"], at=given["told_at"], outcome=given["told_outcome"])
