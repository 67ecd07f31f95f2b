"""Opening a record and putting it right."""

import re
from datetime import date

import pytest

from clients import actions
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent, Client

pytestmark = pytest.mark.django_db


def registered(by, team, now, **fields):
    return actions.register_client(
        by=by, team=team, now=now, **{"given_name": "Kim", "family_name": "Chen", **fields}
    )


def test_a_counselor_who_registers_a_client_becomes_the_primary_counselor(dana, team, now):
    client = registered(dana, team, now)
    assert client.primary_counselor == dana
    assert client.summary.assigned_at is None  # the object in hand; the row knows
    client.summary.refresh_from_db()
    assert client.summary.assigned_at == now


def test_a_supervisor_can_name_the_counselor_or_nobody(sam, dana, team, now):
    assert registered(sam, team, now, counselor=dana).primary_counselor == dana
    assert registered(sam, team, now).primary_counselor is None


def test_a_new_client_is_active_from_today_on_and_has_a_number(dana, team, now):
    client = registered(dana, team, now)
    change = client.status_changes.get()
    assert (client.state, change.from_state, change.to_state, change.by) == ("active", "", "active", dana)
    assert change.effective_on == date(2026, 3, 11)
    assert re.fullmatch(r"T-\d{4,}", client.record_number)


def test_a_given_name_is_enough_and_must_be_there(dana, team, now):
    client = registered(dana, team, now, family_name="")
    assert client.display_name == "Kim"
    with pytest.raises(InvalidInput) as declined:
        registered(dana, team, now, given_name="  ")
    assert declined.value.field == "given_name"


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_neither_administrator_nor_auditor_registers_clients(request, person, team, now):
    with pytest.raises(NotAllowed):
        registered(request.getfixturevalue(person), team, now)
    assert not Client.objects.exists()


def test_the_system_itself_may_register_and_leaves_no_counselor(team, now):
    client = registered(None, team, now)
    assert client.primary_counselor is None
    assert AuditEvent.objects.get(verb="client.registered").actor_id is None


def test_registering_leaves_a_row_that_names_nobody(dana, team, now):
    client = registered(dana, team, now)
    row = AuditEvent.objects.get(verb="client.registered")
    assert (row.actor_id, row.client_id, row.at) == (dana.pk, client.pk, now)
    assert "Kim" not in str(row.detail)


def test_a_change_of_name_is_kept_and_the_trail_says_which_fields(dana, alex, now):
    actions.update_client(
        client_id=alex.pk, by=dana, now=now, chosen_name="Lex", pronouns="they/them", language="en"
    )
    alex.refresh_from_db()
    assert (alex.first_name, alex.display_name) == ("Lex", "Lex Moreno")
    assert AuditEvent.objects.get(verb="client.updated").detail == {"fields": ["chosen_name", "pronouns"]}


@pytest.mark.parametrize("field", ["state", "record_number", "team", "registered_at"])
def test_what_has_its_own_act_cannot_be_edited_in_passing(dana, alex, now, field):
    with pytest.raises(InvalidInput, match="cannot be changed here"):
        actions.update_client(client_id=alex.pk, by=dana, now=now, **{field: "x"})


def test_a_name_cannot_be_emptied(dana, alex, now):
    with pytest.raises(InvalidInput):
        actions.update_client(client_id=alex.pk, by=dana, now=now, given_name="")
    alex.refresh_from_db()
    assert alex.given_name == "Alex"


def test_an_auditor_changes_nothing(audrey, alex, now):
    with pytest.raises(NotAllowed):
        actions.update_client(client_id=alex.pk, by=audrey, now=now, chosen_name="Lex")


def test_messages_keep_to_the_clients_zone_or_else_the_practices(alex, practice):
    assert alex.zone.key == "America/Phoenix"
    alex.time_zone = "Mars/Olympus"
    assert alex.zone.key == "America/New_York"
    alex.time_zone = ""
    assert alex.zone.key == "America/New_York"
