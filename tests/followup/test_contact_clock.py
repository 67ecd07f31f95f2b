"""Contact within 24 hours of the clock (clinical.md §4.4; the golden rows of §7.3, G7)."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.followup import actions
from casework.followup.checklist import BY_KEY
from casework.followup.contact_clock import clock_of, contact_clock
from tests.followup.making import report, texts

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
CALM = {**dict.fromkeys(BY_KEY, "no"), "naloxone": "yes"}


def january(day, hour, minute=0):
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


A, LATER = january(12, 12), january(13, 0)


@pytest.mark.parametrize(
    ("row", "reported", "contacts", "counted", "met"),
    [
        ("a: exactly 24 h counts", january(5, 10), [january(6, 10)], True, True),
        ("b: a minute late does not", january(6, 9), [january(7, 9, 1)], True, False),
        ("c: its 24 h are not over", january(11, 15), [], False, False),
        ("e: a voicemail is none", january(8, 8), [], True, False),
        ("f: early, and still open", january(11, 20), [january(11, 21)], False, True),
    ],
)
def test_the_golden_rows(row, reported, contacts, counted, met):
    clock = contact_clock(reported, contacts)
    assert (clock.is_over(A), clock.is_met) == (counted, met)
    assert clock.is_over(LATER)


def test_weekends_count_and_the_limit_is_kept_at_the_limit():
    friday = datetime(2026, 3, 13, 22, tzinfo=UTC)
    clock = contact_clock(friday, [])
    assert clock.until == datetime(2026, 3, 14, 22, tzinfo=UTC)
    assert not clock.is_missed(clock.until)
    assert clock.is_missed(clock.until + SECOND)


def test_a_contact_before_the_report_is_none_after_it():
    reported = january(5, 10)
    assert contact_clock(reported, [reported - SECOND]).made_at is None
    assert contact_clock(reported, [january(6, 1), january(5, 11)]).made_at == january(5, 11)


# --- from the record ---
def log(client, by, now, outcome="reached", channel="phone"):
    return actions.log_contact(client_id=client.pk, channel=channel, outcome=outcome, by=by, now=now)


@pytest.mark.django_db
def test_a_voicemail_a_text_of_ours_and_no_answer_leave_the_clock_running(alex, dana, now):
    plan = report(alex, dana, now).plan
    log(alex, dana, now + HOUR, "voicemail")
    log(alex, dana, now + 2 * HOUR, "no_answer", "message")
    assert clock_of(plan).made_at is None
    log(alex, dana, now + 3 * HOUR, channel="video")
    assert clock_of(plan).made_at == now + 3 * HOUR


@pytest.mark.django_db
def test_a_reply_that_was_read_and_answered_stops_it_and_a_reply_alone_does_not(alex, dana, now):
    plan = report(alex, dana, now).plan
    inbound = texts(alex, "I am ok, thanks", now + HOUR)
    assert clock_of(plan).made_at is None
    actions.reply_answered(inbound, by=dana, now=now + 2 * HOUR)
    assert clock_of(plan).made_at == now + 2 * HOUR


@pytest.mark.django_db
def test_a_report_handled_in_the_talk_itself_counts_once_the_checklist_is_done(alex, dana, now):
    plan = report(alex, dana, now, handled_in_contact=True).plan
    assert clock_of(plan).made_at is None
    actions.complete_checklist(client_id=alex.pk, answers=CALM, by=dana, now=now + HOUR)
    assert clock_of(plan).made_at == now + HOUR
