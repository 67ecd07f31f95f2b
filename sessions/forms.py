"""The forms of notes, and the filter of the list of sessions."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sessions.models import Session


class ListFilter(forms.Form):
    """What the list of sessions shows; every filter is in the address."""

    WHEN = (
        ("", _("Today and next")),
        ("upcoming", _("Upcoming")),
        ("past", _("Past")),
        ("unclosed", _("Outcome missing")),
        ("unsigned", _("Note unsigned")),
    )
    when = forms.ChoiceField(label=_("Which"), choices=WHEN, required=False)
    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("Any")), *Session.State.choices], required=False
    )

    def __init__(self, *args: Any, people: QuerySet[Any] | None, **kwargs: Any) -> None:
        """`people` whose sessions one may choose among; None for whoever sees only their own."""
        super().__init__(*args, **kwargs)
        if people is not None:
            self.fields["counselor"] = forms.ModelChoiceField(
                people,
                label=_("Counselor"),
                to_field_name="uid",
                required=False,
                empty_label=_("Everyone I see"),
            )
