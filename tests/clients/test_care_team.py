"""Who cares for the client, from when to when."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients import actions
from clients.errors import InvalidInput, NotAllowed
from clients.models import CareTeamMember
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def jo(team):
    return factories.counselor("Jo Park", team=team)


def test_a_new_primary_counselor_takes_the_place_of_the_one_before(sam, dana, jo, alex, now):
    actions.assign_counselor(client_id=alex.pk, counselor=jo, by=sam, now=now)
    assert alex.primary_counselor == jo
    before = alex.care_team.get(user=dana)
    assert before.ends_at == now
    assert not before.holds(now)
    alex.summary.refresh_from_db()
    assert alex.summary.assigned_at == now


def test_assigning_the_same_person_again_changes_nothing(sam, dana, alex, now):
    member = actions.assign_counselor(client_id=alex.pk, counselor=dana, by=sam, now=now)
    assert member.starts_at == factories.LONG_AGO
    assert alex.care_team.count() == 1


def test_cover_lasts_until_its_moment(sam, jo, alex, now):
    until = now + timedelta(days=2)
    member = actions.add_cover(client_id=alex.pk, counselor=jo, until=until, by=sam, now=now)
    assert member.holds(now)
    assert member.holds(until - timedelta(seconds=1))
    assert not member.holds(until)


def test_cover_cannot_end_before_it_begins(sam, jo, alex, now):
    with pytest.raises(InvalidInput) as declined:
        actions.add_cover(client_id=alex.pk, counselor=jo, until=now, by=sam, now=now)
    assert declined.value.field == "until"


def test_cover_can_be_ended_at_once(sam, jo, alex, now):
    member = actions.add_cover(client_id=alex.pk, counselor=jo, until=None, by=sam, now=now)
    ended = actions.end_cover(member_id=member.pk, by=sam, now=now + timedelta(hours=1))
    assert not ended.holds(now + timedelta(hours=2))


def test_the_primary_counselor_is_replaced_not_ended(sam, alex, now):
    with pytest.raises(InvalidInput):
        actions.end_cover(member_id=alex.care_team.get().pk, by=sam, now=now)
    assert alex.primary_counselor is not None


@pytest.mark.parametrize("person", ["dana", "ada", "audrey"])
def test_only_supervisors_assign(request, person, jo, alex, now):
    by = request.getfixturevalue(person)
    with pytest.raises(NotAllowed):
        actions.assign_counselor(client_id=alex.pk, counselor=jo, by=by, now=now)
    with pytest.raises(NotAllowed):
        actions.add_cover(client_id=alex.pk, counselor=jo, until=None, by=by, now=now)
    with pytest.raises(NotAllowed):
        actions.end_cover(member_id=alex.care_team.get().pk, by=by, now=now)
    assert alex.care_team.count() == 1


def test_the_database_holds_one_primary_counselor_a_client(jo, alex):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.assign(alex, jo)


def test_a_place_cannot_end_before_it_starts(alex):
    with pytest.raises(IntegrityError), transaction.atomic():
        CareTeamMember.objects.update(ends_at=factories.LONG_AGO - timedelta(days=1))
