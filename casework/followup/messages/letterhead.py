"""The few words about people that a message may carry: an allow-list (clinical.md §5.2 M-3, M-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from casework.followup import people
from casework.followup.messages import texts
from casework.followup.messages.texts import Texts, language_for
from clients.absences import away
from clients.jurisdiction import jurisdiction
from clients.models import Absence, Practice
from clients.telling import catalogue_words

YOUR_TEAM: Mapping[str, str] = {"en": "your team", "es": "su equipo"}
OF_THE_CRISIS_LINE: Mapping[str, str] = {"en": "%s", "es": "%s, marque 2"}


@dataclass(
    slots=True, kw_only=True
)  # not frozen: that takes three times as long, for every client of a batch
class Letterhead:
    """Everything a text may say of anybody. Nothing clinical has a place in it."""

    first: str
    counselor: str
    sender: str
    phone: str
    emergency: str
    crisis_line: str
    helpline: str
    language: str
    texts: Texts  # the templates of this moment, shared by a whole batch
    denied: tuple[str, ...] = ()  # names of the catalogue, which no variable may contain either

    def values(self) -> dict[str, str]:
        """The variables by the names that templates use."""
        return {
            "first": self.first,
            "counselor": self.counselor,
            "sender": self.sender,
            "phone": self.phone,
            "emergency": self.emergency,
            "crisis_line": self.crisis_line,
            "helpline": self.helpline,
        }


def letterheads(
    clients: Iterable[Any], *, at: datetime, practice: Practice | None = None
) -> dict[int, Letterhead]:
    """One letterhead a client (a `Client` or the light row of one), in a fixed number of queries."""
    by_id = {client.pk: client for client in clients}
    practice = practice or Practice.current()
    place, denied = jurisdiction(practice.jurisdiction), catalogue_words()
    released = texts.current()
    counselors = _counselors(by_id, at)
    return {
        pk: Letterhead(
            first=client.first_name,
            counselor=counselors.get(pk, YOUR_TEAM[language_for(client.language)]),
            sender=practice.sender_alias,
            phone=practice.phone,
            emergency=place.emergency_number,
            crisis_line=place.crisis_line,
            helpline=helpline(practice, language_for(client.language)),
            language=language_for(client.language),
            texts=released,
            denied=denied,
        )
        for pk, client in by_id.items()
    }


def helpline(practice: Practice, language: str) -> str:
    """The line that somebody answers at any hour: the practice's own, else the crisis line (clinical.md §5.2 M-6)."""
    crisis_line = jurisdiction(practice.jurisdiction).crisis_line
    return practice.helpline_number or OF_THE_CRISIS_LINE[language] % crisis_line


# Names only: a person's own model would cost more than all the rest of a letterhead.
COUNSELORS = """
SELECT m.client_id, m.user_id, split_part(coalesce(nullif(u.full_name, ''), split_part(u.email, '@', 1)), ' ', 1)
  FROM clients_careteammember AS m JOIN staff_user AS u ON u.id = m.user_id
 WHERE m.client_id = ANY(%(clients)s::bigint[]) AND m.role = 'primary'
   AND m.starts_at <= %(at)s AND (m.ends_at IS NULL OR m.ends_at > %(at)s)
 ORDER BY m.id
"""


def _counselors(clients: Iterable[int], at: datetime) -> dict[int, str]:
    """Who answers the client, as clients call them: the counselor, or whoever stands in while they are away."""
    with connection.cursor() as cursor:
        cursor.execute(COUNSELORS, {"clients": "{" + ",".join(map(str, clients)) + "}", "at": at})
        rows = cursor.fetchall()
    names = {client: name for client, _user, name in rows}
    anybody = rows and Absence.objects.in_force(at).exists()
    absent = away({user for _client, user, _name in rows}, at) if anybody else {}
    if absent:
        covered = people.answering([client for client, user, _name in rows if user in absent], at)
        names |= {client: person.short_name for client, person in covered.items()}
    return names
