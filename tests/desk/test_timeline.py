"""What happened, newest first, from every room."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.desk.timeline import PAGE, SOURCES, timeline
from casework.followup.actions.reports import report_relapse
from casework.followup.models import ContactAttempt, Message
from casework.relapse.models import StageAssessment
from clients.models import StatusChange
from tests.desk.conftest import answer, todo
from tests.sessions.conftest import booked, held, signed

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def before(now):
    return now + timedelta(seconds=1)


def kinds(client, user, before, *only):
    return [one.kind for one in timeline(client, user=user, before=before, kinds=only).entries]


def sent(client, at, **more):
    return Message.objects.create(
        client=client,
        kind="plan",
        local_date=at.date(),
        local_time=at.time(),
        tz="UTC",
        due_at=at,
        dedupe_key=f"{at.isoformat()}-{client.pk}",
        **{"status": "delivered", "sent_at": at, "body": "How was your week?", **more},
    )


def assessed(client, by, at):
    """An assessment in which the counselor held another stage than was suggested."""
    return StageAssessment.objects.create(
        client=client,
        assessor=by,
        assessed_at=at,
        saved_at=at,
        state="final",
        finalised_at=at,
        completeness=1,
        suggested_stage="none",
        counselor_stage="emotional",
        override_reason="Very quiet today",
    )


def lived(client, by, now):
    """One of everything, an hour apart, the session oldest."""
    assessed(client, by, now - 7 * HOUR)
    signed(held(client, by, ended_at=now - 9 * HOUR), now=now - 8 * HOUR)
    sent(client, now - 6 * HOUR)
    answer(client, at=now - 5 * HOUR, body="doing ok", kind="ok")
    ContactAttempt.objects.create(
        client=client,
        at=now - 4 * HOUR,
        by=by,
        channel="phone",
        outcome="voicemail",
        recorded_at=now,
        note="Neutral.",
    )
    todo(client, due_at=now, state="done", done_at=now - 3 * HOUR, done_by=by, outcome="Letter sent")
    StatusChange.objects.create(
        client=client,
        from_state="active",
        to_state="paused",
        effective_on=now.date(),
        at=now - 2 * HOUR,
        by=by,
    )
    report_relapse(
        client_id=client.pk,
        stage="mental",
        source="self_call",
        by=by,
        now=now - HOUR,
        narrative="Two hard evenings",
    )


def test_everything_stands_in_one_line_newest_first(alex, dana, now, before):
    lived(alex, dana, now)
    found = timeline(alex, user=dana, before=before)
    assert [one.at for one in found.entries] == sorted((one.at for one in found.entries), reverse=True)
    assert {one.kind for one in found.entries} == {
        "session",
        "assessment",
        "message",
        "contact",
        "todo",
        "status",
        "report",
        "plan",
    }
    assert found.older_than is None


def test_an_entry_says_who_and_what_came_of_it(alex, dana, now, before):
    lived(alex, dana, now)
    by_kind = {one.kind: one for one in timeline(alex, user=dana, before=before).entries}
    assert (by_kind["session"].what, str(by_kind["session"].pill), by_kind["session"].who) == (
        "Session, in person",
        "Attended",
        "Dana",
    )
    assert by_kind["session"].text == "Note signed"
    assert (str(by_kind["contact"].pill), by_kind["contact"].text) == ("Left a voicemail", "Neutral.")
    assert (by_kind["report"].stage, by_kind["report"].text) == ("mental", "Two hard evenings")
    assert (by_kind["assessment"].stage, by_kind["assessment"].pill) == ("emotional", "")
    assert by_kind["assessment"].text == "Other than suggested: Very quiet today"
    assert by_kind["todo"].text == "Letter sent"


@pytest.mark.parametrize("kind", SOURCES)
def test_each_sort_can_be_asked_for_alone(alex, dana, now, before, kind):
    lived(alex, dana, now)
    assert len(set(kinds(alex, dana, before, kind))) <= 1


def test_a_sort_that_is_unknown_shows_everything(alex, dana, now, before):
    lived(alex, dana, now)
    assert kinds(alex, dana, before, "secrets") == kinds(alex, dana, before)


def test_what_is_still_to_come_is_not_what_happened(alex, dana, now, before):
    booked(alex, dana, starts_at=now + DAY, now=now)
    sent(alex, now + DAY, status="planned", sent_at=None)
    todo(alex, due_at=now)
    assert kinds(alex, dana, before) == []


def test_an_assessment_entered_in_error_stays_and_says_so(alex, dana, now, before):
    one = assessed(alex, dana, now)
    one.state = "entered_in_error"
    one.save()
    (entry,) = timeline(alex, user=dana, before=before).entries
    assert str(entry.pill) == "Entered in error"


def test_a_plan_that_ended_says_how(alex, dana, now, before):
    plan = report_relapse(client_id=alex.pk, stage="mental", source="self_call", by=dana, now=now - DAY).plan
    plan.state, plan.closed_at = "completed", now
    plan.save()
    ended = timeline(alex, user=dana, before=before, kinds=["plans"]).entries[0]
    assert (ended.what, str(ended.pill)) == ("Follow-up plan ended", "Completed")


def test_a_report_by_somebody_else_waits_for_a_talk(alex, dana, now, before):
    report_relapse(client_id=alex.pk, stage="physical", source="collateral", by=dana, now=now)
    (entry,) = timeline(alex, user=dana, before=before, kinds=["reports"]).entries
    assert (str(entry.pill), entry.tone) == ("To be confirmed", "attention")


def test_the_auditor_sees_that_words_were_exchanged_but_not_which(alex, dana, audrey, now, before):
    lived(alex, dana, now)
    entries = timeline(alex, user=audrey, before=before, kinds=["messages"]).entries
    assert len(entries) == 2
    assert [one.text for one in entries] == ["", ""]
    assert "doing ok" in [one.text for one in timeline(alex, user=dana, before=before).entries]


def test_pages_follow_one_another_without_a_gap_or_a_double(alex, dana, now, before):
    for n in range(PAGE + 7):
        sent(alex, now - n * HOUR)
    first = timeline(alex, user=dana, before=before)
    second = timeline(alex, user=dana, before=first.older_than)
    assert (len(first.entries), len(second.entries), second.older_than) == (PAGE, 7, None)
    assert first.entries[-1].at > second.entries[0].at


def test_entries_of_the_same_moment_stay_together(alex, dana, now, before):
    for n in range(PAGE):
        sent(alex, now - n * HOUR)
    last = now - (PAGE - 1) * HOUR
    answer(alex, at=last)
    todo(alex, due_at=now, state="done", done_at=last)
    sent(alex, last - HOUR)
    first = timeline(alex, user=dana, before=before)
    assert sum(one.at == last for one in first.entries) == 3
    assert len(timeline(alex, user=dana, before=first.older_than).entries) == 1


def test_it_costs_the_same_however_much_happened(alex, dana, now, before):
    lived(alex, dana, now)
    with CaptureQueriesContext(connection) as few:
        timeline(alex, user=dana, before=before)
    for n in range(10):
        sent(alex, now - 30 * DAY - n * DAY)
        signed(held(alex, dana, ended_at=now - 30 * DAY - n * DAY), now=now - 29 * DAY - n * DAY)
    with CaptureQueriesContext(connection) as many:
        timeline(alex, user=dana, before=before)
    assert len(many) == len(few) <= 12
