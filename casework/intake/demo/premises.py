"""The practice itself: where it is, who works there, who supervises whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password

from casework.intake.demo import cast
from casework.local import credentials
from casework.staff.models import User
from clients import audit
from clients.models import Practice, Programme, Site, Supervision, Team, TeamMembership
from sessions.models import Room

OPEN_SINCE = timedelta(days=900)


@dataclass(frozen=True)
class Premises:
    practice: Practice
    teams: dict[str, Team]
    programmes: dict[str, list[Programme]]
    staff: dict[str, User]
    rooms: dict[int, Room]  # by counselor: each has one of their own

    @property
    def counselors(self) -> list[User]:
        return [self.staff[colleague.email] for colleague in cast.COUNSELORS]

    @property
    def supervisor(self) -> User:
        return self.staff[cast.SAM.email]

    def team_of(self, counselor: int) -> Team:
        return self.teams[cast.COUNSELORS[counselor].team]

    def programmes_of(self, counselor: int) -> list[Programme]:
        return self.programmes[cast.COUNSELORS[counselor].team]


def open_practice(*, zone: str, now: datetime) -> Premises:
    """Create the practice with its sites, programmes, teams and people."""
    practice = Practice.objects.create(
        name=cast.PRACTICE, sender_alias=cast.ALIAS, phone="555-010-0199", time_zone=zone
    )
    sites = {name: Site.objects.create(practice=practice, name=name) for name in cast.SITES}
    teams = {name: Team.objects.create(site=sites[site], name=name) for name, site in cast.TEAMS.items()}
    programmes = {
        name: [Programme.objects.create(site=team.site, name=title) for title in cast.PROGRAMMES]
        for name, team in teams.items()
    }
    password = make_password(credentials.PASSWORD)  # hashing is slow on purpose; here one hash serves all
    staff = {one.email: _hire(one, password) for one in cast.STAFF}
    premises = Premises(practice, teams, programmes, staff, _rooms(teams, staff))
    _organise(premises, now)
    audit.record("practice.opened", by=None, at=now, target=practice, demo=True)
    return premises


def _rooms(teams: dict[str, Team], staff: dict[str, User]) -> dict[int, Room]:
    """A room for each counselor, and one for the groups of each site."""
    rooms = {
        staff[one.email].pk: Room.objects.create(site=teams[one.team].site, name=f"Room {number}")
        for number, one in enumerate(cast.COUNSELORS, start=1)
    }
    for site in Site.objects.order_by("pk"):
        Room.objects.create(site=site, name="Group room")
    return rooms


def _hire(colleague: cast.Colleague, password: str) -> User:
    return User.objects.create(
        email=colleague.email,
        password=password,
        full_name=colleague.name,
        role=colleague.role,
        credential=colleague.credential,
        language=colleague.language,
        is_trainee=colleague.in_training,
    )


def _organise(premises: Premises, now: datetime) -> None:
    since = (now - OPEN_SINCE).date()
    for colleague in (*cast.COUNSELORS, cast.PRIYA):
        person = premises.staff[colleague.email]
        TeamMembership.objects.create(team=premises.teams[colleague.team], user=person, from_on=since)
        Supervision.objects.create(supervisor=premises.supervisor, supervisee=person, from_on=since)
    for team in premises.teams.values():
        TeamMembership.objects.create(team=team, user=premises.supervisor, is_supervisor=True, from_on=since)
