"""What people fill in about their own days."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.staff.models import User
from clients.absences import COVERS
from clients.forms import MomentInput, practitioners

NOBODY = _("Nobody: the supervisor sees what waits")
INSTANT = ["%Y-%m-%dT%H:%M"]


class CoverForm(forms.Form):
    """Who stands in."""

    cover = forms.ModelChoiceField(
        User.objects.none(), label=_("Who covers"), required=False, empty_label=NOBODY
    )

    def __init__(self, *args: Any, away: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cover"].queryset = practitioners().exclude(pk=away.pk)


class AbsenceForm(CoverForm):
    """From when to when somebody is away, and who covers. A supervisor also says who."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Who is away"), empty_label=None)
    starts_at = forms.DateTimeField(label=_("From"), widget=MomentInput(), input_formats=INSTANT)
    ends_at = forms.DateTimeField(
        label=_("Until"),
        widget=MomentInput(),
        input_formats=INSTANT,
        help_text=_("It ends by itself then; everything comes back that minute."),
    )
    note = forms.CharField(
        label=_("Note for colleagues"),
        required=False,
        max_length=200,
        help_text=_("No names of clients, no reasons of health."),
    )
    field_order = ("user", "starts_at", "ends_at", "cover", "note")

    def __init__(self, *args: Any, by: Any, people: Any, **kwargs: Any) -> None:
        others = people.exclude(pk=by.pk).exists()
        super().__init__(*args, away=User() if others else by, **kwargs)
        choices = User.objects.filter(pk=by.pk, role__in=COVERS) | people.order_by()
        self.fields["user"].queryset = choices.distinct().order_by("full_name", "pk")
        self.fields["user"].initial = by.pk
        if not others:
            self.fields["user"].widget = forms.HiddenInput()
