"""The forms that plan, move, close and call off sessions and series."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.access import ROLE_VERBS, Verb, can
from clients.forms import DateInput, MomentInput, check_year
from clients.models import CareTeamMember, Client
from sessions.models import Series, Session
from sessions.recurrence import Rule
from sessions.room_field import RoomField

User = get_user_model()
USUAL_MINUTES = 50
USUAL_WEEKS = 12
ONCE = ("", _("Only this once"))


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


class PlaceForm(forms.Form):
    """When, how long, where and with whom."""

    starts_at = forms.DateTimeField(widget=MomentInput(), validators=[check_year])
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=5,
        max_value=720,
        initial=USUAL_MINUTES,
        widget=forms.NumberInput(attrs={"step": 5}),
    )
    modality = forms.ChoiceField(label=_("How"), choices=Session.Modality.choices)
    location = forms.CharField(
        label=_("Where else"),
        max_length=120,
        required=False,
        help_text=_("A place that is no room of ours, a number to call, or a video address."),
    )
    companions = forms.CharField(
        label=_("Who comes along"),
        max_length=120,
        required=False,
        help_text=_("For a family session: a relation is enough, “her mother”."),
    )

    def __init__(self, *args: Any, client: Client, by: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        when = self.fields["starts_at"]
        when.label = gettext("Starts (%(city)s time)") % {"city": city(timezone.get_current_timezone())}
        when.help_text = clock_difference(client, now)
        self.fields["room"] = RoomField(empty_label=_("No room of ours"))
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

    def shared(self) -> dict[str, Any]:
        """What all sessions of a series have in common. Call after is_valid."""
        names = ("counselor", "modality", "location", "room", "companions")
        return {name: self.cleaned_data.get(name, "") for name in names}

    def rule(self) -> Rule:
        """The rule of a series that begins with this session. Call after is_valid."""
        given = self.cleaned_data
        start = timezone.localtime(given["starts_at"])
        return Rule(
            every=given["every"],
            starts_on=start.date(),
            until_on=given["until_on"] or start.date() + timedelta(weeks=USUAL_WEEKS - 1),
            at=start.time(),
            minutes=given["minutes"],
        )


def counselors_of(client: Client, *, by: Any, now: datetime) -> Any:
    """Those who can hold the client's sessions: the care team, and whoever asks if they may."""
    roles = [role for role, verbs in ROLE_VERBS.items() if Verb.HOLD_SESSION in verbs]
    team = CareTeamMember.objects.in_force(now).filter(client=client)
    return User.objects.filter(
        Q(pk__in=team.values("user")) | Q(pk=by.pk), is_active=True, role__in=roles
    ).order_by("full_name", "pk")


class _ComesBack(forms.Form):
    """How often, until when, and what to do with days that are taken."""

    every = forms.ChoiceField(label=_("Comes back"), choices=Series.Every.choices)
    until_on = forms.DateField(
        label=_("Until"),
        required=False,
        widget=DateInput(),
        help_text=_("The last possible day; without one, for twelve weeks."),
    )
    skip_taken = forms.BooleanField(
        label=_("Leave out days that are taken"),
        required=False,
        help_text=_("Days on which the practice is closed are left out anyway."),
    )


class SessionForm(_ComesBack, PlaceForm):
    """To plan a session or a series, or to enter a session already held."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, kind.label) for kind in (Session.Kind.INDIVIDUAL, Session.Kind.FAMILY)],
        initial=Session.Kind.INDIVIDUAL,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = self.fields["every"]
        assert isinstance(every, forms.ChoiceField)
        every.required, every.choices = False, [ONCE, *Series.Every.choices]

    @property
    def comes_back(self) -> bool:
        """Whether a series is planned and not one session. Call after is_valid."""
        return bool(self.cleaned_data["every"])

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Session.Kind.INDIVIDUAL

    def planned(self) -> dict[str, Any]:
        given = super().planned()
        return {name: value for name, value in given.items() if name not in _ComesBack.base_fields}

    def series(self) -> dict[str, Any]:
        """What planning a series takes. Call after is_valid."""
        given = self.cleaned_data
        shared = {**self.shared(), "kind": given["kind"], "skip_taken": given["skip_taken"]}
        return {**shared, "rule": self.rule()}


def _without_company(form: forms.Form, kind: str) -> None:
    """Who comes along is asked for family sessions alone."""
    if kind != Session.Kind.FAMILY:
        del form.fields["companions"]


class MoveForm(PlaceForm):
    """To change a session that has not begun, and whose wish that is."""

    wished_by = forms.ChoiceField(
        label=_("Whose wish it is"),
        choices=[("", _("Not said")), *Session.CancelledBy.choices],
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    field_order = ("starts_at", "minutes", "counselor", "modality", "room", "location", "companions")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_company(self, kind)

    @staticmethod
    def of(session: Session, *, to: datetime | None = None) -> dict[str, Any]:
        """The session as it is planned, or at the time to which it was dragged."""
        return {
            "starts_at": to or session.starts_at,
            "minutes": session.minutes,
            "modality": session.modality,
            "location": session.location,
            "companions": session.companions,
            "room": session.room.uid if session.room else None,
            "counselor": session.counselor.uid,
        }


class ChangeSeriesForm(_ComesBack, PlaceForm):
    """How a series goes on from one of its sessions."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_company(self, kind)

    @staticmethod
    def of(series: Series, session: Session) -> dict[str, Any]:
        """The series as it is, from that session on."""
        return {
            **MoveForm.of(session),
            "minutes": series.minutes,
            "every": series.every,
            "until_on": series.until_on,
        }

    def series(self) -> dict[str, Any]:
        """What changing a series takes. Call after is_valid."""
        return {**self.shared(), "skip_taken": self.cleaned_data["skip_taken"], "rule": self.rule()}


class EndSeriesForm(forms.Form):
    """From when on no session of the series takes place, and whose wish that is."""

    from_on = forms.DateField(label=_("From this day on"), widget=DateInput())
    cancelled_for = forms.ChoiceField(
        label=_("Whose wish it is"), choices=Session.CancelledBy.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, first: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_on"].initial = first


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


class RoomForm(forms.Form):
    """A room of a site."""

    name = forms.CharField(label=_("Name"), max_length=60)

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"] = forms.ModelChoiceField(
            sites, label=_("Site"), to_field_name="uid", empty_label=None
        )
