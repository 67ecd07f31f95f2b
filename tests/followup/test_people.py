"""Whose it is, and who answers now."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup import people
from casework.followup.messages.letterhead import letterheads
from clients.models import Absence, CareTeamMember, Supervision
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def lee(team):
    return factories.counselor("Lee Park", team=team)


def away(user, now, cover=None):
    return Absence.objects.create(
        user=user, cover=cover, starts_at=now, ends_at=now + DAY, made_at=now, made_by=user
    )


def test_the_counselor_answers_for_her_client(alex, dana, sam, now):
    assert people.answers_for(alex, now) == dana
    assert people.counselor_of(alex, now) == dana


def test_while_she_is_away_her_cover_answers_and_it_stays_hers(alex, dana, lee, sam, now):
    row = away(dana, now, lee)
    assert people.answers_for(alex, now) == lee
    assert people.counselor_of(alex, now) == dana
    assert people.answers_for(alex, row.ends_at) == dana


def test_without_a_cover_a_colleague_of_the_care_team_answers(alex, dana, lee, sam, now):
    factories.assign(alex, lee, role="covering")
    away(dana, now)
    assert people.answers_for(alex, now) == lee


def test_with_nobody_else_the_supervisor_on_duty_answers(alex, dana, sam, now):
    away(dana, now)
    assert people.answers_for(alex, now) == sam
    assert people.supervisor_on_duty(alex, now) == sam


def test_a_cover_who_no_longer_works_here_does_not_answer(alex, dana, lee, sam, now):
    away(dana, now, lee)
    lee.is_active = False
    lee.save()
    assert people.answers_for(alex, now) == sam


def test_a_client_without_a_counselor_is_the_supervisors(alex, sam, now):
    CareTeamMember.objects.all().update(ends_at=now)
    assert people.counselor_of(alex, now) is None
    assert people.answers_for(alex, now) == sam


def test_without_a_counselor_the_teams_supervisor_supervises(alex, sam, now):
    assert people.supervisor_of(alex, None, now) == sam


def test_the_supervisor_on_duty_is_the_counselors_own_first(alex, dana, sam, practice, now):
    own = factories.supervisor("Noor", team=factories.TeamFactory(site__practice=practice))
    Supervision.objects.create(supervisor=own, supervisee=dana, from_on=date(2026, 1, 1))
    assert people.supervisor_of(alex, dana, now) == own
    assert people.supervisor_on_duty(alex, now) == own
    away(own, now)
    assert people.supervisor_of(alex, dana, now) == own
    assert people.supervisor_on_duty(alex, now) == sam


def test_a_supervisor_who_is_away_is_covered_by_name(alex, dana, sam, practice, now):
    other = factories.supervisor("Noor", team=factories.TeamFactory(site__practice=practice))
    away(sam, now, other)
    assert people.supervisor_on_duty(alex, now) == other


def test_nobody_left_is_said_and_not_made_up(alex, dana, now):
    away(dana, now)
    assert people.supervisor_of(alex, dana, now) is None
    assert people.supervisor_on_duty(alex, now) is None
    assert people.answers_for(alex, now) is None


def test_many_clients_are_asked_about_at_once(alex, dana, lee, robin, sam, team, now):
    def count(clients):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = people.answering([one.pk for one in clients], now)
        return found, len(queries)

    away(dana, now, lee)
    away(robin, now)
    two = [alex, factories.client_of(robin, team=team)]
    found, few = count(two)
    assert found == {two[0].pk: lee, two[1].pk: sam}
    more = [*two, *[factories.client_of(user, team=team) for user in (dana, robin, lee) for _ in range(5)]]
    found, many = count(more)
    assert (len(found), many) == (len(more), few)
    assert people.answering([], now) == {}


def test_a_message_names_who_will_answer(alex, dana, lee, now):
    """ "I'll call you soon" is signed by whoever is there to call."""
    row = away(dana, now, lee)
    assert letterheads([alex], at=now)[alex.pk].counselor == "Lee"
    assert letterheads([alex], at=row.ends_at)[alex.pk].counselor == "Dana"
