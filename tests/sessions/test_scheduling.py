"""Planning, moving and cancelling sessions."""

from datetime import timedelta

import pytest

from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.actions import lower
from sessions.models import Session
from tests import factories
from tests.sessions.conftest import booked, drafted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def trail(verb: str) -> AuditEvent:
    return AuditEvent.objects.get(verb=verb)


def test_a_planned_session_tells_who_planned_it_and_when(alex, dana, sam, now):
    session = lower.schedule(
        client=alex,
        counselor=dana,
        starts_at=now + DAY,
        ends_at=now + DAY + HOUR,
        modality="video",
        location="Room 4",
        by=sam,
        now=now,
    )
    session.refresh_from_db()
    assert (session.state, session.counselor, session.scheduled_by, session.scheduled_at) == (
        "scheduled",
        dana,
        sam,
        now,
    )
    assert (session.modality, session.location, session.minutes) == ("video", "Room 4", 60)
    row = trail("session.scheduled")
    assert (row.client_id, row.actor_id, row.target_id, row.at) == (alex.pk, sam.pk, str(session.pk), now)


def test_the_trail_of_a_session_names_nobody_and_no_place(alex, dana, now):
    booked(alex, dana, starts_at=now + DAY, now=now, location="Room of Alex")
    assert "Alex" not in str(trail("session.scheduled").detail)


def test_the_system_itself_may_plan(alex, dana, now):
    session = lower.schedule(
        client=alex, counselor=dana, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=None, now=now
    )
    assert session.scheduled_by is None


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_people_without_the_verb_plan_nothing(alex, dana, now, who, request):
    with pytest.raises(NotAllowed):
        lower.schedule(
            client=alex,
            counselor=dana,
            starts_at=now + DAY,
            ends_at=now + DAY + HOUR,
            by=request.getfixturevalue(who),
            now=now,
        )
    assert not Session.objects.exists()


def test_only_somebody_who_cares_for_the_client_is_booked(alex, robin, dana, now):
    with pytest.raises(InvalidInput, match="care team") as refusal:
        lower.schedule(
            client=alex, counselor=robin, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )
    assert refusal.value.field == "counselor"


def test_an_administrator_is_not_booked_for_a_session(alex, ada, dana, now):
    with pytest.raises(InvalidInput, match="does not hold sessions"):
        lower.schedule(
            client=alex, counselor=ada, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )


@pytest.mark.parametrize("state", ["discharged", "deceased"])
def test_nothing_is_planned_ahead_for_somebody_who_has_left_or_died(alex, dana, now, state):
    alex.state = state
    with pytest.raises(InvalidInput, match="no session can be planned"):
        booked(alex, dana, starts_at=now + DAY, now=now)


def test_a_session_already_held_can_still_be_entered_after_discharge(alex, dana, now):
    alex.state = "discharged"
    assert booked(alex, dana, starts_at=now - DAY, now=now).pk


def test_a_moved_session_keeps_its_identity_and_the_trail_keeps_the_old_time(session, dana, sam, now):
    was = session.starts_at
    lower.reschedule(
        session_id=session.pk,
        starts_at=now + DAY,
        ends_at=now + DAY + HOUR,
        location="Room 2",
        modality="phone",
        by=sam,
        now=now,
    )
    session.refresh_from_db()
    assert (session.starts_at, session.location, session.modality) == (now + DAY, "Room 2", "phone")
    row = trail("session.moved")
    assert row.detail["was"] == was.isoformat()
    assert row.actor_id == sam.pk


def test_moving_in_time_alone_keeps_place_and_counselor(session, dana, now):
    moved = lower.reschedule(
        session_id=session.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
    )
    assert (moved.counselor, moved.modality, moved.location) == (dana, "in_person", "")


def test_a_session_moves_to_the_covering_counselor(session, alex, team, dana, now):
    lee = factories.counselor("Lee Park", team=team)
    with pytest.raises(InvalidInput, match="care team"):
        lower.reschedule(
            session_id=session.pk,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            counselor=lee,
            by=dana,
            now=now,
        )
    factories.assign(alex, lee, role="covering")
    moved = lower.reschedule(
        session_id=session.pk,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        counselor=lee,
        by=lee,
        now=now,
    )
    assert moved.counselor == lee


def test_a_session_that_has_begun_is_not_moved(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        lower.reschedule(
            session_id=session.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(hours=24), "cancelled"),
        (timedelta(hours=23, minutes=59), "late_cancel"),
        (timedelta(minutes=1), "late_cancel"),
        (timedelta(hours=-2), "late_cancel"),
    ],
)
def test_a_clients_cancellation_is_late_less_than_24_hours_before(alex, dana, now, before, expected):
    session = booked(alex, dana, starts_at=now + before, now=now - 30 * DAY)
    lower.cancel(session_id=session.pk, cancelled_for="client", reason="ill", by=dana, now=now)
    session.refresh_from_db()
    assert (session.state, session.cancelled_for, session.cancel_reason) == (expected, "client", "ill")
    assert (session.closed_by, session.closed_at) == (dana, now)


def test_the_practices_own_cancellation_is_never_held_against_the_client(session, dana, now):
    cancelled = lower.cancel(session_id=session.pk, cancelled_for="practice", by=dana, now=now)
    assert cancelled.state == "cancelled"


def test_who_cancelled_must_be_said(session, dana, now):
    with pytest.raises(InvalidInput) as refusal:
        lower.cancel(session_id=session.pk, cancelled_for="", by=dana, now=now)
    assert refusal.value.field == "cancelled_for"


def test_a_session_started_by_mistake_can_be_called_off(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    assert lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now).state == "cancelled"


def test_a_session_with_a_note_is_not_called_off(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    drafted(session, now=now)
    with pytest.raises(InvalidTransition, match="note has been begun"):
        lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now)


def test_when_a_client_leaves_every_planned_session_is_called_off_and_nothing_else(
    alex, session, session_held, dana, now
):
    later = booked(alex, dana, starts_at=now + 7 * DAY, now=now)
    assert lower.cancel_upcoming(client_id=alex.pk, by=dana, now=now, reason="discharged") == 2
    for each, state in ((session, "cancelled"), (later, "cancelled"), (session_held, "attended")):
        each.refresh_from_db()
        assert each.state == state
    assert AuditEvent.objects.filter(verb="session.cancelled").count() == 2


def test_nothing_is_changed_when_the_trail_cannot_be_written(alex, session, dana, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    before = list(Session.objects.order_by("pk").values())
    summary = dict(type(alex.summary).objects.filter(client=alex).values().get())
    acts = (
        lambda: booked(alex, dana, starts_at=now + 3 * DAY, now=now),
        lambda: lower.reschedule(
            session_id=session.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        ),
        lambda: lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now),
        lambda: lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now),
        lambda: actions.start(session_id=session.pk, by=dana, now=now),
    )
    for act in acts:
        with pytest.raises(RuntimeError):
            act()
    assert list(Session.objects.order_by("pk").values()) == before
    assert dict(type(alex.summary).objects.filter(client=alex).values().get()) == summary
