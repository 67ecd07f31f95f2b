"""The few words about people that a message may carry: an allow-list (clinical.md §5.2 M-3, M-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from casework.followup.messages.texts import language_for
from clients.jurisdiction import jurisdiction
from clients.models import CareTeamMember, Client, Practice, Substance

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
    denied: tuple[str, ...] = ()  # names of the catalogue, which no variable may contain either

    def values(self) -> dict[str, str]:
        """The variables by the names that templates use."""
        names = ("first", "counselor", "sender", "phone", "emergency", "crisis_line")
        return {name: getattr(self, name) for name in names}


def letterheads(clients: Iterable[Client], *, at: datetime) -> dict[int, Letterhead]:
    """One letterhead a client, in three queries whatever their number."""
    by_id = {client.pk: client for client in clients}
    practice = Practice.current()
    place, denied = jurisdiction(practice.jurisdiction), catalogue_words()
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


def catalogue_words() -> tuple[str, ...]:
    """Names and brands of the catalogue. Street names stay out: many are everyday words, some are first names."""
    rows = (
        Substance.objects.filter(lint_block=True).values_list("name_en", "name_es", "brands").order_by("pk")
    )
    return tuple(
        sorted(
            {
                word.strip()
                for english, spanish, brands in rows
                for word in (english, spanish, *brands)
                if word.strip()
            }
        )
    )
