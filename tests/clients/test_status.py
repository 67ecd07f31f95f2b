"""In touch or not: admission, discharge, death."""

from datetime import date, timedelta

import pytest

from clients import actions, lower
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Client, EpisodeOfCare
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 11)


@pytest.fixture
def episode(alex):
    return factories.EpisodeOfCareFactory(client=alex)


def test_an_admission_opens_one_episode_and_the_summary_knows_the_first(dana, alex, now):
    actions.admit(client_id=alex.pk, on=TODAY, by=dana, now=now)
    alex.summary.refresh_from_db()
    assert alex.summary.first_admitted_on == TODAY
    with pytest.raises(Conflict):
        actions.admit(client_id=alex.pk, on=TODAY, by=dana, now=now)
    assert alex.episodes_of_care.count() == 1


def test_an_earlier_admission_found_later_becomes_the_first(dana, alex, now):
    actions.admit(client_id=alex.pk, on=TODAY, by=dana, now=now)
    factories.EpisodeOfCareFactory(
        client=alex,
        admitted_on=date(2024, 5, 1),
        discharged_on=date(2024, 9, 1),
        discharge_reason="completed",
    )
    actions.remember_first_admission(alex)
    alex.summary.refresh_from_db()
    assert alex.summary.first_admitted_on == date(2024, 5, 1)


def test_a_discharge_ends_the_episode_and_says_why(dana, alex, episode, now):
    lower.discharge(client_id=alex.pk, reason="completed", on=TODAY, by=dana, now=now)
    episode.refresh_from_db()
    alex.refresh_from_db()
    assert (episode.discharged_on, episode.discharge_reason) == (TODAY, "completed")
    assert (alex.state, alex.state_reason, alex.state_on) == ("discharged", "Completed", TODAY)
    assert alex.status_changes.get().to_state == "discharged"


def test_a_discharge_needs_one_of_the_reasons(dana, alex, now):
    with pytest.raises(InvalidInput) as declined:
        lower.discharge(client_id=alex.pk, reason="fed up", on=TODAY, by=dana, now=now)
    assert declined.value.field == "reason"


def test_nobody_is_discharged_tomorrow(dana, alex, episode, now):
    with pytest.raises(InvalidInput) as declined:
        lower.discharge(client_id=alex.pk, reason="left", on=TODAY + timedelta(days=1), by=dana, now=now)
    assert declined.value.field == "on"
    episode.refresh_from_db()
    assert episode.discharged_on is None


def test_tomorrow_begins_where_the_client_lives(dana, alex, now):
    late = now.replace(hour=3)  # 20:00 of the day before in Phoenix
    with pytest.raises(InvalidInput):
        lower.discharge(client_id=alex.pk, reason="left", on=TODAY, by=dana, now=late)
    lower.discharge(client_id=alex.pk, reason="left", on=TODAY - timedelta(days=1), by=dana, now=late)


def test_who_comes_back_is_active_again(dana, alex, episode, now):
    lower.discharge(client_id=alex.pk, reason="left", on=TODAY, by=dana, now=now)
    actions.admit(client_id=alex.pk, on=TODAY, by=dana, now=now)
    alex.refresh_from_db()
    assert alex.state == "active"
    assert [one.to_state for one in alex.status_changes.all()] == ["discharged", "active"]


def test_a_death_ends_the_episode_and_nothing_follows_it(dana, alex, episode, now):
    lower.record_death(client_id=alex.pk, on=TODAY, by=dana, now=now, note="Told by the sister")
    episode.refresh_from_db()
    alex.refresh_from_db()
    assert (alex.state, alex.state_reason, episode.discharge_reason) == (
        "deceased",
        "Told by the sister",
        "deceased",
    )
    with pytest.raises(InvalidTransition):
        lower.discharge(client_id=alex.pk, reason="left", on=TODAY, by=dana, now=now)


def test_an_episode_cannot_end_before_it_began(dana, alex, now):
    later = factories.EpisodeOfCareFactory(client=alex, admitted_on=TODAY)
    lower.record_death(client_id=alex.pk, on=TODAY - timedelta(days=3), by=dana, now=now)
    later.refresh_from_db()
    assert later.discharged_on == TODAY


