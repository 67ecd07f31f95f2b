"""What changed since the last contact."""

from datetime import timedelta

import pytest

from casework.desk.since import changes, last_contact
from casework.followup.models import Message
from casework.relapse.models import RelapseReport, StageTransition
from clients.models import ClientSummary
from tests.desk.conftest import answer, todo
from tests.sessions.conftest import booked

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def since(now):
    return now - 7 * DAY


def told(client, since, now):
    return [one.text for one in changes(client, since=since, now=now)]


def moved(client, at, before, after):
    StageTransition.objects.create(
        client=client, from_stage=before, to_stage=after, at=at, cause="assessment"
    )


def test_the_last_contact_is_the_later_of_session_and_talk(alex, now):
    assert last_contact(alex) is None
    ClientSummary.objects.filter(client=alex).update(last_session_at=now - DAY, last_contact_at=now - 2 * DAY)
    alex.summary.refresh_from_db()
    assert last_contact(alex) == now - DAY


def test_nothing_is_said_when_nothing_happened(alex, since, now):
    assert told(alex, since, now) == []


def test_several_moves_are_told_as_one_from_where_it_stood(alex, since, now):
    moved(alex, now - 9 * DAY, "physical", "none")
    moved(alex, now - 5 * DAY, "none", "emotional")
    moved(alex, now - 2 * DAY, "emotional", "mental")
    assert told(alex, since, now) == ["Stage: mental, up from none"]


def test_there_and_back_again_is_no_change(alex, since, now):
    moved(alex, now - 5 * DAY, "none", "emotional")
    moved(alex, now - 2 * DAY, "emotional", "none")
    assert told(alex, since, now) == []


def test_a_report_entered_since_is_told_also_when_it_happened_before(alex, since, now):
    RelapseReport.objects.create(
        client=alex, stage="mental", source="self_call", reported_at=now - 9 * DAY, recorded_at=now - DAY
    )
    assert told(alex, since, now) == ["Relapse reported (mental)"]


def test_a_report_taken_back_is_not_told(alex, since, now):
    RelapseReport.objects.create(
        client=alex,
        stage="mental",
        source="self_call",
        reported_at=now,
        recorded_at=now,
        state="retracted",
        closed_at=now,
    )
    assert told(alex, since, now) == []


def test_a_missed_session_is_told(alex, dana, since, now):
    session = booked(alex, dana, starts_at=now - 2 * DAY, now=now - 9 * DAY)
    session.move_to("no_show")
    session.closed_at, session.closed_by = now - DAY, dana
    session.save()
    assert told(alex, since, now) == ["Missed session"]


def test_messages_are_counted_not_quoted(alex, since, now):
    answer(alex, at=now - 8 * DAY)
    answer(alex, at=now - DAY)
    assert told(alex, since, now) == ["Alex wrote 1 message"]
    answer(alex, at=now)
    assert told(alex, since, now) == ["Alex wrote 2 messages"]


def test_what_could_not_be_delivered_is_told(alex, since, now):
    Message.objects.create(
        client=alex,
        kind="plan",
        local_date=now.date(),
        local_time=now.time(),
        tz="UTC",
        due_at=now,
        dedupe_key="x",
        status="dead",
        closed_at=now - DAY,
    )
    assert told(alex, since, now) == ["1 message could not be delivered"]


def test_overdue_to_dos_are_counted(alex, since, now):
    todo(alex, due_at=now - DAY)
    todo(alex, due_at=now + DAY)
    assert told(alex, since, now) == ["1 to-do is overdue"]
