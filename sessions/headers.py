"""The header of a note as data: what kind of service it was, who was there, when and where (clinical.md §9.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from clients.errors import InvalidInput
from clients.stage import Stage
from sessions.formats import Words
from sessions.models import Goal, Note, Session

SERVICES: Mapping[str, Words] = {
    "individual": Words("Individual counseling", "Consejería individual"),
    "family": Words("Family counseling", "Consejería familiar"),
    "group": Words("Group counseling", "Consejería grupal"),
    "assessment": Words("Assessment", "Evaluación"),
    "crisis": Words("Crisis support", "Apoyo en crisis"),
    "case_management": Words("Case management", "Gestión del caso"),
    "education": Words("Education", "Educación"),
    "outreach": Words("Outreach, client not met", "Acercamiento sin encontrar al cliente"),
}
ROLES: Mapping[str, Words] = {
    "client": Words("Client", "Cliente"),
    "counselor": Words("Counselor", "Consejero/a"),
    "family": Words("Family member", "Familiar"),
    "partner": Words("Partner", "Pareja"),
    "guardian": Words("Guardian", "Tutor/a"),
    "friend": Words("Friend or supporter", "Amistad o persona de apoyo"),
    "interpreter": Words("Interpreter", "Intérprete"),
    "professional": Words("Another professional", "Otro/a profesional"),
    "group": Words("Group members", "Miembros del grupo"),
    "observer": Words("Trainee or observer", "Persona en formación u observadora"),
}
LONGEST = timedelta(hours=12)
LONGEST_WORDS = 200


@dataclass(frozen=True)
class Header:
    """What stands over a note. Times are instants; minutes follow from them: more than none, at most twelve hours."""

    service_type: str = ""
    place: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    roles: tuple[str, ...] = ()
    who: str = ""
    stage_at_end: str = ""
    next_appointment_at: datetime | None = None
    goals: tuple[UUID, ...] = ()

    @property
    def minutes(self) -> int | None:
        if self.began_at is None or self.ended_at is None:
            return None
        return int((self.ended_at - self.began_at).total_seconds() // 60)


def from_session(session: Session, *, next_at: datetime | None = None) -> Header:
    """The header as the session fills it: the timers that ran, the place, and who was expected and came."""
    met = session.state != Session.State.NO_SHOW and session.state != Session.State.LATE_CANCEL
    kind = session.kind if session.kind in SERVICES else "individual"
    roles = ["client", "counselor"] if met else ["counselor"]
    if met and kind in {"family", "group"}:
        roles.append(kind)
    return Header(
        service_type=kind if met else "outreach",
        place=where(session),
        began_at=session.begins_at,
        ended_at=session.over_at,
        roles=tuple(roles),
        who=session.companions if met else "",
        next_appointment_at=next_at if next_at and next_at > session.over_at else None,
    )


def where(session: Session) -> str:
    """Room or address, as the session says."""
    return str(session.room) if session.room is not None else session.location


def of_note(note: Note, goals: Iterable[Goal] | None = None) -> Header:
    """The header as it stands in the note; what the author never touched is as the session has it now.

    Its `goals` are read unless they are given.
    """
    if goals is None:
        goals = note.goals.all() if note.pk else ()
    usual = from_session(note.session)
    present = note.present
    return Header(
        service_type=note.service_type or usual.service_type,
        place=note.place or usual.place,
        began_at=note.began_at or usual.began_at,
        ended_at=note.ended_at or usual.ended_at,
        roles=tuple(present["roles"]) or usual.roles,
        who=present["who"] or ("" if present["roles"] else usual.who),
        stage_at_end=note.stage_at_end,
        next_appointment_at=note.next_appointment_at,
        goals=tuple(goal.uid for goal in goals),
    )


def checked(header: Header) -> Header:
    """The header in one spelling. Raises InvalidInput naming the field that cannot be so."""
    if header.service_type and header.service_type not in SERVICES:
        raise InvalidInput(_("Choose one of the kinds of service."), field="service_type")
    if header.stage_at_end and header.stage_at_end not in Stage.values:
        raise InvalidInput(_("Choose one of the stages."), field="stage_at_end")
    if strange := [role for role in header.roles if role not in ROLES]:
        raise InvalidInput(_("Nobody takes part as “%(role)s”.") % {"role": strange[0]}, field="roles")
    for field, text in (("place", header.place), ("who", header.who)):
        if len(text) > LONGEST_WORDS or "\x00" in text:
            raise InvalidInput(_("This is too long, or not text."), field=field)
    _check_times(header)
    roles = tuple(role for role in ROLES if role in header.roles)
    return replace(header, roles=roles, place=header.place.strip(), who=header.who.strip())


def _check_times(header: Header) -> None:
    if header.began_at is None or header.ended_at is None:
        return
    lasted = header.ended_at - header.began_at
    if lasted <= timedelta():
        raise InvalidInput(_("The end must come after the beginning."), field="ended_at")
    if lasted > LONGEST:
        raise InvalidInput(_("A note covers twelve hours at most."), field="ended_at")


def rows_of(header: Header) -> dict[str, Any]:
    """The columns of a note that hold it, but for the goals and who was there."""
    return {
        "service_type": header.service_type,
        "place": header.place,
        "began_at": header.began_at,
        "ended_at": header.ended_at,
        "stage_at_end": header.stage_at_end,
        "next_appointment_at": header.next_appointment_at,
    }
