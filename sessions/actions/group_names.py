"""No member is named in what is filed to another's record: a warning while writing, a refusal at filing and signing.

Which words are names is in `sessions.member_names`. A name that may be only a word can be confirmed for one text, by
somebody who looked; another text asks again.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients import audit
from clients.errors import InvalidInput
from clients.models import Client
from sessions import formats
from sessions.integrity import tidy
from sessions.member_names import Find, Person, finds
from sessions.models import GroupMeeting, GroupMembership, NameConfirmation, Session

# What is filed with a note beside its parts.
OTHER_LABELS = {
    "who": gettext_lazy("Who was there"),
    "place": gettext_lazy("Where"),
    "late_reason": gettext_lazy("Why is this entry late?"),
    "text": gettext_lazy("What is added"),
    "reason": gettext_lazy("Why"),
}


class NamesAnother(InvalidInput):
    """A text that is about to be filed names another member."""

    code = "names_another"


@dataclass(frozen=True)
class Named:
    """A find, with the member, the text's key for confirming, and whether somebody has confirmed it."""

    find: Find
    client: Client
    key: str
    confirmed: bool

    @property
    def allowed(self) -> bool:
        return self.find.maybe and self.confirmed


@dataclass(frozen=True)
class Roster:
    """Everybody whose name must not stand in another's note of one meeting."""

    meeting: GroupMeeting
    people: tuple[Person, ...]
    clients: Mapping[int, Client]
    confirmed: frozenset[tuple[int, str]]

    def named_in(self, text: str, *, about: Client | None = None) -> list[Named]:
        """Whom the text names; `about` is the member whose own note it is."""
        own = about.survivor.pk if about is not None else None
        others = [one for one in self.people if one.key != own]
        spared = [
            name for one in self.people if one.key == own for name in (one.given, one.family, one.chosen)
        ]
        staff = [
            one.full_name for one in (self.meeting.counselor, self.meeting.co_counselor) if one is not None
        ]
        digest = text_hash(text)
        return [
            Named(
                find,
                self.clients[find.key],
                text_key(self.clients[find.key], text),
                (find.key, digest) in self.confirmed,
            )
            for find in finds(text, others, spared=spared, also_words=staff)
        ]


def text_hash(text: str) -> str:
    """What a confirmation is bound to: this very text."""
    return hashlib.sha256(tidy(text).encode()).hexdigest()


def text_key(client: Client, text: str) -> str:
    """What a page sends back to confirm that in this text the member's name is only a word."""
    return f"{client.uid}:{text_hash(text)}"


def roster_of(meeting: GroupMeeting) -> Roster:
    """Whoever has a session of the meeting or belonged to the group then, under every record of theirs."""
    expected = Session.objects.filter(meeting=meeting).order_by().values("client")
    members = GroupMembership.objects.filter(group=meeting.group_id, joined_at__lte=meeting.ends_at)
    members = members.filter(Q(left_at=None) | Q(left_at__gt=meeting.starts_at)).order_by()
    named = Client.objects.filter(Q(pk__in=expected) | Q(pk__in=members.values("client"))).order_by("pk")
    standing = {one.merged_into_id or one.pk for one in named}
    rows = Client.objects.filter(Q(pk__in=standing) | Q(merged_into__in=standing)).order_by("pk")
    clients = {one.pk: one for one in rows}
    people = tuple(
        Person(one.merged_into_id or one.pk, one.given_name, one.family_name, one.chosen_name)
        for one in clients.values()
    )
    said = NameConfirmation.objects.filter(meeting=meeting).order_by("pk")
    return Roster(meeting, people, clients, frozenset(said.values_list("client", "text_hash")))


def refuse_named(session: Session, texts: Mapping[str, str]) -> None:
    """Raise NamesAnother when a text of the note of a group's session names another member.

    `texts` by field. Does nothing for a session that belongs to no group's meeting.
    """
    if session.meeting is not None:
        refuse_in(roster_of(session.meeting), texts, about=session.client)


def refuse_in(roster: Roster, texts: Mapping[str, str], *, about: Client | None = None) -> None:
    """Raise NamesAnother, naming the field, for the first name that nobody has confirmed to be only a word."""
    for field, text in texts.items():
        for named in roster.named_in(text, about=about):
            if not named.allowed:
                raise NamesAnother(in_words(named, field, about), field=field)


def in_words(named: Named, field: str, about: Client | None) -> str:
    """Which field names whom, and what to do."""
    words = {
        "field": OTHER_LABELS.get(field) or formats.label_of(field),
        "whose": about.first_name if about is not None else "",
        "word": named.find.word,
    }
    if about is None:
        said = _("“%(field)s” names a member of the group: “%(word)s”.") % words
    else:
        said = _("“%(field)s” in %(whose)s's note names another member of the group: “%(word)s”.") % words
    if named.find.maybe:
        return f"{said} " + _("If it is only a word here, confirm that; else write it without the name.")
    return f"{said} " + _("Write it without the name, for example “another member”.")


def confirm(
    roster: Roster,
    texts: Iterable[tuple[Client | None, str]],
    confirmed: Collection[str],
    *,
    by: Any,
    now: datetime,
) -> Roster:
    """Keep that somebody looked at these finds and that they are only words; what is certainly a name stays refused.

    `texts` with the member whose note each belongs to. Returns the roster with what is now confirmed; each is audited.
    """
    new: set[tuple[int, str]] = set()
    for about, text in texts:
        for named in roster.named_in(text, about=about):
            if named.find.maybe and not named.confirmed and named.key in confirmed:
                new.add((named.client.pk, text_hash(text)))
    for client_id, digest in sorted(new):
        NameConfirmation.objects.create(
            meeting=roster.meeting, client_id=client_id, text_hash=digest, at=now, by=by
        )
        audit.record("meeting.name_is_a_word", by=by, at=now, client_id=client_id, target=roster.meeting)
    return Roster(roster.meeting, roster.people, roster.clients, roster.confirmed | new)
