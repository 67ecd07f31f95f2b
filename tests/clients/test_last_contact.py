"""When we were last in touch, counted the same everywhere (clinical.md §7.3 I-03, I-04)."""

from datetime import timedelta

import pytest

from clients.last_contact import LIMITS, contact_overdue, days_since, with_last_contact
from clients.models import CareTeamMember, Client, ClientSummary
from clients.stage import Stage
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def known(client):
    return with_last_contact(Client.objects.filter(pk=client.pk)).get()


def set_summary(client, **columns):
    ClientSummary.objects.filter(client=client).update(**columns)


def is_overdue(client, now):
    return with_last_contact(Client.objects.filter(pk=client.pk)).filter(contact_overdue(now)).exists()


def test_a_session_or_a_talk_is_a_contact_and_the_later_one_counts(alex, now):
    set_summary(alex, last_session_at=now - timedelta(days=5), last_contact_at=now - timedelta(days=2))
    assert known(alex).last_contact_at == now - timedelta(days=2)
    set_summary(alex, last_contact_at=None)
    assert known(alex).last_contact_at == now - timedelta(days=5)


def test_who_was_never_seen_counts_from_the_start_of_the_present_assignment(alex, now):
    CareTeamMember.objects.filter(client=alex).update(starts_at=now - timedelta(days=9))
    client = known(alex)
    assert client.last_contact_at is None
    assert days_since(client.counts_from, now) == 9


def test_without_a_counselor_it_counts_from_registration(alex):
    alex.care_team.all().delete()
    assert known(alex).counts_from == factories.LONG_AGO
    assert known(alex).counselor_name is None


def test_the_counselor_named_is_the_primary_one_of_now(alex, dana, robin, now):
    factories.assign(alex, robin, role="covering")
    assert (known(alex).counselor_id, known(alex).counselor_name) == (dana.pk, "Dana Reyes")


@pytest.mark.parametrize(("hours", "days"), [(0, 0), (23, 0), (24, 1), (47, 1), (48, 2), (-5, 0)])
def test_days_are_whole_days_of_24_hours(now, hours, days):
    assert days_since(now - hours * HOUR, now) == days


@pytest.mark.parametrize(
    ("stage", "limit"),
    [("none", 30), ("emotional", 14), ("mental", 7), ("physical", 3), ("", 30), ("indeterminate", 30)],
)
def test_a_contact_is_overdue_when_the_whole_days_exceed_the_limit_of_the_stage(alex, now, stage, limit):
    set_summary(alex, stage=stage, last_contact_at=now - timedelta(days=limit + 1) + HOUR)
    assert not is_overdue(alex, now)
    set_summary(alex, last_contact_at=now - timedelta(days=limit + 1))
    assert is_overdue(alex, now)


@pytest.mark.parametrize("state", ["paused", "discharged", "deceased"])
def test_only_active_clients_are_overdue(alex, now, state):
    set_summary(alex, last_contact_at=now - timedelta(days=400))
    assert is_overdue(alex, now)
    Client.objects.filter(pk=alex.pk).update(state=state)
    assert not is_overdue(alex, now)


def test_every_ranked_stage_has_a_limit():
    assert set(LIMITS) == {stage for stage in Stage if stage.rank is not None}
