"""The forms of groups and their meetings."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.access import ROLE_VERBS, Verb
from clients.forms import DateInput, MomentInput, check_year
from clients.models import Client, Practice
from clients.teams import open_to
from sessions import formats
from sessions.actions.notes import LONGEST_TEXT
from sessions.models import Group, GroupMeeting, GroupMembership, LeaveReason, Note, Session
from sessions.models.series import Every
from sessions.room_field import RoomField

User = get_user_model()
USUAL_MINUTES = 90


def leaders() -> Any:
    """Everybody who can lead a group."""
    roles = [role for role, verbs in ROLE_VERBS.items() if Verb.HOLD_SESSION in verbs]
    return User.objects.filter(is_active=True, role__in=roles).order_by("full_name", "pk")


def _person(label: Any, *, required: bool) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        leaders(),
        label=label,
        to_field_name="uid",
        required=required,
        empty_label=None if required else gettext("Nobody"),
    )


class PlaceForm(forms.Form):
    """Where people meet."""

    field_order: tuple[str, ...] = ("modality", "room", "location")
    modality = forms.ChoiceField(label=_("How"), choices=Session.Modality.choices)
    location = forms.CharField(
        label=_("Where else"),
        max_length=120,
        required=False,
        help_text=_("A number to call, or a video address."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"] = RoomField(empty_label=_("None"))
        self.order_fields(self.field_order)


class GroupForm(PlaceForm):
    """A group: its name, its places, and where it meets."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Staff see it, and no client: for example “Tuesday evening”."),
    )
    capacity = forms.IntegerField(label=_("Places"), min_value=1, max_value=99, required=False)
    field_order: tuple[str, ...] = ("name", "capacity", "modality", "room", "location")


