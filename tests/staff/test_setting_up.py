"""From an empty database to people who can sign in."""

import pytest
from django.core.management import CommandError, call_command

from casework.staff import actions
from casework.staff.management.commands import add_person
from casework.staff.models import User
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Practice, Team, TeamMembership
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-walk-to-the-river"
OAK = {
    "name": "Oak Street Practice",
    "sender_alias": "Oak Street",
    "phone": "555-010-0199",
    "helpline_number": "",
    "time_zone": "America/Phoenix",
    "jurisdiction": "US",
}
DANA = {"full_name": "Dana Reyes", "role": "counselor", "credential": "LADC", "is_trainee": False}


@pytest.fixture
def oak(now):
    return actions.set_up_practice(facts=OAK, teams=["East", "West"], by=None, now=now)


@pytest.fixture
def typed(monkeypatch):
    """Answer every question for a password the same way."""
    monkeypatch.setattr(add_person, "getpass", lambda question: PASSWORD)


def hire(now, **changes):
    given = {
        "email": "dana@example.org",
        "password": PASSWORD,
        "facts": DANA,
        "team": "East",
        "by": None,
        "now": now,
    }
    return actions.add_person(**{**given, **changes})


def test_setting_up_makes_the_practice_and_its_teams(oak):
    assert Practice.current() == oak
    assert list(Team.objects.order_by("name").values_list("name", flat=True)) == ["East", "West"]


def test_setting_up_again_changes_facts_and_adds_teams_and_doubles_nothing(oak, now):
    actions.set_up_practice(facts={**OAK, "phone": "555-010-0142"}, teams=["East", "North"], by=None, now=now)
    assert Practice.objects.get().phone == "555-010-0142"
    assert Team.objects.count() == 3


def test_a_zone_that_is_none_is_refused_by_field(now):
    with pytest.raises(InvalidInput) as caught:
        actions.set_up_practice(facts={**OAK, "time_zone": "Phoenix"}, teams=[], by=None, now=now)
    assert caught.value.field == "time_zone"
    assert not Practice.objects.exists()


@pytest.mark.parametrize(("alias", "fits"), [("O" * 18, True), ("O" * 19, False)])
def test_a_name_and_a_phone_that_leave_no_room_for_the_answer_to_help_are_refused(now, alias, fits):
    facts = {**OAK, "sender_alias": alias, "phone": "555-010-0199"}
    if fits:
        actions.set_up_practice(facts=facts, teams=[], by=None, now=now)
        return
    with pytest.raises(InvalidInput) as caught:
        actions.set_up_practice(facts=facts, teams=[], by=None, now=now)
    assert caught.value.field == "sender_alias"


@pytest.mark.parametrize("number", ["1-800-555-0199 day and night", "1800LIFELINE", "12"])
def test_a_helpline_that_a_text_has_no_room_for_is_refused_by_field(now, number):
    with pytest.raises(InvalidInput) as caught:
        actions.set_up_practice(facts={**OAK, "helpline_number": number}, teams=[], by=None, now=now)
    assert caught.value.field == "helpline_number"
    assert not Practice.objects.exists()


def test_a_new_counselor_can_sign_in_and_is_in_the_team_from_today(oak, now, browser):
    dana = hire(now)
    membership = TeamMembership.objects.get(user=dana)
    assert (membership.team.name, membership.is_supervisor) == ("East", False)
    assert membership.from_on.isoformat() == "2026-03-11"
    assert browser.login(email="dana@example.org", password=PASSWORD)


def test_a_supervisor_joins_as_the_teams_supervisor(oak, now):
    sam = hire(now, email="sam@example.org", facts={**DANA, "full_name": "Sam Ortiz", "role": "supervisor"})
    assert TeamMembership.objects.get(user=sam).is_supervisor


def test_nobody_signs_in_under_an_e_mail_that_is_taken_in_whatever_case(oak, now):
    hire(now)
    with pytest.raises(Conflict) as caught:
        hire(now, email="Dana@Example.org ")
    assert caught.value.field == "email"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"facts": {**DANA, "role": "owner"}}, "role"),
        ({"facts": {**DANA, "full_name": ""}}, "full_name"),
        ({"team": "South"}, "team"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
    ],
)
def test_what_cannot_be_right_is_refused_by_field_and_leaves_nothing(oak, now, changes, field):
    with pytest.raises(InvalidInput) as caught:
        hire(now, **changes)
    assert caught.value.field == field
    assert not User.objects.exists()


def test_an_unknown_team_is_answered_with_the_known_ones(oak, now):
    with pytest.raises(InvalidInput, match="East, West"):
        hire(now, team="South")


def test_taking_somebody_in_leaves_a_trace_without_names(oak, now):
    dana = hire(now)
    event = AuditEvent.objects.get(verb=actions.PERSON_ADDED)
    assert event.target_id == str(dana.pk)
    assert event.detail == {"role": "counselor"}


def test_a_counselor_takes_nobody_in(oak, now):
    dana = hire(now)
    with pytest.raises(NotAllowed):
        hire(now, email="other@example.org", by=dana)
    with pytest.raises(NotAllowed):
        actions.set_up_practice(facts=OAK, teams=[], by=dana, now=now)


def test_an_administrator_may(oak, now):
    ada = factories.UserFactory(full_name="Ada Park", role="administrator")
    assert hire(now, by=ada).role == "counselor"


def test_a_forgotten_password_is_replaced(oak, now, browser):
    hire(now)
    actions.set_password(email="DANA@example.org", password="another-walk-to-the-river", by=None, now=now)
    assert not browser.login(email="dana@example.org", password=PASSWORD)
    assert browser.login(email="dana@example.org", password="another-walk-to-the-river")
    assert AuditEvent.objects.filter(verb=actions.PASSWORD_SET).count() == 1


def test_a_password_for_nobody_is_refused(oak, now):
    with pytest.raises(InvalidInput, match="Nobody signs in"):
        actions.set_password(email="nobody@example.org", password=PASSWORD, by=None, now=now)


def test_an_operator_sets_up_from_the_command_line(typed, capsys, browser):
    call_command(
        "set_up_practice",
        *("--name", "Oak Street Practice", "--alias", "Oak Street", "--phone", "555-010-0199"),
        *("--time-zone", "America/Phoenix", "--team", "East"),
    )
    call_command("add_person", "ada@example.org", "--name", "Ada Park", "--role", "administrator")
    call_command(
        "add_person", "dana@example.org", "--name", "Dana Reyes", "--team", "East", "--credential", "LADC"
    )
    told = capsys.readouterr().out
    assert "Oak Street Practice is set up." in told
    assert "dana@example.org can sign in (counselor)." in told
    assert browser.login(email="ada@example.org", password=PASSWORD)
    call_command("add_person", "dana@example.org", "--password-only")


def test_the_command_line_names_what_is_wrong(typed, oak):
    with pytest.raises(CommandError, match="team: There is no such team"):
        call_command("add_person", "dana@example.org", "--name", "Dana Reyes", "--team", "South")
    with pytest.raises(CommandError, match="time_zone:"):
        call_command(
            "set_up_practice",
            *("--name", "Oak", "--alias", "Oak", "--phone", "1", "--time-zone", "Nowhere/Land"),
        )


def test_two_different_answers_change_nothing(oak, monkeypatch):
    answers = iter([PASSWORD, "something-else-entirely"])
    monkeypatch.setattr(add_person, "getpass", lambda question: next(answers))
    with pytest.raises(CommandError, match="not the same"):
        call_command("add_person", "dana@example.org", "--name", "Dana Reyes")
    assert not User.objects.exists()
