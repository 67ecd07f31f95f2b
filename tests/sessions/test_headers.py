"""What stands over a note: filled from the session, changed by hand, frozen at signing (clinical.md §9.1)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients.errors import InvalidInput, InvalidTransition
from sessions import actions, headers
from sessions.actions import lower, treatment
from sessions.headers import ROLES, SERVICES, Header
from sessions.models import Goal, Note, TreatmentPlan
from sessions.views.notes import header_of
from tests import factories
from tests.sessions.conftest import WORDS, booked, drafted

MINUTE = timedelta(minutes=1)


def save(session, by, now, header, version=0):
    return actions.save_draft(
        session_id=session.pk, version=version, sections=WORDS, header=header, by=by, now=now
    )


def test_every_service_and_role_has_its_word_in_both_languages():
    for words in (*SERVICES.values(), *ROLES.values()):
        assert words.en
        assert words.es
        assert words.en != words.es


def test_the_session_fills_the_header(session_held):
    header = headers.from_session(session_held)
    assert header.service_type == "individual"
    assert (header.began_at, header.ended_at, header.minutes) == (
        session_held.started_at,
        session_held.ended_at,
        50,
    )
    assert header.roles == ("client", "counselor")


def test_whoever_did_not_come_did_not_take_part(session, dana, now):
    missed = lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    header = headers.from_session(missed)
    assert (header.service_type, header.roles) == ("outreach", ("counselor",))


def test_the_next_appointment_is_the_planned_one_unless_it_is_over(session_held):
    later, earlier = session_held.over_at + MINUTE, session_held.over_at - MINUTE
    assert headers.from_session(session_held, next_at=later).next_appointment_at == later
    assert headers.from_session(session_held, next_at=earlier).next_appointment_at is None


def test_a_draft_saved_while_the_timer_runs_ends_when_the_session_does(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now + 3 * MINUTE)
    session.refresh_from_db()
    shown = headers.from_session(session)
    to_the_minute = replace(shown, began_at=shown.began_at.replace(second=0, microsecond=0))
    note = save(session, dana, now + 10 * MINUTE, to_the_minute)
    assert (note.began_at, note.ended_at) == (None, None)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 44 * MINUTE)
    note = Note.objects.select_related("session").get()
    assert headers.of_note(note).minutes == 41


def test_what_the_author_says_otherwise_stays(session_held, dana, now):
    began = session_held.started_at + 10 * MINUTE
    said = replace(
        headers.from_session(session_held),
        began_at=began,
        place="On a walk",
        service_type="crisis",
        roles=("client", "family"),
        who="her sister",
        stage_at_end="mental",
    )
    note = save(session_held, dana, now, said)
    shown = headers.of_note(Note.objects.get(pk=note.pk))
    assert (shown.began_at, shown.minutes, shown.place, shown.who) == (began, 40, "On a walk", "her sister")
    assert (shown.service_type, shown.roles, shown.stage_at_end) == ("crisis", ("client", "family"), "mental")


def test_saying_the_same_again_is_no_new_version(session_held, dana, now):
    said = replace(headers.from_session(session_held), place="On a walk")
    note = save(session_held, dana, now, said)
    assert save(session_held, dana, now, said, version=0).version == note.version == 1
    assert save(session_held, dana, now, replace(said, who="alone"), version=1).version == 2


def test_without_a_header_the_one_there_stays(session_held, dana, now):
    save(session_held, dana, now, replace(headers.from_session(session_held), place="On a walk"))
    note = actions.save_draft(session_id=session_held.pk, version=1, sections={"data": "x"}, by=dana, now=now)
    assert note.place == "On a walk"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service_type": "massage"}, "service_type"),
        ({"stage_at_end": "great"}, "stage_at_end"),
        ({"roles": ("dog",)}, "roles"),
        ({"place": "x" * 201}, "place"),
        ({"who": "a\x00b"}, "who"),
    ],
)
def test_a_header_that_cannot_be_is_refused(session_held, dana, now, changes, field):
    with pytest.raises(InvalidInput) as refusal:
        save(session_held, dana, now, replace(headers.from_session(session_held), **changes))
    assert refusal.value.field == field
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("minutes", "right"), [(0, False), (-5, False), (1, True), (720, True), (721, False)]
)
def test_a_note_covers_more_than_no_time_and_at_most_twelve_hours(minutes, right, now):
    header = Header(began_at=now, ended_at=now + minutes * MINUTE)
    if right:
        assert headers.checked(header).minutes == minutes
    else:
        with pytest.raises(InvalidInput):
            headers.checked(header)


@pytest.mark.parametrize("minutes", [0, 721])
def test_the_database_knows_no_impossible_times(draft, now, minutes):
    with pytest.raises(IntegrityError, match="twelve_hours"), transaction.atomic():
        Note.objects.filter(pk=draft.pk).update(began_at=now, ended_at=now + minutes * MINUTE)


def test_signing_freezes_what_the_session_filled(draft, dana, now):
    note = actions.sign(session_id=draft.session_id, version=1, by=dana, now=now, proven_at=now)
    note.refresh_from_db()
    assert (note.service_type, note.minutes) == ("individual", 50)
    assert note.present["roles"] == ["client", "counselor"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("service_type", "crisis"), ("place", "x"), ("stage_at_end", "mental"), ("version", 7)],
)
def test_the_hash_covers_the_header(signed_note, field, value):
    note = Note.objects.get(pk=signed_note.pk)
    assert note.is_intact
    setattr(note, field, value)
    assert not note.is_intact


def test_the_hash_covers_who_took_part(signed_note):
    note = Note.objects.get(pk=signed_note.pk)
    note.say_present(["client"], "")
    assert not note.is_intact


def test_nobody_signs_before_the_time_that_the_note_says_it_ended(session_held, dana, now):
    said = replace(headers.from_session(session_held), ended_at=now + 5 * MINUTE)
    note = save(session_held, dana, now, said)
    with pytest.raises(InvalidTransition, match="has not ended"):
        actions.sign(session_id=session_held.pk, version=note.version, by=dana, now=now, proven_at=now)


@pytest.fixture
def goal(alex, dana, now):
    plan = TreatmentPlan.objects.create(
        client=alex, review_on=now.date(), next_review_on=now.date(), begun_at=now, begun_by=dana
    )
    return Goal.objects.create(
        plan=plan, client=alex, words="Sleep through", review_on=now.date(), added_at=now
    )


def test_a_note_names_the_goals_worked_on(session_held, dana, now, goal):
    note = save(session_held, dana, now, replace(headers.from_session(session_held), goals=(goal.uid,)))
    assert list(note.goals.all()) == [goal]
    note = actions.sign(session_id=session_held.pk, version=1, by=dana, now=now, proven_at=now)
    assert note.is_intact
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        note.goals.clear()
    assert Note.objects.get().is_intact


def test_goals_stand_over_a_signed_note_as_they_were_worded_then(session_held, dana, now, goal):
    note = save(session_held, dana, now, replace(headers.from_session(session_held), goals=(goal.uid,)))
    treatment.reword(item=goal, words="Sleep six hours", by=dana, now=now - MINUTE)
    assert header_of(note)["goals"] == ["Sleep six hours"]
    note = actions.sign(session_id=session_held.pk, version=1, by=dana, now=now, proven_at=now)
    for later, words in ((1, "Sleep seven hours"), (2, "Sleep eight hours")):
        treatment.reword(item=goal, words=words, by=dana, now=now + later * MINUTE)
    assert header_of(note)["goals"] == ["Sleep six hours"]


def test_a_goal_of_another_client_is_refused(session_held, dana, kim, now):
    plan = TreatmentPlan.objects.create(
        client=kim, review_on=now.date(), next_review_on=now.date(), begun_at=now, begun_by=dana
    )
    other = Goal.objects.create(plan=plan, client=kim, words="Other", review_on=now.date(), added_at=now)
    with pytest.raises(InvalidInput, match="goal"):
        save(session_held, dana, now, replace(headers.from_session(session_held), goals=(other.uid,)))
    assert not Note.objects.exists()


@pytest.fixture
def kim(dana, team):
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Sato")


def test_a_family_session_expects_a_family(alex, dana, now):
    session = booked(alex, dana, starts_at=now, now=now)
    session.kind, session.companions = "family", "Her mother"
    header = headers.from_session(session)
    assert (header.service_type, header.roles, header.who) == (
        "family",
        ("client", "counselor", "family"),
        "Her mother",
    )


def test_a_note_without_a_header_yet_shows_the_sessions(session_held, now):
    note = drafted(session_held, now=now)
    assert headers.of_note(note) == headers.from_session(session_held)
