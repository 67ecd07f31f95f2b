"""Believable people and records for tests; `client_of` and the like make what a test usually starts from."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from casework.staff.models import User
from clients import models
from clients.access import Role

LONG_AGO = datetime(2025, 1, 6, 15, 0, tzinfo=UTC)


class PracticeFactory(DjangoModelFactory):
    class Meta:
        model = models.Practice

    name = "Oak Street Practice"
    sender_alias = "Oak Street"
    phone = "555-010-0199"
    time_zone = "America/New_York"


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = models.Site

    practice = factory.SubFactory(PracticeFactory)
    name = "Main site"


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = models.Programme

    site = factory.SubFactory(SiteFactory)
    name = "Outpatient"


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = models.Team

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    full_name = "Some Body"
    role = Role.COUNSELOR
    credential = "LADC"

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_unusable_password() if extracted is None else self.set_password(extracted)
        if create:
            self.save()


def counselor(name: str, *, team: models.Team, **fields: Any) -> User:
    """A counselor and their place in the team."""
    user = UserFactory(full_name=name, role=Role.COUNSELOR, **fields)
    models.TeamMembership.objects.create(team=team, user=user, from_on=date(2020, 1, 1))
    return user


def supervisor(name: str, *, team: models.Team, **fields: Any) -> User:
    """A supervisor of the team."""
    user = UserFactory(full_name=name, role=Role.SUPERVISOR, **fields)
    models.TeamMembership.objects.create(team=team, user=user, is_supervisor=True, from_on=date(2020, 1, 1))
    return user


class ClientFactory(DjangoModelFactory):
    class Meta:
        model = models.Client
        skip_postgeneration_save = True

    record_number = factory.Sequence(lambda n: f"T-{5000 + n}")
    given_name = "Alex"
    family_name = "Moreno"
    team = factory.SubFactory(TeamFactory)
    registered_at = LONG_AGO
    summary = factory.RelatedFactory("tests.factories.SummaryFactory", factory_related_name="client")


class SummaryFactory(DjangoModelFactory):
    class Meta:
        model = models.ClientSummary


class ContactPointFactory(DjangoModelFactory):
    class Meta:
        model = models.ContactPoint

    client = factory.SubFactory(ClientFactory)
    kind = "mobile"
    value = factory.Sequence(lambda n: f"602-555-{n % 10000:04d}")
    normalized = factory.LazyAttribute(lambda point: "+1" + point.value.replace("-", ""))
    state = "verified"


class PermissionFactory(DjangoModelFactory):
    class Meta:
        model = models.Permission

    client = factory.SubFactory(ClientFactory)
    channel = "text"
    granted_at = LONG_AGO


class EpisodeOfCareFactory(DjangoModelFactory):
    class Meta:
        model = models.EpisodeOfCare

    client = factory.SubFactory(ClientFactory)
    admitted_on = date(2025, 1, 6)


def assign(
    client: models.Client, user: User, *, role: str = "primary", since: datetime = LONG_AGO
) -> models.CareTeamMember:
    """Put somebody on the client's care team."""
    return models.CareTeamMember.objects.create(client=client, user=user, role=role, starts_at=since)


def client_of(
    user: User, *, team: models.Team, channels: tuple[str, ...] = ("text",), **fields: Any
) -> models.Client:
    """A client of `user` with a verified mobile phone and permission for the channels."""
    client = ClientFactory(team=team, **fields)
    assign(client, user)
    ContactPointFactory(client=client)
    for channel in channels:
        PermissionFactory(client=client, channel=channel)
    return client


def days(number: float) -> timedelta:
    return timedelta(days=number)
