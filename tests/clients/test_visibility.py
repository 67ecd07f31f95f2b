"""Who sees whom."""

from datetime import date, timedelta

import pytest

from clients.models import CareTeamMember, Client, ContactPoint, Supervision
from tests import factories

pytestmark = pytest.mark.django_db


def seen(user, now):
    return set(Client.objects.visible_to(user, at=now))


def test_a_counselor_sees_the_clients_on_whose_care_team_she_is(dana, alex, now):
    assert seen(dana, now) == {alex}


def test_a_stranger_sees_nobody(robin, alex, now):
    assert seen(robin, now) == set()


def test_a_former_counselor_no_longer_sees_the_client(dana, alex, now):
    CareTeamMember.objects.filter(client=alex).update(ends_at=now - timedelta(seconds=1))
    assert seen(dana, now) == set()


def test_cover_begins_and_ends_by_itself(robin, alex, now):
    CareTeamMember.objects.create(
        client=alex, user=robin, role="covering", starts_at=now, ends_at=now + timedelta(hours=1)
    )
    assert seen(robin, now - timedelta(seconds=1)) == set()
    assert seen(robin, now) == {alex}
    assert seen(robin, now + timedelta(hours=1)) == set()


def test_a_supervisor_sees_the_clients_of_the_teams_she_supervises(sam, robin, alex, now):
    elsewhere = factories.client_of(robin, team=factories.TeamFactory())
    assert seen(sam, now) == {alex}
    assert elsewhere not in seen(sam, now)


def test_a_supervisor_of_a_person_sees_that_persons_clients(practice, dana, alex, now):
    other = factories.supervisor("Noor Aziz", team=factories.TeamFactory(site__practice=practice))
    assert seen(other, now) == set()
    Supervision.objects.create(
        supervisor=other, supervisee=dana, from_on=date(2026, 1, 1), to_on=date(2026, 3, 11)
    )
    assert seen(other, now) == {alex}
    assert seen(other, now + timedelta(days=1)) == set()


def test_the_administrator_sees_no_client_and_the_auditor_all(ada, audrey, alex, now):
    assert seen(ada, now) == set()
    assert seen(audrey, now) == {alex}


def test_somebody_switched_off_sees_nobody(dana, alex, now):
    dana.is_active = False
    assert seen(dana, now) == set()


def test_what_belongs_to_a_client_follows_the_client(dana, robin, ada, alex, now):
    assert ContactPoint.objects.visible_to(dana, at=now).count() == 1
    assert not ContactPoint.objects.visible_to(robin, at=now).exists()
    assert not ContactPoint.objects.visible_to(ada, at=now).exists()
