"""Who needs me now: everything that waits for a person, most pressing first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from casework.desk import next_steps
from casework.desk.addresses import to
from casework.desk.next_steps import NextStep
from casework.followup.ladder import KEYS
from casework.followup.models import ACKNOWLEDGE_WITHIN, InboundMessage, ToDo
from casework.followup.plan_templates import ALARMS, ToDoKind
from clients import absences
from clients.access import Role
from clients.models import Client
from sessions import queries as sessions
from sessions.models import Session

COMING_DAYS = 7
SOON = timedelta(hours=48)


@dataclass(frozen=True)
class Row:
    """Who, what, when, and one thing to do."""

    client: Client
    what: str
    at: datetime
    step: NextStep
    style: str = "due"
    pill: str | Promise = ""
    tone: str = "plain"
    urgency: str = ""

    @property
    def url(self) -> str:
        return to("desk:client", uid=self.client.uid)


@dataclass(frozen=True)
class Section:
    """One sort of thing that waits."""

    key: str
    title: str | Promise
    rows: list[Row] = field(default_factory=list)
    tone: str = "plain"

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def anchor(self) -> str:
        """Where a number on top of the page leads."""
        return f"#{self.key}"


def today(user: Any, now: datetime) -> list[Section]:
    """The sections in the order of urgency; the number of queries does not depend on how much waits."""
    todos = list(open_todos(user, before=end_of_day(now) + timedelta(days=COMING_DAYS), now=now))
    urgent = [one for one in todos if one.kind in ALARMS]
    first = [one for one in todos if one.kind == ToDoKind.FIRST_CONTACT and one.due_at < now]
    silent = [one for one in todos if is_of_silence(one) and one.due_at < now + SOON]
    taken = {one.pk for one in [*urgent, *first, *silent]}
    rest = [one for one in todos if one.pk not in taken]
    due = [one for one in rest if one.due_at < end_of_day(now)]
    due.sort(key=lambda one: (one.due_at >= now, not one.urgent, one.due_at))
    return [
        Section("crisis", gettext_lazy("Crisis"), _alarm_rows(urgent, now), "danger"),
        Section(
            "first-contacts", gettext_lazy("First contacts overdue"), _todo_rows(first, now), "attention"
        ),
        Section(
            "answers",
            gettext_lazy("Answers not read"),
            [_answer(one) for one in answers(user, now)],
            "accent",
        ),
        Section("silent", gettext_lazy("Nobody answers"), _todo_rows(silent, now), "attention"),
        Section("sessions", gettext_lazy("Today's sessions"), _session_rows(user, now)),
        Section("todos", gettext_lazy("To-dos due"), _todo_rows(due, now)),
        Section("notes", gettext_lazy("Notes to sign"), _note_rows(user, now)),
        Section("coming", gettext_lazy("In the next 7 days"), _todo_rows(rest[len(due) :], now)),
    ]


def is_of_silence(todo: ToDo) -> bool:
    """Whether a rung of the ladder asked for it (clinical.md §4.5)."""
    return re.match(KEYS, todo.step_key) is not None


def end_of_day(now: datetime) -> datetime:
    """The next midnight of the reader's clock."""
    local = timezone.localtime(now)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def open_todos(user: Any, *, before: datetime, now: datetime) -> Any:
    """To-dos of the person, and those of their clients that nobody else here answers for.

    Who covers sees the to-dos of whoever is away. A supervisor sees their own, whatever is urgent, and first contacts
    that are overdue, for all whom they supervise. What would stay with nobody, because its owner is away without
    cover, has left, or was never named, shows to everybody who sees the client.
    """
    todos = ToDo.objects.visible_to(user, at=now).open().filter(due_at__lt=before)
    mine = Q(owner=user) | Q(owner__in=absences.covered_people(user, now))
    nobodys = Q(owner=None) | Q(owner__is_active=False) | Q(owner__in=absences.unattended(now))
    if user.role == Role.SUPERVISOR:
        late = Q(kind=ToDoKind.FIRST_CONTACT, due_at__lt=now)
        todos = todos.filter(mine | nobodys | Q(urgent=True) | late)
    else:
        todos = todos.filter(mine | nobodys | Q(owner__role=Role.COUNSELOR))
    with_texts = todos.annotate(texts=Count("crisis_texts"))
    return with_texts.select_related("client", "owner", "acknowledged_by").order_by("due_at", "pk")


