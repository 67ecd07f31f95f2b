"""Two records side by side, as somebody who decides about them reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.followup.merging import choose
from casework.followup.models import FollowUpPlan, Message
from clients.duplicates import numbers_of
from clients.errors import Conflict
from clients.merging import check_mergeable
from clients.models import CareTeamMember, Client
from clients.overview import Overview, overview


@dataclass(frozen=True)
class Line:
    """One fact of both records. `differs`: worth a second look before they become one."""

    label: str
    kept: str
    merged: str
    differs: bool = False


@dataclass(frozen=True)
class Comparison:
    """What one sees before two records are merged."""

    lines: Sequence[Line]
    warnings: Sequence[str]
    will: Sequence[str]
    blocked: str  # why it cannot be done now; empty when it can


def compare(survivor: Client, merged: Client, now: datetime) -> Comparison:
    """Both records, what speaks against their being one person's, and what merging would do."""
    sides = [_Side(one, overview(one, now), now) for one in (survivor, merged)]
    return Comparison(
        lines=_lines(*sides),
        warnings=list(_warnings(survivor, merged)),
        will=_will(*sides),
        blocked=_blocked(survivor, merged),
    )


class _Side:
    """What is read of one record."""

    def __init__(self, client: Client, beside: Overview, now: datetime) -> None:
        self.client, self.beside = client, beside
        self.plan = FollowUpPlan.objects.running().filter(client=client).order_by("pk").first()
        self.todos = client.todos.open().count()
        self.waiting = Message.objects.waiting().filter(client=client).count()

    @property
    def counselor(self) -> str:
        places = (one for one in self.beside.care_team if one.role == CareTeamMember.Role.PRIMARY)
        return next((one.user.full_name for one in places), "")

    def allows(self) -> str:
        said = [
            _("%(what)s: yes") % {"what": one.channel.label}
            if one.in_force
            else _("%(what)s: taken back") % {"what": one.channel.label}
            for one in self.beside.agreements
            if one.latest is not None
        ]
        return ", ".join(said)


def _lines(kept: _Side, merged: _Side) -> list[Line]:
    one, other = kept.client, merged.client
    facts: list[tuple[str, str, str, bool]] = [
        (_("Record number"), one.record_number, other.record_number, False),
        (_("Name"), _name(one), _name(other), True),
        (_("Date of birth"), _day(one.date_of_birth), _day(other.date_of_birth), True),
        (_("Numbers and addresses"), _numbers(kept), _numbers(merged), True),
        (_("Agreed to"), kept.allows(), merged.allows(), True),
        (_("Status"), str(one.get_state_display()), str(other.get_state_display()), True),
        (_("Team"), str(one.team), str(other.team), True),
        (_("Counselor"), kept.counselor, merged.counselor, True),
        (_("Follow-up plan"), _plan(kept), _plan(merged), False),
        (_("Open to-dos"), str(kept.todos), str(merged.todos), False),
        (_("Sessions held"), _held(kept), _held(merged), False),
        (_("Registered"), _day(one.registered_at), _day(other.registered_at), False),
    ]
    return [Line(label, a, b, differs=tells and a != b) for label, a, b, tells in facts]


def _name(client: Client) -> str:
    called = f" ({client.chosen_name})" if client.chosen_name else ""
    return f"{client.given_name} {client.family_name}".strip() + called


def _day(value: Any) -> str:
    return date_format(value) if value else ""


def _numbers(side: _Side) -> str:
    return ", ".join(point.value for point in side.beside.contact_points)


def _held(side: _Side) -> str:
    return str(side.client.summary.sessions_attended)


def _plan(side: _Side) -> str:
    if side.plan is None:
        return ""
    return _("%(stage)s, since %(day)s") % {
        "stage": side.plan.get_stage_display(),
        "day": date_format(side.plan.started_on),
    }


def _warnings(one: Client, other: Client) -> list[str]:
    """What may mean that they are two people after all."""
    numbers = numbers_of([one, other])
    found = []
    if one.date_of_birth and other.date_of_birth and one.date_of_birth != other.date_of_birth:
        found.append(_("The birth dates differ."))
    if one.family_name.casefold() != other.family_name.casefold():
        found.append(_("The family names differ."))
    if one.given_name.casefold() != other.given_name.casefold():
        found.append(_("The given names differ."))
    if not numbers[one.pk] & numbers[other.pk]:
        found.append(_("They have no number or address in common."))
    return found


def _will(kept: _Side, merged: _Side) -> list[str]:
    """What merging does, in the order of its weight."""
    name = {"kept": kept.client.record_number, "merged": merged.client.record_number}
    said = [
        _(
            "%(kept)s stands for both. %(merged)s stays as it is, with all that was signed in it;"
            " its address leads here."
        )
        % name,
        _plan_goes_on(kept, merged),
        _("Whatever the client took back on either record counts as taken back on both."),
    ]
    if merged.todos:
        told = ngettext(
            "%(n)s open to-do comes along; what both records ask for stays once.",
            "%(n)s open to-dos come along; what both records ask for stays once.",
            merged.todos,
        )
        said.append(told % {"n": merged.todos})
    said.append(_who_sees(kept, merged))
    return [line for line in said if line]


def _plan_goes_on(kept: _Side, merged: _Side) -> str:
    plan = choose(kept.plan, merged.plan)
    if plan is None:
        return ""
    both = kept.plan is not None and merged.plan is not None
    facts = {"stage": plan.get_stage_display(), "day": date_format(plan.started_on)}
    if not both:
        return _("The plan that runs (%(stage)s, since %(day)s) goes on.") % facts
    return (
        _("One plan goes on: %(stage)s, since %(day)s. The other one ends, and its messages are not sent.")
        % facts
    )


def _who_sees(kept: _Side, merged: _Side) -> str:
    if not merged.counselor or merged.counselor == kept.counselor:
        return ""
    return _(
        "Only those who care for %(kept)s see the client afterwards. %(who)s does not,"
        " unless you put them on the care team."
    ) % {"kept": kept.client.record_number, "who": merged.counselor}


def _blocked(survivor: Client, merged: Client) -> str:
    try:
        check_mergeable(survivor, merged)
    except Conflict as why:
        return str(why)
    return ""
