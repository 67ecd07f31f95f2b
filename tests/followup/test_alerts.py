"""Who is told of an emergency that nobody has taken, when, and in what words (clinical.md §3.4, §5.3)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import locmem

from casework.followup import actions, alerts, tasks
from casework.followup.models import StaffAlert
from clients.models import AuditEvent, Client, OnCall
from tests import factories
from tests.followup.alarms import crisis_of, emergency, recorded
from tests.followup.making import texts

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = timedelta(hours=12)  # from 11:00 in New York to 23:00


def on_call(user, now, hours=24):
    return OnCall.objects.create(user=user, from_at=now - HOUR, to_at=now + hours * HOUR)


def told():
    """To whom e-mail went, in order."""
    return [to for letter in mail.outbox for to in letter.to]


@pytest.fixture
def chris(team):
    """Chris, another supervisor of the same team."""
    return factories.supervisor("Chris Vale", team=team)


# --- who -------------------------------------------------------------------------------------------------------------
def test_in_staffed_hours_the_counselor_and_the_supervisor_are_told_at_once(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    assert alerts.sweep(now) == 2
    assert sorted(told()) == sorted([dana.email, sam.email])


def test_a_supervisor_on_call_is_told_instead_of_the_own_one(alex, dana, sam, chris, now):
    on_call(chris, now)
    texts(alex, "I want to die", now)
    alerts.sweep(now)
    assert sorted(told()) == sorted([dana.email, chris.email])


def test_outside_staffed_hours_the_roster_is_told(alex, dana, sam, chris, now):
    on_call(chris, now)
    night = now + NIGHT
    texts(alex, "I want to die", night)
    alerts.sweep(night)
    assert told() == [chris.email]


def test_with_nobody_on_the_roster_the_counselor_and_the_supervisor_are_told_at_night_too(
    alex, dana, sam, now
):
    texts(alex, "I want to die", now + NIGHT)
    alerts.sweep(now + NIGHT)
    assert sorted(told()) == sorted([dana.email, sam.email])


def test_after_a_quarter_of_an_hour_the_next_in_line_is_told_then_all_of_them_each_quarter(
    alex, dana, sam, chris, now
):
    on_call(chris, now)
    texts(alex, "I want to die", now + NIGHT)
    rounds = []
    for minutes in range(46):
        mail.outbox.clear()
        alerts.sweep(now + NIGHT + minutes * MINUTE)
        if told():
            rounds.append((minutes, sorted(told())))
    everybody = sorted([dana.email, sam.email, chris.email])
    assert rounds == [
        (0, [chris.email]),
        (15, sorted([sam.email, chris.email])),
        (30, everybody),
        (45, everybody),
    ]


def test_somebody_who_has_left_is_not_told_and_somebody_always_is(alex, dana, sam, robin, now):
    for gone in (dana, sam):
        gone.is_active = False
        gone.save()
    far = factories.supervisor("Far Away", team=robin.team_memberships.get().team)
    texts(alex, "I want to die", now)
    alerts.sweep(now)
    assert told() == [far.email]


def test_a_red_flag_is_told_as_a_crisis_text_is(alex, dana, sam, now):
    emergency(alex, now)
    alerts.sweep(now)
    assert sorted(told()) == sorted([dana.email, sam.email])


def test_whoever_is_called_can_open_the_record_for_a_while_and_the_trail_says_so(alex, robin, now):
    on_call(robin, now)
    texts(alex, "I want to die", now + NIGHT)
    alerts.sweep(now + NIGHT)

    def sees(at):
        return Client.objects.visible_to(robin, at=at).filter(pk=alex.pk).exists()

    assert sees(now + NIGHT + MINUTE)
    assert not sees(now + NIGHT + 13 * HOUR)
    assert AuditEvent.objects.filter(verb="care_team.joined", client_id=alex.pk, actor_id=None).count() == 1


# --- until somebody has it -------------------------------------------------------------------------------------------
def test_nothing_is_sent_once_somebody_has_it(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    alerts.sweep(now)
    actions.acknowledge_todo(todo_id=crisis_of(alex).pk, by=dana, now=now + 10 * MINUTE)
    mail.outbox.clear()
    alerts.sweep(now + 16 * MINUTE)
    assert told() == []


@pytest.mark.parametrize("how", ["recorded", "dismissed"])
def test_nothing_is_sent_once_it_is_closed(alex, dana, sam, now, how):
    texts(alex, "I want to die", now - 30 * MINUTE)
    todo = crisis_of(alex)
    alerts.alert(todo, now)
    if how == "recorded":
        recorded(todo, dana, sam, now)
    else:
        actions.dismiss_alarm(todo_id=todo.pk, reason="A song", by=dana, now=now)
    assert alerts.sweep(now) == 0
    assert set(StaffAlert.objects.values_list("dropped_at", flat=True)) == {now}


def test_a_new_text_after_somebody_took_it_is_told_again(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    alerts.sweep(now)
    actions.acknowledge_todo(todo_id=crisis_of(alex).pk, by=dana, now=now + 5 * MINUTE)
    mail.outbox.clear()
    texts(alex, "kill myself", now + 20 * MINUTE)
    alerts.sweep(now + 20 * MINUTE)
    assert sorted(told()) == sorted([dana.email, sam.email])


def test_sweeping_twice_tells_nobody_twice(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    assert alerts.sweep(now) + alerts.sweep(now) + alerts.sweep(now + 14 * MINUTE) == 2


def test_a_sweep_that_slept_tells_once_and_not_for_every_round_it_missed(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    assert alerts.sweep(now + 3 * HOUR) == 2
    assert set(StaffAlert.objects.values_list("round", flat=True)) == {12}


def test_old_emergencies_that_nobody_takes_do_not_hide_a_new_one(alex, dana, sam, now):
    for minutes in range(120):
        emergency(alex, now - 3 * HOUR - minutes * MINUTE)
    alerts.sweep(now - HOUR)
    new = emergency(alex, now)
    alerts.sweep(now)
    assert new.alerts.exclude(sent_at=None).count() == 2


def test_a_quiet_sweep_looks_once_and_writes_nothing(alex, dana, sam, now, django_assert_max_num_queries):
    emergency(alex, now)
    alerts.sweep(now)
    with django_assert_max_num_queries(8):
        assert alerts.sweep(now + MINUTE) == 0


def test_somebody_who_left_before_the_letter_went_out_gets_none(alex, dana, sam, now):
    todo = emergency(alex, now)
    alerts.alert(todo, now)
    sam.is_active = False
    sam.save()
    alerts.send_waiting(now)
    assert told() == [dana.email]


# --- the letter ------------------------------------------------------------------------------------------------------
def test_the_letter_has_a_number_and_a_link_and_nothing_of_the_client(alex, dana, sam, now, settings):
    settings.PUBLIC_URL = "https://turnaround.example.org"
    texts(alex, "I want to die", now)
    emergency(alex, now)
    alerts.sweep(now)
    letter = next(one for one in mail.outbox if one.to == [dana.email])
    assert letter.subject == "Please look now"
    assert "2 urgent items" in letter.body
    assert "https://turnaround.example.org/" in letter.body
    for word in ("Alex", "Moreno", alex.record_number, "die", "crisis", "relapse"):
        assert word not in letter.body + letter.subject


def test_the_letter_speaks_the_persons_language(alex, dana, sam, now):
    dana.language = "es"
    assert alerts.letter(dana, 1).subject != alerts.letter(sam, 1).subject


# --- a mail server that is away --------------------------------------------------------------------------------------
@pytest.fixture
def mail_is_away(monkeypatch):
    def refuse(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse)
    return monkeypatch


def test_what_could_not_be_sent_is_tried_again_until_it_is(alex, dana, sam, now, mail_is_away):
    texts(alex, "I want to die", now)
    assert alerts.sweep(now) == 0
    one = StaffAlert.objects.filter(to=dana).get()
    assert (one.sent_at, one.attempts, one.error) == (None, 1, "ConnectionRefusedError")
    assert one.try_at == now + 30 * timedelta(seconds=1)
    mail_is_away.undo()
    assert alerts.sweep(now + MINUTE) == 2
    one.refresh_from_db()
    assert (one.sent_at, one.error, one.attempts) == (now + MINUTE, "", 2)


def test_waiting_grows_to_five_minutes_and_no_further(alex, dana, sam, now, mail_is_away):
    texts(alex, "I want to die", now)
    alerts.sweep(now)
    StaffAlert.objects.update(attempts=40, try_at=now)
    alerts.sweep(now)
    assert set(StaffAlert.objects.values_list("try_at", flat=True)) == {now + 5 * MINUTE}


def test_a_sender_that_died_in_the_middle_is_made_up_for(alex, dana, sam, now, monkeypatch):
    texts(alex, "I want to die", now)

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "_send", die)
        with pytest.raises(KeyboardInterrupt):
            alerts.sweep(now)
    assert alerts.sweep(now + timedelta(seconds=30)) == 0  # its lease holds
    assert alerts.sweep(now + timedelta(seconds=61)) == 2


# --- an unknown number -----------------------------------------------------------------------------------------------
def test_a_crisis_text_from_an_unknown_number_is_told_to_supervisors_until_one_has_read_it(
    alex, dana, sam, now
):
    inbound = texts(alex, "I want to die", now, address="+15550009999")
    alerts.sweep(now)
    assert told() == [sam.email]
    alerts.sweep(now + 15 * MINUTE)
    assert told() == [sam.email, sam.email]
    actions.mark_answer_read(inbound_id=inbound.pk, by=sam, now=now + 16 * MINUTE)
    alerts.sweep(now + 30 * MINUTE)
    assert len(told()) == 2


def test_the_supervisor_on_call_is_told_of_it_first(alex, sam, chris, now):
    on_call(chris, now)
    texts(alex, "I want to die", now, address="+15550009999")
    alerts.sweep(now)
    assert told() == [chris.email]


def test_an_everyday_text_from_an_unknown_number_alarms_nobody(alex, sam, now):
    texts(alex, "Who is this?", now, address="+15550009999")
    assert alerts.sweep(now) == 0


def test_the_beat_and_the_watchman_run_the_sweep(alex, dana, sam, now, monkeypatch):
    monkeypatch.setattr(tasks, "clock", lambda: now)
    texts(alex, "I want to die", now)
    tasks.alert()
    assert len(told()) == 2