@pytest.mark.parametrize("reason", ["incarcerated", "hospital", "away", "other"])
def test_a_pause_keeps_the_episode_open_and_says_why(dana, alex, episode, now, reason):
    lower.pause(client_id=alex.pk, reason=reason, on=TODAY, by=dana, now=now)
    alex.refresh_from_db()
    episode.refresh_from_db()
    assert (alex.state, alex.state_reason, alex.state_on) == ("paused", reason, TODAY)
    assert alex.status_changes.get().reason == reason
    assert episode.discharged_on is None


def test_the_reason_is_read_in_ones_own_language(dana, alex, now):
    lower.pause(client_id=alex.pk, reason="incarcerated", on=TODAY, by=dana, now=now)
    alex.refresh_from_db()
    assert alex.state_reason_words == alex.status_changes.get().reason_words == "In jail or prison"
    assert Client(state_reason="Told by the sister").state_reason_words == "Told by the sister"


@pytest.mark.parametrize(
    ("reason", "on", "field"),
    [("fed up", TODAY, "reason"), ("away", TODAY + timedelta(days=1), "on")],
)
def test_a_pause_needs_one_of_the_reasons_and_a_day_that_has_come(dana, alex, now, reason, on, field):
    with pytest.raises(InvalidInput) as declined:
        lower.pause(client_id=alex.pk, reason=reason, on=on, by=dana, now=now)
    assert declined.value.field == field


def test_who_was_paused_is_active_again(dana, alex, now):
    lower.pause(client_id=alex.pk, reason="away", on=TODAY, by=dana, now=now)
    lower.resume(client_id=alex.pk, on=TODAY, by=dana, now=now)
    alex.refresh_from_db()
    assert (alex.state, alex.state_reason, alex.state_on) == ("active", "", TODAY)
    assert [one.to_state for one in alex.status_changes.all()] == ["paused", "active"]


def test_nobody_returns_before_they_left_or_without_having_left(dana, alex, now):
    with pytest.raises(Conflict):
        lower.resume(client_id=alex.pk, on=TODAY, by=dana, now=now)
    lower.pause(client_id=alex.pk, reason="away", on=TODAY, by=dana, now=now)
    with pytest.raises(InvalidInput) as declined:
        lower.resume(client_id=alex.pk, on=TODAY - timedelta(days=1), by=dana, now=now)
    assert declined.value.field == "on"


def test_a_discharged_client_is_not_paused_nor_resumed(dana, alex, episode, now):
    lower.discharge(client_id=alex.pk, reason="left", on=TODAY, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        lower.pause(client_id=alex.pk, reason="away", on=TODAY, by=dana, now=now)
    with pytest.raises(Conflict):
        lower.resume(client_id=alex.pk, on=TODAY, by=dana, now=now)


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_these_acts_are_for_those_who_care_for_clients(request, person, alex, now):
    by = request.getfixturevalue(person)
    for act in (
        lambda: actions.admit(client_id=alex.pk, on=TODAY, by=by, now=now),
        lambda: lower.discharge(client_id=alex.pk, reason="left", on=TODAY, by=by, now=now),
        lambda: lower.record_death(client_id=alex.pk, on=TODAY, by=by, now=now),
        lambda: lower.pause(client_id=alex.pk, reason="away", on=TODAY, by=by, now=now),
        lambda: lower.resume(client_id=alex.pk, on=TODAY, by=by, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not EpisodeOfCare.objects.exists()
    assert not AuditEvent.objects.filter(verb__startswith="client.").exists()


ALLOWED = {(a, b) for a, targets in Client.TRANSITIONS.items() for b in targets}


@pytest.mark.parametrize("start", Client.State.values)
@pytest.mark.parametrize("end", Client.State.values)
def test_every_move_is_in_the_table_or_refused(start, end):
    client = Client(state=start)
    if (start, end) in ALLOWED:
        client.move_to(end)
        assert client.state == end
    else:
        with pytest.raises(InvalidTransition):
            client.move_to(end)
        assert client.state == start


def test_in_touch_are_the_active_and_the_paused():
    assert [state for state in Client.State.values if Client(state=state).is_in_touch] == ["active", "paused"]
