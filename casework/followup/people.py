"""Whose to-do it is, and who answers for a client at a given moment.

Two questions with two answers. Whose it is: the client's counselor, and who supervises that counselor; this is what a
to-do's owner keeps. Who answers now: the same person, or whoever covers while they are away; this is asked by the
clock each time and written nowhere, so that everything comes back by itself when they do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from clients.absences import away, stand_in
from clients.models import Absence, CareTeamMember, Client, Supervision, TeamMembership


def counselor_of(client: Client, at: datetime) -> Any:
    """The primary counselor at that moment, or None; also while they are away."""
    primary = CareTeamMember.objects.in_force(at).filter(client=client, role=CareTeamMember.Role.PRIMARY)
    member = primary.select_related("user").order_by("-starts_at", "-pk").first()
    return member.user if member else None


def supervisor_of(client: Client, counselor: Any, at: datetime) -> Any:
    """Who supervises the counselor, else who supervises the client's team; None when nobody does."""
    day = timezone.localdate(at)
    if counselor is not None:
        personal = Supervision.objects.on(day).filter(supervisee=counselor).select_related("supervisor")
        first = personal.order_by("pk").first()
        if first is not None:
            return first.supervisor
    of_team = TeamMembership.objects.on(day).filter(team=client.team_id, is_supervisor=True)
    member = of_team.select_related("user").order_by("pk").first()
    return member.user if member else None


def answers_for(client: Client, at: datetime) -> Any:
    """The one person who answers for the client at that moment; None only where nobody works at all.

    The counselor; while they are away their cover, else a colleague who covers for this client, else the supervisor
    on duty.
    """
    return answering([client.pk], at).get(client.pk)


def supervisor_on_duty(client: Client, at: datetime) -> Any:
    """Of those who supervise the client's counselor or team, the first who is there or is covered for; else None."""
    found = _supervisors({client.pk: (client.team_id, counselor_of(client, at))}, at)[client.pk]
    return _Duty.of(found, at).first(found)


def answering(clients: Iterable[int], at: datetime) -> dict[int, Any]:
    """`answers_for` for many clients, by their numbers: at most seven queries whatever their number."""
    teams = {pk: _CareTeam() for pk in clients}
    members = CareTeamMember.objects.in_force(at).filter(client__in=teams).select_related("user")
    for member in members.order_by("-starts_at", "-pk"):
        teams[member.client_id].add(member)
    people = [person for team in teams.values() for person in team.people]
    duty = _Duty.of(people, at)
    found = {pk: duty.first(team.people) for pk, team in teams.items()}
    found.update(_on_duty({pk: teams[pk].counselor for pk, person in found.items() if person is None}, at))
    return {pk: person for pk, person in found.items() if person is not None}


@dataclass
class _CareTeam:
    """Of one client, at one moment."""

    primary: list[Any] = field(default_factory=list)
    covering: list[Any] = field(default_factory=list)

    def add(self, member: CareTeamMember) -> None:
        """A group's facilitator answers for what happens in the group, not for the client."""
        if member.role == CareTeamMember.Role.PRIMARY:
            self.primary.append(member.user)
        elif member.role == CareTeamMember.Role.COVERING:
            self.covering.append(member.user)

    @property
    def counselor(self) -> Any:
        return self.primary[0] if self.primary else None

    @property
    def people(self) -> list[Any]:
        """In the order in which they are asked for."""
        return [*self.primary[:1], *self.covering]


@dataclass(frozen=True)
class _Duty:
    """Who of some people is away at one moment."""

    away: Mapping[int, Absence]

    @classmethod
    def of(cls, people: Sequence[Any], at: datetime) -> "_Duty":
        return cls(away({person.pk for person in people}, at) if people else {})

    def first(self, people: Sequence[Any]) -> Any:
        """The first who is there, or whose cover is."""
        there = (stand_in(person, self.away.get(person.pk)) for person in people)
        return next((person for person in there if person is not None), None)


def _on_duty(counselors: Mapping[int, Any], at: datetime) -> dict[int, Any]:
    """The supervisor on duty of each client, by the client's number."""
    if not counselors:
        return {}
    teams = dict(Client.objects.filter(pk__in=counselors).order_by("pk").values_list("pk", "team_id"))
    found = _supervisors({pk: (team, counselors[pk]) for pk, team in teams.items()}, at)
    duty = _Duty.of([person for people in found.values() for person in people], at)
    return {pk: duty.first(people) for pk, people in found.items()}


def _supervisors(places: Mapping[int, tuple[int, Any]], at: datetime) -> dict[int, list[Any]]:
    """Who supervises, of each place (team, counselor): the counselor's own supervisors first, then the team's."""
    day = timezone.localdate(at)
    counselors = {counselor.pk for _team, counselor in places.values() if counselor is not None}
    personal = Supervision.objects.on(day).filter(supervisee__in=counselors).select_related("supervisor")
    of_teams = TeamMembership.objects.on(day).filter(
        team__in={team for team, _counselor in places.values()}, is_supervisor=True
    )
    by_person: dict[int, list[Any]] = {}
    for row in personal.order_by("pk") if counselors else ():
        by_person.setdefault(row.supervisee_id, []).append(row.supervisor)
    by_team: dict[int, list[Any]] = {}
    for place in of_teams.select_related("user").order_by("pk"):
        by_team.setdefault(place.team_id, []).append(place.user)
    return {
        pk: [*by_person.get(getattr(counselor, "pk", 0), []), *by_team.get(team, [])]
        for pk, (team, counselor) in places.items()
    }
