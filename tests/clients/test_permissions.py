"""What the client agreed to, and took back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients import actions, lower
from clients.errors import NotAllowed
from clients.models import AuditEvent, Permission
from clients.models.contact import permitted
from clients.overview import agreements
from tests import factories

pytestmark = pytest.mark.django_db


def granted(by, client, now, channel="email"):
    return actions.grant_permission(
        client_id=client.pk, channel=channel, by=by, now=now, language="es", version="2"
    )


def withdrawn(by, client, now, channel="text", how="staff"):
    return lower.withdraw_permission(client_id=client.pk, channel=channel, by=by, now=now, how=how)


def test_a_permission_says_who_when_and_which_wording(dana, alex, now):
    row = granted(dana, alex, now)
    assert (row.granted_by, row.granted_at, row.language, row.version) == (dana, now, "es", "2")
    assert permitted(alex, "email", at=now)
    assert not permitted(alex, "email", at=now - timedelta(seconds=1))


def test_granting_what_is_in_force_gives_back_the_same_row(dana, alex, now):
    assert granted(dana, alex, now) == granted(dana, alex, now + timedelta(days=1))
    assert AuditEvent.objects.filter(verb="permission.granted").count() == 1


def test_a_withdrawal_counts_at_once_and_stays_on_record(dana, alex, now):
    row = withdrawn(dana, alex, now, how="keyword")
    assert not permitted(alex, "text", at=now)
    assert (row.withdrawn_at, row.withdrawn_by, row.withdrawn_how) == (now, dana, "keyword")


def test_withdrawing_what_was_never_given_changes_nothing(dana, alex, now):
    assert withdrawn(dana, alex, now, channel="letter") is None
    assert not AuditEvent.objects.filter(verb="permission.withdrawn").exists()


def test_each_channel_stands_alone(dana, alex, now):
    granted(dana, alex, now)
    withdrawn(dana, alex, now)
    assert permitted(alex, "email", at=now)


def test_who_agrees_again_gets_a_new_row(dana, alex, now):
    withdrawn(dana, alex, now)
    again = granted(dana, alex, now + timedelta(hours=1), channel="text")
    assert alex.permissions.filter(channel="text").count() == 2
    assert permitted(alex, "text", at=again.granted_at)


def test_the_database_holds_one_permission_in_force_a_channel(alex):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.PermissionFactory(client=alex)


def test_a_withdrawal_without_a_word_on_how_is_refused_by_the_database(alex, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Permission.objects.filter(client=alex).update(withdrawn_at=now)


def test_the_page_tells_each_channel_by_its_newest_row(dana, alex, now):
    withdrawn(dana, alex, now)
    granted(dana, alex, now)
    told = {one.channel.value: (one.in_force, one.latest is not None) for one in agreements(alex, now)}
    assert told == {
        "text": (False, True),
        "email": (True, True),
        "call": (False, False),
        "letter": (False, False),
        "post_discharge": (False, False),
    }


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_others_decide_on_no_permission(request, person, alex, now):
    by = request.getfixturevalue(person)
    for act in (granted, withdrawn):
        with pytest.raises(NotAllowed):
            act(by, alex, now)
    assert permitted(alex, "text", at=now)
    assert not permitted(alex, "email", at=now)


def test_a_permission_given_by_a_clock_that_ran_ahead_can_be_withdrawn_now(alex, dana, now):
    """Somebody whose yes came "in an hour" says no now: the no counts, and not only in an hour."""
    given = alex.permissions.get(channel="text")
    Permission.objects.filter(pk=given.pk).update(granted_at=now + timedelta(hours=1))
    lower.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert not alex.permissions.standing().filter(channel="text").exists()
