"""Short numbers that people say aloud."""

import pytest
from django.db import IntegrityError, transaction

from clients import actions
from clients.models import Client
from clients.record_numbers import next_record_number
from tests import factories

pytestmark = pytest.mark.django_db


def test_numbers_follow_one_another():
    first, second = next_record_number(), next_record_number()
    assert int(second[2:]) == int(first[2:]) + 1
    assert first.startswith("T-")


def test_a_number_is_never_given_twice_even_when_the_act_fails(dana, team, now):
    with transaction.atomic():
        lost = next_record_number()
        transaction.set_rollback(True)
    client = actions.register_client(by=dana, team=team, now=now, given_name="Kim")
    assert int(client.record_number[2:]) > int(lost[2:])


def test_two_clients_cannot_share_a_number(alex):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.ClientFactory(team=alex.team, record_number=alex.record_number)
    assert Client.objects.count() == 1


def test_the_number_is_all_that_a_client_says_of_itself_in_a_log(alex):
    assert str(alex) == alex.record_number
