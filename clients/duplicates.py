"""Records that may be one person's twice: the same number or address, or the same name with no other birth date."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Concat, Upper
from django.utils.translation import gettext as _

from clients.models import Client, ContactPoint

MOST = 50  # groups of a kind that are looked at; a list longer than a morning helps nobody
CROWD = 5  # more records than this on one number are a shared house, not one person


@dataclass(frozen=True)
class Likeness:
    """Two records and why they may be one person's."""

    one: Client
    other: Client
    why: tuple[str, ...]


def likely_duplicates(user: Any, *, at: datetime) -> list[Likeness]:
    """Pairs among the clients that `user` may see, those that are alike in more ways first."""
    visible = Client.objects.visible_to(user, at=at)
    groups = [*_by_number(visible), *_by_name(visible)]
    clients = {one.pk: one for one in visible.for_list().filter(pk__in={pk for ids in groups for pk in ids})}
    numbers = numbers_of(clients.values())
    found: dict[tuple[int, int], Likeness] = {}
    for ids in groups:
        for pair in _pairs(sorted(ids)):
            why = alike(clients[pair[0]], clients[pair[1]], numbers)
            if why:
                found[pair] = Likeness(clients[pair[0]], clients[pair[1]], why)
    return sorted(found.values(), key=lambda like: (-len(like.why), like.one.family_name, like.one.pk))


def duplicates_of(client: Client, user: Any, *, at: datetime) -> list[Likeness]:
    """Records that may be this client's second one, among those that `user` may see."""
    mine = ContactPoint.objects.of(client).current().values("normalized")
    points = ContactPoint.objects.current().filter(normalized__in=mine)
    name = Q(family_name__iexact=client.family_name) & (
        Q(given_name__iexact=client.given_name) | Q(chosen_name__iexact=client.first_name)
    )
    born = Q(date_of_birth=client.date_of_birth, family_name__iexact=client.family_name)
    like = Q(pk__in=points.values("client")) | name
    if client.date_of_birth is not None:
        like |= born
    visible = Client.objects.visible_to(user, at=at).for_list().exclude(pk=client.pk)
    others = list(visible.filter(like).order_by("family_name", "given_name", "pk")[:MOST])
    numbers = numbers_of([client, *others])
    found = [Likeness(client, other, alike(client, other, numbers)) for other in others]
    return sorted(found, key=lambda like: -len(like.why))


def _by_number(visible: QuerySet[Client]) -> list[set[int]]:
    points = ContactPoint.objects.current().filter(client__in=visible.order_by().values("pk"))
    shared = points.order_by().values("normalized").annotate(n=Count("client", distinct=True))
    numbers = shared.filter(n__gt=1, n__lte=CROWD).values_list("normalized", flat=True)
    rows = points.filter(normalized__in=list(numbers.order_by("normalized")[:MOST]))
    return _groups(rows.order_by("pk").values_list("normalized", "client"))


def _by_name(visible: QuerySet[Client]) -> list[set[int]]:
    named = visible.exclude(family_name="").annotate(whole=Upper(Concat("given_name", "family_name")))
    twice = named.order_by().values("whole").annotate(n=Count("pk")).filter(n__gt=1, n__lte=CROWD)
    names = list(twice.order_by("whole").values_list("whole", flat=True)[:MOST])
    return _groups(named.filter(whole__in=names).order_by("pk").values_list("whole", "pk"))


def _groups(rows: Iterable[tuple[str, int]]) -> list[set[int]]:
    groups: dict[str, set[int]] = defaultdict(set)
    for key, pk in rows:
        groups[key].add(pk)
    return list(groups.values())


def _pairs(ids: list[int]) -> Iterable[tuple[int, int]]:
    return ((one, other) for i, one in enumerate(ids) for other in ids[i + 1 :])


def numbers_of(clients: Iterable[Client]) -> dict[int, set[str]]:
    """The numbers and addresses in use, by client; two queries at most."""
    by_record = {pk: one.pk for one in clients for pk in one.record_ids}
    found: dict[int, set[str]] = defaultdict(set)
    points = ContactPoint.objects.current().filter(client__in=by_record)
    for record, value in points.order_by("pk").values_list("client", "normalized"):
        found[by_record[record]].add(value)
    return found


def alike(one: Client, other: Client, numbers: dict[int, set[str]]) -> tuple[str, ...]:
    """In which ways two records are alike, in words. Empty when a birth date speaks against the name alone."""
    name, other_name = (_name(client) for client in (one, other))
    same_day = one.date_of_birth is not None and one.date_of_birth == other.date_of_birth
    against = one.date_of_birth and other.date_of_birth and not same_day
    ways = []
    if numbers[one.pk] & numbers[other.pk]:
        ways.append(_("same number or address"))
    if same_day:
        ways.append(_("same birth date"))
    if name == other_name and not (against and not ways):
        ways.append(_("same name"))
    return tuple(ways)


def _name(client: Client) -> str:
    return f"{client.given_name} {client.family_name}".casefold()
