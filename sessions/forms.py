"""The forms of sessions and notes."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.access import ROLE_VERBS, Verb, can
from clients.forms import MomentInput
from clients.models import CareTeamMember, Client
from sessions.models import Session

User = get_user_model()
USUAL_MINUTES = 50


def city(zone: Any) -> str:
    """The place that a zone is named after."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def clock_difference(client: Client, at: datetime) -> str:
    """How the client's clock differs from the practice's at that moment; nothing when they agree."""
    here = timezone.localtime(at).utcoffset() or timedelta()
    there = at.astimezone(client.zone).utcoffset() or timedelta()
    minutes = int((there - here).total_seconds() // 60)
    if not minutes:
        return ""
    hours = f"{abs(minutes) // 60}:{abs(minutes) % 60:02d}"
    words = {
        True: gettext("In %(city)s, where %(name)s lives, it is %(hours)s h later."),
        False: gettext("In %(city)s, where %(name)s lives, it is %(hours)s h earlier."),
    }[minutes > 0]
    return words % {"city": city(client.zone), "name": client.first_name, "hours": hours}


class SessionForm(forms.Form):
    """When, how long, where and with whom: to plan a session, to move one, or to enter one already held."""

    starts_at = forms.DateTimeField(widget=MomentInput())
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=5,
        max_value=720,
        initial=USUAL_MINUTES,
        widget=forms.NumberInput(attrs={"step": 5}),
    )
    modality = forms.ChoiceField(label=_("How"), choices=Session.Modality.choices)
    location = forms.CharField(
        label=_("Where"),
        max_length=120,
        required=False,
        help_text=_("A room, a number to call, or a video address."),
    )

    def __init__(self, *args: Any, client: Client, by: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        when = self.fields["starts_at"]
        when.label = gettext("Starts (%(city)s time)") % {"city": city(timezone.get_current_timezone())}
        when.help_text = clock_difference(client, now)
        self.fields["counselor"] = forms.ModelChoiceField(
            counselors_of(client, by=by, now=now),
            label=_("Counselor"),
            to_field_name="uid",
            empty_label=None,
            initial=by.uid if can(by, Verb.HOLD_SESSION) else None,
        )

    def planned(self) -> dict[str, Any]:
        """What the actions take. Call after is_valid."""
        given = dict(self.cleaned_data)
        minutes = given.pop("minutes")
        return {**given, "ends_at": given["starts_at"] + timedelta(minutes=minutes)}


def counselors_of(client: Client, *, by: Any, now: datetime) -> Any:
    """Those who can hold the client's sessions: the care team, and whoever asks if they may."""
    roles = [role for role, verbs in ROLE_VERBS.items() if Verb.HOLD_SESSION in verbs]
    team = CareTeamMember.objects.in_force(now).filter(client=client)
    return User.objects.filter(
        Q(pk__in=team.values("user")) | Q(pk=by.pk), is_active=True, role__in=roles
    ).order_by("full_name", "pk")


class CloseForm(forms.Form):
    """How the session went. The actual times may be left out."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[(s.value, s.label) for s in (Session.State.ATTENDED, Session.State.NO_SHOW)],
    )
    began_at = forms.DateTimeField(label=_("Began"), widget=MomentInput(), required=False)
    ended_at = forms.DateTimeField(label=_("Ended"), widget=MomentInput(), required=False)


class CancelForm(forms.Form):
    """Who called the session off, and why."""

    cancelled_for = forms.ChoiceField(
        label=_("Who cancelled"), choices=Session.CancelledBy.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


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
