"""What the pages of a group and a meeting show: who belongs, who came, and what is still to be written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery

from clients.models import Client
from sessions.models import Group, GroupMark, GroupMeeting, GroupMembership, Session

State = Session.State


@dataclass(frozen=True)
class Row:
    """Somebody of a meeting: the client that stands for them, their session if there is one, and the mark."""

    client: Client
    session: Session | None
    mark: str

    @property
    def key(self) -> str:
        """What the row's elements are called by."""
        return str(self.client.uid)[:8]


@dataclass(frozen=True)
class Attendance:
    """Everybody of a meeting whom the person sees; how many more there are is `hidden`."""

    rows: list[Row]
    hidden: int

    @property
    def marked(self) -> int:
        return sum(1 for row in self.rows if row.mark)

    @property
    def missing(self) -> int:
        """Expected and not marked yet."""
        return sum(1 for row in self.rows if not row.mark and row.session is not None)


def groups_of(user: Any, at: datetime) -> Any:
    """The groups that the person sees, with how many belong to each and when it meets next."""
    coming = GroupMeeting.objects.filter(
        group=OuterRef("pk"), state=GroupMeeting.State.SCHEDULED, ends_at__gt=at
    )
    belongs = Q(memberships__joined_at__lte=at) & (
        Q(memberships__left_at=None) | Q(memberships__left_at__gt=at)
    )
    return (
        Group.objects.visible_to(user, at=at)
        .select_related("facilitator", "co_facilitator")
        .annotate(
            members=Count("memberships", filter=belongs, distinct=True),
            next_at=Subquery(coming.order_by("starts_at", "pk").values("starts_at")[:1]),
        )
        .order_by("-state", "name", "pk")
    )


def members_of(
    group: Group, user: Any, at: datetime
) -> tuple[list[GroupMembership], list[GroupMembership], int]:
    """Who belongs now, who belonged before, and how many of both the person does not see."""
    rows = group.memberships.select_related("client__summary", "added_by", "left_by")
    seen = list(rows.visible_to(user, at=at).order_by("client__family_name", "client__given_name", "pk"))
    here = [one for one in seen if one.left_at is None or one.left_at > at]
    gone = sorted((one for one in seen if one not in here), key=lambda one: one.left_at, reverse=True)
    return here, gone, rows.count() - len(seen)


def attendance(meeting: GroupMeeting, user: Any, at: datetime) -> Attendance:
    """Who was expected, and, until it is closed, whoever belongs to the group without a session of it."""
    expected = (
        Session.objects.filter(meeting=meeting)
        .exclude(state=State.CANCELLED)
        .select_related("client__merged_into", "group_mark", "counselor")
        .select_related("note__author")
        .defer("note__content")
    )
    sessions = {one.client.survivor.pk: one for one in expected.order_by("pk")}
    clients = {one.client.survivor.pk: one.client.survivor for one in sessions.values()}
    if meeting.state == GroupMeeting.State.SCHEDULED:
        others = GroupMembership.objects.in_force(at).filter(group=meeting.group_id)
        for one in others.select_related("client__merged_into").order_by("pk"):
            clients.setdefault(one.client.survivor.pk, one.client.survivor)
    seen = set(_visible(clients, user, at))
    shown = sorted(
        (one for pk, one in clients.items() if pk in seen),
        key=lambda one: (one.family_name, one.given_name, one.pk),
    )
    rows = [Row(one, sessions.get(one.pk), _mark(sessions.get(one.pk))) for one in shown]
    return Attendance(rows, len(clients) - len(shown))


def _visible(clients: Iterable[int], user: Any, at: datetime) -> Any:
    rows = Client.objects.visible_to(user, at=at).filter(pk__in=list(clients)).order_by("pk")
    return rows.values_list("pk", flat=True)


def _mark(session: Session | None) -> str:
    """The tap; once the meeting is closed, what it became."""
    if session is None:
        return ""
    said: GroupMark | None = getattr(session, "group_mark", None)
    became = {
        State.ATTENDED: GroupMark.Kind.PRESENT,
        State.IN_PROGRESS: GroupMark.Kind.PRESENT,
        State.NO_SHOW: GroupMark.Kind.ABSENT,
        State.LATE_CANCEL: GroupMark.Kind.LATE_CANCEL,
    }
    found = became.get(State(session.state))
    return str(found) if found else (said.mark if said else "")
