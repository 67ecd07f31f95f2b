"""The one thing to do next about a row: a link, or a button that does it at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casework.desk.addresses import to
from casework.followup.actions.todos import FOR_SILENCE
from casework.followup.models import InboundMessage, ToDo
from casework.followup.plan_templates import BY_CALL, ToDoKind
from sessions.models import Session

TALKS = BY_CALL
VISITS = frozenset({ToDoKind.VISIT, ToDoKind.VISIT_OFFER})


@dataclass(frozen=True)
class NextStep:
    """What the button says and where it leads; `post` acts, a link only opens."""

    label: str | Promise
    url: str
    post: bool = False


NOTHING = NextStep("", "")
# Where a to-do is done: what the button says, the page, and whose address it has.
PLACES: Mapping[str, tuple[Promise | str, str, str]] = {
    **dict.fromkeys(VISITS, (_("Schedule"), "counseling:new", "client")),
    ToDoKind.REASSESSMENT: (_("Assess"), "followup:assess", "client"),
    ToDoKind.SAFETY_CHECKLIST: (_("Checklist"), "followup:checklist", "client"),
    ToDoKind.LEARNING_REVIEW: (_("Look back"), "followup:todo_review", "todo"),
    ToDoKind.MEASURE: (_("Measures"), "desk:measures", "client"),
    ToDoKind.PLAN_REVIEW: (_("Treatment plan"), "counseling:treatment", "client"),
    ToDoKind.UPGRADE: (pgettext_lazy("act", "Report"), "followup:report", "client"),
    **dict.fromkeys(FOR_SILENCE, (_("Decide"), "followup:decide", "todo")),
    ToDoKind.LETTER: (pgettext_lazy("act", "Letter"), "followup:letter", "todo"),
}


def for_todo(todo: ToDo) -> NextStep:
    """An emergency is taken, a talk is logged, a visit is scheduled, a stage is assessed; the rest is simply done."""
    client = todo.client.uid
    if todo.waits_for_somebody:
        return NextStep(_("I have it"), to("followup:acknowledge_todo", uid=todo.uid), post=True)
    if todo.kind in TALKS:
        return NextStep(_("Log contact"), f"{to('followup:log_contact', uid=client)}?todo={todo.uid}")
    if todo.kind in PLACES:
        label, page, whose = PLACES[todo.kind]
        return NextStep(label, to(page, uid=client if whose == "client" else todo.uid))
    if todo.kind == ToDoKind.OTHER:
        return NextStep(_("Done"), to("followup:complete_todo", uid=todo.uid), post=True)
    return NextStep(_("Open"), to("followup:todo", uid=todo.uid))


def for_answer(inbound: InboundMessage) -> NextStep:
    return NextStep(_("Mark read"), to("followup:answer_read", uid=inbound.uid), post=True)


def for_session(session: Session) -> NextStep:
    """Start what is planned, close what runs, write about what was held."""
    if session.state == Session.State.SCHEDULED:
        return NextStep(_("Start"), to("counseling:start", uid=session.uid), post=True)
    if session.state == Session.State.IN_PROGRESS:
        return NextStep(_("Close"), to("counseling:outcome", uid=session.uid))
    if session.state == Session.State.ATTENDED and not is_written_up(session):
        return for_note(session)
    return NOTHING


def for_unclosed(session: Session) -> NextStep:
    return NextStep(_("Say how it went"), to("counseling:outcome", uid=session.uid))


def for_note(session: Session) -> NextStep:
    """To the note: begun, it is finished and signed; not begun, it is written."""
    label = _("Finish note") if getattr(session, "note", None) else _("Write note")
    return NextStep(label, to("counseling:session", uid=session.uid))


def is_written_up(session: Session) -> bool:
    """Whether its note wants nothing more: it is signed, or was taken out of use."""
    note = getattr(session, "note", None)
    return note is not None and not note.is_begun