class NewGroupForm(GroupForm):
    """A group, with who leads it and whose team it is."""

    field_order = (
        "name",
        "team",
        "facilitator",
        "co_facilitator",
        "capacity",
        "modality",
        "room",
        "location",
    )

    def __init__(self, *args: Any, by: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = open_to(by, now=now)
        self.fields["team"] = forms.ModelChoiceField(
            teams, label=_("Team"), to_field_name="uid", empty_label=None, initial=teams.first()
        )
        self.fields["facilitator"] = _person(_("Facilitator"), required=True)
        self.fields["facilitator"].initial = by.uid
        self.fields["co_facilitator"] = _person(_("Co-facilitator"), required=False)
        self.order_fields(self.field_order)


class LeadersForm(forms.Form):
    """Who leads the group from now on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facilitator"] = _person(_("Facilitator"), required=True)
        self.fields["co_facilitator"] = _person(_("Co-facilitator"), required=False)


class MeetingForm(PlaceForm):
    """When and where a meeting is, and who leads it."""

    starts_at = forms.DateTimeField(widget=MomentInput(), validators=[check_year])
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=5, max_value=720, widget=forms.NumberInput(attrs={"step": 5})
    )
    field_order: tuple[str, ...] = ("starts_at", "minutes", "counselor", "modality", "room", "location")

    def __init__(self, *args: Any, group: Group, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        when, here = (
            self.fields["starts_at"],
            Practice.current().zone.key.rpartition("/")[2].replace("_", " "),
        )
        when.label = gettext("Starts (%(city)s time)") % {"city": here}
        people = [*group.leaders, by]
        self.fields["counselor"] = forms.ModelChoiceField(
            leaders().filter(pk__in=[one.pk for one in people]),
            label=_("Led by"),
            to_field_name="uid",
            empty_label=None,
        )
        self.order_fields(self.field_order)

    def planned(self) -> dict[str, Any]:
        """What the actions take. Call after is_valid."""
        given = dict(self.cleaned_data)
        minutes = given.pop("minutes")
        return {**given, "ends_at": given["starts_at"] + timedelta(minutes=minutes)}


class PlanForm(MeetingForm):
    """A meeting, once or again and again."""

    every = forms.ChoiceField(
        label=_("Again"), choices=[("", _("Only once")), *Every.choices], required=False
    )
    until_on = forms.DateField(label=_("Until"), widget=DateInput(), required=False)
    field_order = (*MeetingForm.field_order, "every", "until_on")

    def clean(self) -> dict[str, Any]:
        given = dict(super().clean() or self.cleaned_data)
        if given.get("every") and not given.get("until_on"):
            self.add_error("until_on", gettext("Say until which day."))
        return given


def place_of(group: Group | GroupMeeting) -> dict[str, Any]:
    """What the fields of PlaceForm begin with."""
    return {
        "modality": group.modality,
        "room": group.room.uid if group.room else None,
        "location": group.location,
    }


class TopicForm(forms.Form):
    """A topic of the series."""

    title = forms.CharField(label=_("Topic"), max_length=120)
    outline = forms.CharField(
        label=_("Outline"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ChosenTopicForm(forms.Form):
    """What one meeting is about."""

    subject = forms.CharField(label=_("Or something else, in your words"), max_length=120, required=False)
    field_order = ("topic", "subject")

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topic"] = forms.ModelChoiceField(
            group.topics.filter(retired_at=None),
            label=_("Topic"),
            to_field_name="uid",
            required=False,
            empty_label=_("The one whose turn it is"),
        )
        self.order_fields(self.field_order)


class ClientChoice(forms.ModelChoiceField):
    """Clients by name and number."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name} · {obj.record_number}"


class GroupChoice(forms.ModelChoiceField):
    """Groups by name and who leads them."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.facilitator.full_name}"


class MemberForm(forms.Form):
    """Somebody who joins: among the clients that the person sees and who are in care."""

    def __init__(self, *args: Any, group: Group, by: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = GroupMembership.objects.in_force(now).filter(group=group).values("client")
        seen = Client.objects.visible_to(by, at=now).in_touch().exclude(pk__in=inside)
        self.fields["client"] = ClientChoice(
            seen.order_by("family_name", "given_name", "pk"),
            label=_("Client"),
            to_field_name="uid",
            empty_label=_("Choose"),
        )


class JoinForm(forms.Form):
    """A group for a client to join: any that runs, by its name."""

    def __init__(self, *args: Any, client: Client, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = GroupMembership.objects.of(client).in_force(now).values("group")
        groups = Group.objects.running().exclude(pk__in=inside).select_related("facilitator")
        self.fields["group"] = GroupChoice(
            groups.order_by("name", "pk"), label=_("Group"), to_field_name="uid", empty_label=_("Choose")
        )


class LeaveForm(forms.Form):
    """Why somebody leaves a group; what the system says by itself is not offered."""

    CHOSEN = (LeaveReason.COMPLETED, LeaveReason.LEFT, LeaveReason.MOVED, LeaveReason.OTHER)
    reason = forms.ChoiceField(
        label=_("Why"), choices=[(one.value, one.label) for one in CHOSEN], widget=forms.RadioSelect
    )


class CallOffForm(forms.Form):
    """Why a meeting is called off."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class HeldForm(forms.Form):
    """From when to when the meeting was held."""

    began_at = forms.DateTimeField(label=_("Began"), widget=MomentInput(), required=False)
    ended_at = forms.DateTimeField(label=_("Ended"), widget=MomentInput(), required=False)


class SharedForm(forms.Form):
    """The note that all members' notes share."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    group = forms.CharField(strip=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 7}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        section = formats.GROUP.sections[0]
        self.fields["group"].label, self.fields["group"].help_text = str(section.label), str(section.help)

    @classmethod
    def of(cls, meeting: GroupMeeting) -> "SharedForm":
        """The form as it stands in the draft."""
        return cls(initial={"version": meeting.shared_version, "group": meeting.shared_text})


class PartForm(forms.Form):
    """A member's own part of their note."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    risk_action = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for section in formats.GROUP.sections[1:]:
            self.fields[section.key] = forms.CharField(
                label=str(section.label),
                strip=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        self.fields["risk"] = forms.ChoiceField(
            label=str(formats.RISK_LABEL),
            choices=[(key, str(words)) for key, words in formats.RISK_LEVELS.items()],
            widget=forms.RadioSelect,
        )
        self.fields["risk_action"].label = str(formats.RISK_ACTION_LABEL)
        self.fields["risk_action"].help_text = gettext("Needed when there is a risk.")
        self.order_fields([*formats.GROUP.keys[1:], "risk", "risk_action", "version"])

    @classmethod
    def of(cls, session: Session, note: Note | None) -> "PartForm":
        """The form as it stands in the draft; its fields are numbered by the session, for there are many on a page."""
        given = {**note.sections, "version": note.version} if note is not None else {}
        return cls(initial=given, auto_id=f"{str(session.uid)[:8]}_%s")
