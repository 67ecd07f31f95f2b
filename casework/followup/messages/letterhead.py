"""The few words about people that a message may carry: an allow-list (clinical.md §5.2 M-3, M-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from casework.followup.messages import texts
from casework.followup.messages.texts import Texts, language_for
from clients.jurisdiction import jurisdiction
from clients.models import CareTeamMember, Client, Practice
from clients.telling import catalogue_words

YOUR_TEAM: Mapping[str, str] = {"en": "your team", "es": "su equipo"}


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """Everything a text may say of anybody. Nothing clinical has a place in it."""

    first: str
    counselor: str
    sender: str
    phone: str
    emergency: str
    crisis_line: str
    language: str
    texts: Texts  # the templates of this moment, shared by a whole batch
    denied: tuple[str, ...] = ()  # names of the catalogue, which no variable may contain either

    def values(self) -> dict[str, str]:
        """The variables by the names that templates use."""
        names = ("first", "counselor", "sender", "phone", "emergency", "crisis_line")
        return {name: getattr(self, name) for name in names}


def letterheads(clients: Iterable[Client], *, at: datetime) -> dict[int, Letterhead]:
    """One letterhead a client, in four queries whatever their number."""
    by_id = {client.pk: client for client in clients}
    practice = Practice.current()
    place, denied = jurisdiction(practice.jurisdiction), catalogue_words()
    released = texts.current()
    counselors = _primary_counselors(by_id, at)
    return {
        pk: Letterhead(
            first=client.first_name,
            counselor=counselors.get(pk, YOUR_TEAM[language_for(client.language)]),
            sender=practice.sender_alias,
            phone=practice.phone,
            emergency=place.emergency_number,
            crisis_line=place.crisis_line,
            language=language_for(client.language),
            texts=released,
            denied=denied,
        )
        for pk, client in by_id.items()
    }


def _primary_counselors(clients: Iterable[int], at: datetime) -> dict[int, str]:
    members = CareTeamMember.objects.in_force(at).filter(
        client__in=list(clients), role=CareTeamMember.Role.PRIMARY
    )
    return {
        member.client_id: member.user.short_name for member in members.select_related("user").order_by("pk")
    }
