"""Today: who needs me now, most pressing first."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.desk.today import end_of_day, held, today
from casework.followup.plan_templates import ToDoKind
from clients.models import AuditEvent
from tests import factories
from tests.desk.conftest import answer, todo
from tests.sessions.conftest import booked, drafted, signed
from tests.sessions.conftest import held as held_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_new_york(practice):
    from django.utils import timezone

    with timezone.override(practice.zone):
        yield


def rows(user, now, key):
    return next(one.rows for one in today(user, now) if one.key == key)


def words(user, now, key):
    return [one.what for one in rows(user, now, key)]


def page(browser, user):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get("/").content.decode())


# --- the order of urgency ---
def test_what_waits_stands_in_the_order_of_urgency(dana, alex, now):
    assert [one.key for one in today(dana, now)] == [
        "crisis",
        "first-contacts",
        "answers",
        "silent",
        "sessions",
        "todos",
        "notes",
        "coming",
    ]


def test_words_of_crisis_come_first_and_are_the_only_red_ones(dana, alex, now):
    todo(alex, kind=ToDoKind.CRISIS, title="Reach Alex now", due_at=now + HOUR, urgent=True)
    todo(alex, kind=ToDoKind.FIRST_CONTACT, title="Talk with Alex", due_at=now + HOUR, urgent=True)
    assert [(one.what, one.urgency) for one in rows(dana, now, "crisis")] == [("Reach Alex now", "urgent")]
    assert [(one.what, one.urgency) for one in rows(dana, now, "todos")] == [("Talk with Alex", "")]


def test_an_emergency_says_who_has_it_or_for_how_long_nobody_has(dana, sam, alex, now):
    crisis = {"kind": ToDoKind.CRISIS, "urgent": True}
    todo(alex, **crisis, title="Sam's", due_at=now, acknowledged_at=now, acknowledged_by=sam)
    todo(alex, **crisis, title="New", due_at=now + HOUR / 6)
    todo(alex, **crisis, title="Late", due_at=now - HOUR / 6)
    assert [(one.what, str(one.pill), one.tone) for one in rows(dana, now, "crisis")] == [
        ("Late", "Nobody has it for 25 minutes", "danger"),
        ("New", "Nobody has it yet", "danger"),
        ("Sam's", "Sam Ortiz has it", "plain"),
    ]
    assert [str(one.pill) for one in rows(sam, now, "crisis")][:1] == ["Nobody has it for 25 minutes"]


def test_two_texts_of_one_alarm_are_one_row_with_their_count(dana, alex, now):
    alarm = todo(alex, kind=ToDoKind.CRISIS, title="Reach Alex now", due_at=now + HOUR, urgent=True)
    for minutes in (2, 1):
        answer(alex, at=now - minutes * HOUR / 60, body="x", kind="crisis", crisis=True, alarm=alarm)
    assert words(dana, now, "crisis") == ["Reach Alex now (2 messages)"]
    assert words(dana, now, "answers") == []


def test_an_overdue_first_contact_stands_by_itself(dana, alex, now):
    todo(alex, kind=ToDoKind.FIRST_CONTACT, title="Late", due_at=now - HOUR)
    todo(alex, kind=ToDoKind.FIRST_CONTACT, title="Not yet", due_at=now)
    assert words(dana, now, "first-contacts") == ["Late"]
    assert words(dana, now, "todos") == ["Not yet"]


def test_overdue_to_dos_come_before_those_of_today_and_urgent_ones_before_others(dana, alex, now):
    todo(alex, title="tonight", due_at=now + 8 * HOUR)
    todo(alex, title="soon", due_at=now + HOUR)
    todo(alex, title="soon and urgent", due_at=now + 2 * HOUR, urgent=True)
    todo(alex, title="late", due_at=now - DAY)
    assert words(dana, now, "todos") == ["late", "soon and urgent", "soon", "tonight"]


def test_a_to_do_in_its_grace_is_due_and_not_called_overdue(dana, alex, now):
    todo(alex, title="assess", kind=ToDoKind.REASSESSMENT, due_at=now - DAY, grace=2 * DAY)
    (row,) = rows(dana, now, "todos")
    assert (row.pill, row.urgency) == ("", "")


def test_the_day_ends_at_midnight_of_the_practice(dana, alex, now):
    assert end_of_day(now).isoformat() == "2026-03-12T00:00:00-04:00"
    todo(alex, title="last minute", due_at=end_of_day(now) - timedelta(seconds=1))
    todo(alex, title="tomorrow", due_at=end_of_day(now))
    todo(alex, title="in eight days", due_at=end_of_day(now) + 8 * DAY)
    assert words(dana, now, "todos") == ["last minute"]
    assert words(dana, now, "coming") == ["tomorrow"]


def test_what_is_done_or_cancelled_waits_no_more(dana, alex, now):
    todo(alex, due_at=now, state="done", done_at=now)
    todo(alex, due_at=now, state="cancelled", cancelled_reason="discharged")
    assert not held(today(dana, now))


# --- answers ---
def test_an_answer_shows_what_the_client_wrote_until_somebody_reads_it(dana, alex, now):
    inbound = answer(alex, at=now - HOUR, body="please call me after work")
    (row,) = rows(dana, now, "answers")
    assert row.what == "Alex wrote: “please call me after work”"
    assert str(row.pill) == "please call"
    inbound.read_at, inbound.read_by = now, dana
    inbound.save()
    assert not rows(dana, now, "answers")


def test_an_answer_with_words_of_crisis_stands_above_older_ones(dana, alex, now):
    answer(alex, at=now - 3 * HOUR, body="ok", kind="ok")
    answer(alex, at=now - HOUR, body="can't go on", kind="crisis", crisis=True)
    assert [one.urgency for one in rows(dana, now, "answers")] == ["urgent", ""]


def test_a_long_answer_is_shortened(dana, alex, now):
    answer(alex, at=now, body="word " * 100, kind="other")
    assert len(rows(dana, now, "answers")[0].what) < 130


def test_a_message_from_an_unknown_number_is_nobodys_row(dana, alex, now):
    answer(None, at=now)
    assert not rows(dana, now, "answers")


# --- sessions and notes ---
def test_todays_sessions_stand_in_their_order_with_what_comes_next(dana, alex, team, now):
    maria = factories.client_of(dana, team=team, given_name="Maria")
    booked(alex, dana, starts_at=now + 2 * HOUR, now=now)
    booked(maria, dana, starts_at=now + HOUR / 2, now=now)
    booked(alex, dana, starts_at=now + DAY, now=now)
    assert [
        (one.client.given_name, str(one.step.label), one.step.post) for one in rows(dana, now, "sessions")
    ] == [
        ("Maria", "Start", True),
        ("Alex", "Start", True),
    ]


def test_a_session_left_open_yesterday_is_asked_about_first(dana, alex, now):
    booked(alex, dana, starts_at=now - DAY, now=now - 2 * DAY)
    booked(alex, dana, starts_at=now + HOUR, now=now - 2 * DAY)
    first, second = rows(dana, now, "sessions")
    assert (first.what, first.urgency) == ("The session has no outcome yet", "late")
    assert second.urgency == ""


def test_a_held_session_asks_for_its_note_until_it_is_signed(dana, alex, now):
    session = held_session(alex, dana, ended_at=now - HOUR)
    (row,) = rows(dana, now, "notes")
    assert (str(row.step.label), str(row.pill), row.urgency) == ("Write note", "Not begun", "")
    drafted(session, now=now)
    (row,) = rows(dana, now, "notes")
    assert (str(row.step.label), str(row.pill)) == ("Finish note", "Draft")


def test_a_signed_note_asks_for_nothing(dana, alex, now):
    signed(held_session(alex, dana, ended_at=now - HOUR), now=now)
    assert not rows(dana, now, "notes")


def test_a_note_older_than_a_day_is_late(dana, alex, now):
    held_session(alex, dana, ended_at=now - 25 * HOUR)
    assert rows(dana, now, "notes")[0].urgency == "late"


# --- whose it is ---
def test_a_stranger_finds_nothing_of_it(robin, alex, now):
    todo(alex, due_at=now)
    answer(alex, at=now)
    assert not held(today(robin, now))


def test_who_covers_sees_the_to_dos_of_who_is_away(dana, robin, alex, now):
    factories.assign(alex, robin, role="covering")
    todo(alex, due_at=now, owner=dana)
    assert words(robin, now, "todos") == ["Send the letter"]


def test_a_counselor_is_not_asked_for_what_is_the_supervisors(dana, sam, alex, now):
    todo(alex, title="Review", due_at=now, owner=sam)
    assert not rows(dana, now, "todos")
    assert words(sam, now, "todos") == ["Review"]


def test_a_supervisor_sees_what_is_urgent_and_late_first_contacts_of_the_team(dana, sam, alex, now):
    todo(alex, title="crisis", kind=ToDoKind.CRISIS, due_at=now, owner=dana, urgent=True)
    todo(alex, title="first talk", kind=ToDoKind.FIRST_CONTACT, due_at=now - HOUR, owner=dana)
    todo(alex, title="Dana's letter", due_at=now - HOUR, owner=dana)
    assert (words(sam, now, "crisis"), words(sam, now, "first-contacts")) == (["crisis"], ["first talk"])
    assert not rows(sam, now, "todos")


# --- the page ---
def test_the_page_counts_what_it_shows_and_each_number_opens_its_list(browser, dana, alex, now):
    todo(alex, due_at=now - HOUR)
    answer(alex, at=now - HOUR)
    shown = page(browser, dana)
    assert 'href="#answers"' in shown
    assert 'id="answers"' in shown
    assert 'To-dos due <span class="count">1</span>' in shown
    assert "Alex Moreno" in shown


def test_an_empty_desk_says_so(browser, dana):
    assert "Nobody is waiting for you" in page(browser, dana)


def test_the_administrator_reads_no_name_and_leaves_no_list(browser, ada, alex, now):
    todo(alex, due_at=now)
    shown = page(browser, ada)
    assert "Your role does not include clients" in shown
    assert "Alex" not in shown
    assert not AuditEvent.objects.filter(verb="list.viewed").exists()


def test_the_auditor_is_shown_the_way_to_the_caseload(browser, audrey, alex):
    assert "/caseload/" in page(browser, audrey)


def test_sam_is_shown_the_way_to_the_caseload_and_dana_is_not(browser, sam, dana, alex):
    assert "Open the caseload" in page(browser, sam)
    assert "Open the caseload" not in page(browser, dana)


def test_sam_is_told_of_messages_from_unknown_numbers_and_dana_is_not(browser, sam, dana, now):
    answer(None, at=now - HOUR, body="who is this?", kind="other")
    assert "1 message from a number that is on nobody's record" in page(browser, sam)
    assert "nobody's record" not in page(browser, dana)


def test_opening_the_page_leaves_one_row_with_whom_it_showed(browser, dana, alex, now):
    todo(alex, due_at=now)
    todo(alex, due_at=now, title="another")
    page(browser, dana)
    row = AuditEvent.objects.get(verb="list.viewed")
    assert (row.actor_id, row.detail) == (dana.pk, {"list": "today", "filters": {}, "ids": [alex.pk]})


def test_the_page_costs_the_same_however_much_waits(browser, dana, team, alex, now):
    def fill(client, hours):
        todo(client, due_at=now - hours * HOUR)
        answer(client, at=now - hours * HOUR)
        held_session(client, dana, ended_at=now - (hours + 1) * 2 * HOUR)
        booked(client, dana, starts_at=now + hours * HOUR, now=now)

    fill(alex, 1)
    page(browser, dana)
    with CaptureQueriesContext(connection) as few:
        browser.get("/")
    for hours in range(2, 7):
        fill(factories.client_of(dana, team=team), hours)
    with CaptureQueriesContext(connection) as many:
        browser.get("/")
    assert len(many) == len(few) <= 20
