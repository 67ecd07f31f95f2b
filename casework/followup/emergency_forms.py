"""What people fill in about an emergency."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from casework.followup.actions.emergencies import Done
from casework.followup.emergency_facts import known_flags
from casework.followup.models import EmergencyRecord, ToDo
from casework.followup.people import supervisor_on_duty
from casework.relapse.signs import RedFlag
from clients.access import Role
from clients.forms import MomentInput

User = get_user_model()


class EmergencyForm(forms.Form):
    """The record that closes an emergency (clinical.md §3.4)."""

    noticed_at = forms.DateTimeField(label=_("When it was noticed"), widget=MomentInput())
    red_flags = forms.MultipleChoiceField(
        label=_("What was seen or heard"),
        choices=RedFlag.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    acts = forms.MultipleChoiceField(
        label=_("What was done"), choices=EmergencyRecord.Act.choices, widget=forms.CheckboxSelectMultiple
    )
    person_reached = forms.CharField(
        label=_("Who was reached"),
        max_length=200,
        help_text=_("The client, or whoever was there, and who took over. Kept encrypted."),
    )
    disclosure_basis = forms.ChoiceField(
        label=_("Basis for telling others"),
        choices=EmergencyRecord.Basis.choices,
        widget=forms.RadioSelect,
        help_text=_("In a medical emergency 42 CFR 2.51 lets you tell those who treat it what they need."),
    )
    outcome = forms.CharField(
        label=_("What came of it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept encrypted."),
    )
    supervisor = forms.ModelChoiceField(
        User.objects.none(), label=_("Supervisor who was told"), empty_label=_("Choose")
    )
    supervisor_told_at = forms.DateTimeField(label=_("When the supervisor was told"), widget=MomentInput())

    def __init__(self, *args: Any, todo: ToDo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(role=Role.SUPERVISOR, is_active=True).order_by("full_name", "pk")
        supervisor = self.fields["supervisor"]
        assert isinstance(supervisor, forms.ModelChoiceField)
        supervisor.queryset = people
        self.fields["red_flags"].required = todo.kind == ToDo.Kind.EMERGENCY

    @classmethod
    def begun(cls, todo: ToDo, now: datetime) -> dict[str, Any]:
        """What is on record already, so that nobody types it twice."""
        texts = todo.crisis_texts.order_by("received_at").values_list("received_at", flat=True)
        return {
            "noticed_at": texts.first() or todo.opened_at,
            "red_flags": known_flags(todo.client, now),
            "supervisor": supervisor_on_duty(todo.client, now),
        }

    def done(self) -> Done:
        """What was filled in, for the act to judge."""
        return Done(**self.cleaned_data)


class DismissForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it was a false alarm"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