def answers(user: Any, now: datetime) -> Any:
    """What clients wrote and nobody has read; words of crisis first. What an open alarm tells of stands there."""
    return (
        InboundMessage.objects.visible_to(user, at=now)
        .filter(Q(alarm=None) | ~Q(alarm__state="open"), read_at=None)
        .select_related("client")
        .order_by("-crisis", "received_at", "pk")
    )


def _todo_rows(todos: Iterable[ToDo], now: datetime, urgency: str = "") -> list[Row]:
    return [
        Row(
            client=one.client,
            what=one.said,
            at=one.due_at,
            step=next_steps.for_todo(one),
            pill=_("Overdue") if one.is_overdue(now) else "",
            tone="attention",
            urgency=urgency or ("late" if one.is_overdue(now) else ""),
        )
        for one in todos
    ]


def _alarm_rows(todos: Iterable[ToDo], now: datetime) -> list[Row]:
    """Emergencies: those that nobody has taken first, and for how long nobody has."""
    rows = []
    for one in sorted(todos, key=lambda one: not one.waits_for_somebody):
        texts = getattr(one, "texts", 0)
        what = _("%(what)s (%(n)s messages)") % {"what": one.said, "n": texts} if texts > 1 else one.said
        pill, tone = _who_has_it(one, now)
        rows.append(
            Row(
                client=one.client,
                what=what,
                at=one.due_at,
                step=next_steps.for_todo(one),
                pill=pill,
                tone=tone,
                urgency="urgent",
            )
        )
    return rows


def _who_has_it(todo: ToDo, now: datetime) -> tuple[str, str]:
    if not todo.waits_for_somebody:
        return _("%(who)s has it") % {"who": todo.acknowledged_by}, "plain"
    if todo.due_at >= now:
        return _("Nobody has it yet"), "danger"
    late = int((now - todo.due_at + ACKNOWLEDGE_WITHIN).total_seconds() // 60)
    return _("Nobody has it for %(n)s minutes") % {"n": late}, "danger"


def _answer(inbound: InboundMessage) -> Row:
    client: Any = inbound.client  # `answers` finds none without
    words = Truncator(inbound.body).chars(90)
    said = _("%(name)s wrote: “%(words)s”") % {"name": client.first_name, "words": words}
    return Row(
        client=client,
        what=said,
        at=inbound.received_at,
        step=next_steps.for_answer(inbound),
        style="due",
        pill=inbound.get_kind_display() if inbound.kind != InboundMessage.Kind.OTHER else "",
        tone="danger" if inbound.crisis else "accent",
        urgency="urgent" if inbound.crisis else "",
    )


def _session_rows(user: Any, now: datetime) -> list[Row]:
    """What was left open on earlier days, then the day in its order."""
    left = [
        Row(
            client=one.client,
            what=_("The session has no outcome yet"),
            at=one.starts_at,
            step=next_steps.for_unclosed(one),
            pill=pgettext("session", "Open"),
            tone="attention",
            urgency="late",
        )
        for one in sessions.unclosed_sessions(user, now)
    ]
    return left + [_session(one) for one in sessions.todays_sessions(user, now)]


def _session(session: Session) -> Row:
    where = (
        f"{session.get_modality_display()}, {session.location}"
        if session.location
        else session.get_modality_display()
    )
    planned = session.state == Session.State.SCHEDULED
    return Row(
        client=session.client,
        what=where,
        at=session.starts_at,
        step=next_steps.for_session(session),
        style="time",
        pill="" if planned else session.get_state_display(),
        tone="done" if session.state == Session.State.ATTENDED else "plain",
    )


def _note_rows(user: Any, now: datetime) -> list[Row]:
    return [
        Row(
            client=one.client,
            what=_("Note of the session"),
            at=one.over,
            step=next_steps.for_note(one),
            style="at",
            pill=_begun(one.written),
            urgency="late" if now - one.over > timedelta(hours=24) else "",
        )
        for one in sessions.unsigned_notes(user, now)
    ]


def _begun(note: Any) -> str:
    if note is None:
        return _("Not begun")
    return _("Sent back") if note.state == "returned" else _("Draft")


def held(sections: Iterable[Section]) -> list[int]:
    """The clients whom the page shows, for the trail."""
    return sorted({row.client.pk for section in sections for row in section.rows})
