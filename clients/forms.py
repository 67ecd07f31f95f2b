"""Forms of the record, and how every page answers when the domain declines."""

import zoneinfo
from datetime import datetime
from types import TracebackType
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.access import Role
from clients.dates import is_in_reach
from clients.errors import DomainError
from clients.models import Client, ClientSubstance, ContactPoint, Guardian, Permission, Programme, Team
from clients.segments import outside_gsm
from clients.teams import open_to
from clients.telling import catalogue_words, tells

User = get_user_model()

OFTEN_SPOKEN = ("en", "es")
US_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)


class answering:
    """Turns what the domain declines into an error beside the field it concerns, or on the form."""

    def __init__(self, form: forms.BaseForm) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, DomainError):
            return False
        self.form.add_error(error.field if error.field in self.form.fields else None, str(error))
        return True


class telling:
    """The same for a button that has no form: what was declined is said on top of the next page."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, DomainError):
            return False
        messages.warning(self.request, str(error))
        return True


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def check_year(moment: datetime) -> None:
    """Decline an instant that no calendar has room for: a year mistyped, as 0026 for 2026."""
    if not is_in_reach(moment):
        raise forms.ValidationError(gettext("Check the year."))


class MomentInput(forms.DateTimeInput):
    """The browser's own calendar and clock."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


def name_in_texts(first: str) -> str:
    """What a text message makes of a first name that it has no letters for, or that tells too much; else nothing."""
    costly = outside_gsm(first)
    if costly:
        return gettext(
            "Text messages have no room for %(letters)s: most of them will begin without the name. Nothing in it is "
            "changed. Ask which name %(name)s would like in texts, and enter that as the chosen name."
        ) % {"letters": costly, "name": first}
    if tells(first, catalogue_words()):
        return gettext(
            "“%(name)s” could tell a stranger something: texts begin without it. A chosen name is used instead."
        ) % {"name": first}
    return ""


def languages(also: str = "") -> list[tuple[str, str]]:
    """Codes and names, the two that messages are written in first."""
    names = {code: info["name"] for code, info in LANG_INFO.items() if "name" in info and len(code) == 2}
    if also and also not in names:
        names[also] = also
    first = [(code, gettext(names.pop(code))) for code in OFTEN_SPOKEN]
    rest = sorted(((code, gettext(name)) for code, name in names.items()), key=lambda choice: choice[1])
    return first + rest


def zones() -> list[tuple[str, Any]]:
    """Every IANA zone, those of the United States first."""
    elsewhere = sorted(
        zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc")
    )
    return [
        ("", gettext("As the practice")),
        (gettext("United States"), [(zone, _place(zone)) for zone in US_ZONES]),
        (gettext("Elsewhere"), [(zone, _place(zone)) for zone in elsewhere if zone not in US_ZONES]),
    ]


def _place(zone: str) -> str:
    region, _slash, city = zone.rpartition("/")
    return f"{city.replace('_', ' ')} ({region.replace('_', ' ')})"


def practitioners(team: Team | None = None) -> Any:
    """Those who can care for a client: counselors and supervisors who still work here."""
    people = User.objects.filter(is_active=True, role__in=[Role.COUNSELOR, Role.SUPERVISOR])
    if team is not None:
        people = people.filter(team_memberships__team=team, team_memberships__to_on=None)
    return people.order_by("full_name", "pk").distinct()


class ClientForm(forms.ModelForm):
    """Who the person is."""

    language = forms.ChoiceField(label=_("Language"), initial="en")
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Where the person lives: messages keep to their day."),
    )

    class Meta:
        model = Client
        fields = (
            "given_name",
            "family_name",
            "chosen_name",
            "pronouns",
            "date_of_birth",
            "language",
            "time_zone",
            "preferred_channel",
        )
        widgets = {"date_of_birth": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("language").choices = languages(also=self.instance.language)
        self._choices("time_zone").choices = zones()
        self.fields["language"].help_text = _("Messages go in Spanish or English.")
        self.fields["chosen_name"].help_text = " ".join(
            filter(
                None, [gettext("What the person wants to be called; used in messages."), self.about_the_name]
            )
        )

    @property
    def about_the_name(self) -> str:
        """What texts make of the name as it stands in the form."""
        given = self.data if self.is_bound else self.initial
        names = [str(given.get(field) or "") for field in ("chosen_name", "given_name")]
        first = next((name for name in names if name), "")
        return name_in_texts(first) if first else ""

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def clean_date_of_birth(self) -> Any:
        born = self.cleaned_data["date_of_birth"]
        if born and born > timezone.localdate():
            raise forms.ValidationError(gettext("This day lies in the future."), code="future")
        return born


class RegisterForm(ClientForm):
    """Who the person is, and who will care for them."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), empty_label=None)
    counselor = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Primary counselor"),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("May be named later. Without one, only the supervisor sees the client."),
    )

    def __init__(self, *args: Any, by: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = open_to(by, now=now)
        if by.role == Role.SUPERVISOR:
            self.fields["counselor"].queryset = practitioners().filter(
                team_memberships__team__in=teams.values("pk"), team_memberships__to_on=None
            )
        else:
            del self.fields["counselor"]
        self.fields["team"].queryset = teams


class ContactForm(forms.Form):
    """A number or an address."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ContactPoint.Kind.choices)
    value = forms.CharField(label=_("Number or address"), max_length=254)
    is_shared = forms.BooleanField(
        label=_("Others use it too"),
        required=False,
        help_text=_("Nothing is sent there until somebody has talked it over with the client."),
    )
    verified = forms.BooleanField(
        label=_("Verified"), required=False, help_text=_("The client was reached there, or wrote from there.")
    )


class PermissionForm(forms.Form):
    """The client's word that we may reach them one way."""

    channel = forms.ChoiceField(label=_("The client agrees to"), choices=Permission.Channel.choices)
    language = forms.ChoiceField(label=_("Language it was explained in"), initial="en")
    version = forms.CharField(
        label=_("Version of the wording"),
        max_length=20,
        initial="1",
        help_text=_("As printed on the consent form."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = languages()


class SubstanceForm(forms.ModelForm):
    """What is known of one of the client's substances."""

    class Meta:
        model = ClientSubstance
        fields = ("first_used_on", "last_used_on", "route", "is_prescribed", "is_primary")
        widgets = {"first_used_on": DateInput(), "last_used_on": DateInput()}
        help_texts = {
            "first_used_on": _("Roughly is enough."),
            "is_primary": _("One substance is primary; choosing this one replaces the other."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("first_used_on", "last_used_on"):
            if cleaned.get(name) and cleaned[name] > timezone.localdate():
                self.add_error(name, gettext("This day lies in the future."))
        first, last = cleaned.get("first_used_on"), cleaned.get("last_used_on")
        if first and last and last < first:
            self.add_error("last_used_on", gettext("Last use lies before first use. Check the two dates."))
        return cleaned


class AdmitForm(forms.Form):
    """The beginning of an episode of care."""

    admitted_on = forms.DateField(label=_("Admitted on"), widget=DateInput())
    programme = forms.ModelChoiceField(
        Programme.objects.order_by("site__name", "name"),
        label=_("Programme"),
        required=False,
        empty_label=_("Not said"),
    )

    def clean_admitted_on(self) -> Any:
        day = self.cleaned_data["admitted_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(gettext("This day lies in the future."), code="future")
        return day


class TransferForm(forms.Form):
    """Who is the primary counselor from now on, and what they should know."""

    counselor = forms.ModelChoiceField(
        User.objects.none(), label=_("Primary counselor"), empty_label=_("Choose")
    )
    note = forms.CharField(
        label=_("What the next counselor should know"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Kept encrypted, on the client's page."),
    )

    def __init__(self, *args: Any, team: Team, before: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = practitioners(team)
        self.fields["counselor"].queryset = people.exclude(pk=before.pk) if before else people
        if before is None:
            del self.fields["note"]


class EmergencyContactForm(forms.Form):
    """Somebody to call when the client cannot be reached."""

    name = forms.CharField(label=_("Name"), max_length=120)
    relationship = forms.CharField(label=_("Who they are to the client"), max_length=60)
    phone = forms.CharField(label=_("Phone"), max_length=40)
    consent_given = forms.BooleanField(
        label=_("The client agrees that we call this person"),
        required=False,
        help_text=_("Without this consent, naming them, nobody calls them."),
    )


class GuardianForm(forms.Form):
    """Who decides for a minor, or for somebody under guardianship."""

    name = forms.CharField(label=_("Name"), max_length=120)
    relationship = forms.ChoiceField(
        label=_("Who they are to the client"), choices=Guardian.Relationship.choices
    )
    contact = forms.CharField(label=_("Phone or address"), required=False, max_length=120)
    from_on = forms.DateField(label=_("Decides since"), widget=DateInput())
    consent_rechecked = forms.BooleanField(
        label=_("The consent was gone through with this person and the client"), required=False
    )


class GuardianEndForm(forms.Form):
    on = forms.DateField(label=_("Last day"), widget=DateInput())


class CoverForm(forms.Form):
    """Who stands in, and until when."""

    counselor = forms.ModelChoiceField(User.objects.none(), label=_("Who covers"), empty_label=None)
    until = forms.DateTimeField(
        label=_("Until"),
        widget=MomentInput(),
        input_formats=["%Y-%m-%dT%H:%M"],
        help_text=_("Cover ends by itself then."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counselor"].queryset = practitioners()
