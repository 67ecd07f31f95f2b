"""Drafts: kept as one writes, never silently overwritten, the author's alone."""

from datetime import timedelta

import pytest
from django.db import connection

from clients import audit
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.actions import lower
from sessions.actions.notes import LONGEST_TEXT
from sessions.models import Note
from tests.sessions.conftest import WORDS, booked, drafted

MINUTE = timedelta(minutes=1)


def save(session, by, now, *, version=0, **sections):
    return actions.save_draft(session_id=session.pk, version=version, sections=sections, by=by, now=now)


def test_the_first_save_begins_the_note(session_held, alex, dana, now):
    note = save(session_held, dana, now, data="Alex came.")
    note.refresh_from_db()
    assert (note.version, note.state, note.format) == (1, "draft", "dap")
    assert (note.author, note.client, note.session) == (dana, alex, session_held)
    assert (note.begun_at, note.saved_at) == (now, now)
    assert note.sections == {"data": "Alex came."}


def test_each_change_is_a_new_version_and_a_row_in_the_trail(session_held, dana, now):
    save(session_held, dana, now, data="One")
    note = save(session_held, dana, now + MINUTE, version=1, data="One two")
    assert (note.version, note.begun_at, note.saved_at) == (2, now, now + MINUTE)
    rows = AuditEvent.objects.filter(verb="note.saved").order_by("pk")
    assert [row.detail["version"] for row in rows] == [1, 2]
    assert all("One" not in str(row.detail) for row in rows)


def test_the_words_are_not_readable_in_the_database(session_held, dana, now):
    save(session_held, dana, now, data="Nobody else may read this")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM counseling_note")
        assert b"Nobody" not in bytes(cursor.fetchone()[0])


def test_a_second_tab_does_not_overwrite_the_first_and_sees_its_text(session_held, dana, now):
    save(session_held, dana, now, data="First tab")
    save(session_held, dana, now, version=1, data="First tab, more")
    with pytest.raises(actions.StaleDraft) as stale:
        save(session_held, dana, now, version=1, data="Second tab")
    assert stale.value.stored.sections == {"data": "First tab, more"}
    assert stale.value.stored.version == 2
    assert Note.objects.get().sections == {"data": "First tab, more"}


def test_two_tabs_that_both_begin_the_note_do_not_overwrite_each_other(session_held, dana, now):
    save(session_held, dana, now, data="First tab")
    with pytest.raises(actions.StaleDraft):
        save(session_held, dana, now, data="Second tab")


def test_a_save_whose_answer_was_lost_can_be_repeated(session_held, dana, now):
    save(session_held, dana, now, data="Same words")
    again = save(session_held, dana, now + MINUTE, data="Same words")
    assert again.version == 1
    assert AuditEvent.objects.filter(verb="note.saved").count() == 1


def test_a_version_of_a_note_that_does_not_exist_is_refused(session_held, dana, now):
    with pytest.raises(Conflict, match="does not exist"):
        save(session_held, dana, now, version=3, data="x")
    assert not Note.objects.exists()


def test_nobody_but_the_sessions_counselor_begins_its_note(session_held, sam, robin, now):
    for other in (sam, robin):
        with pytest.raises(NotAllowed):
            save(session_held, other, now, data="x")
    assert not Note.objects.exists()


def test_nobody_but_the_author_writes_a_draft_and_the_attempt_is_kept(draft, session_held, sam, now):
    with pytest.raises(NotAllowed):
        save(session_held, sam, now, version=1, data="x")
    refused = AuditEvent.objects.get(verb="note.refused")
    assert (refused.actor_id, refused.client_id) == (sam.pk, draft.client_id)
    assert refused.detail == {"act": "save_draft", "why": "not_allowed"}


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_people_without_the_verb_write_nothing(session_held, now, who, request):
    with pytest.raises(NotAllowed):
        save(session_held, request.getfixturevalue(who), now, data="x")


def test_the_system_writes_no_notes(session_held, now):
    with pytest.raises(NotAllowed):
        save(session_held, None, now, data="x")


def test_a_note_can_be_written_while_the_session_runs(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    assert save(session, dana, now, data="Beginning").version == 1


def test_there_is_nothing_to_write_about_before_the_session(session, dana, now):
    with pytest.raises(InvalidTransition, match="start the session"):
        save(session, dana, now, data="x")


def test_a_missed_session_may_have_a_note_too(session, dana, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    assert save(session, dana, now + 20 * MINUTE, data="Called, left a voicemail.").version == 1


def test_a_cancelled_session_has_none(alex, dana, now):
    session = booked(alex, dana, starts_at=now + timedelta(days=3), now=now)
    lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now)
    with pytest.raises(InvalidTransition):
        save(session, dana, now, data="x")


@pytest.mark.parametrize(
    ("sections", "field"),
    [
        ({"gossip": "x"}, "gossip"),
        ({"data": "x" * (LONGEST_TEXT + 1)}, "data"),
        ({"data": "a\x00b"}, "data"),
        ({"data": ["x"]}, "data"),
        ({"risk": "huge"}, "risk"),
    ],
)
def test_what_a_note_cannot_hold_is_refused(session_held, dana, now, sections, field):
    with pytest.raises(InvalidInput) as refusal:
        actions.save_draft(session_id=session_held.pk, version=0, sections=sections, by=dana, now=now)
    assert refusal.value.field == field


def test_an_unknown_format_is_refused(session_held, dana, now):
    with pytest.raises(InvalidInput) as refusal:
        actions.save_draft(
            session_id=session_held.pk, version=0, sections={}, format="rhyme", by=dana, now=now
        )
    assert refusal.value.field == "format"


def test_another_format_takes_the_text_along_and_back(session_held, dana, now):
    drafted(session_held, now=now)
    soap = actions.save_draft(
        session_id=session_held.pk, version=1, sections=WORDS, format="soap", by=dana, now=now
    )
    assert soap.sections["subjective"] == WORDS["data"]
    dap = actions.save_draft(
        session_id=session_held.pk, version=2, sections=soap.sections, format="dap", by=dana, now=now
    )
    assert dap.sections == WORDS


def test_words_in_any_script_survive(session_held, dana, now):
    text = "Álex: «estoy mejor» 🙂\n\n二日間\t—"
    assert Note.objects.get(pk=save(session_held, dana, now, data=text).pk).sections["data"] == text


def test_a_save_that_cannot_be_traced_is_not_kept(session_held, dana, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        save(session_held, dana, now, data="x")
    assert not Note.objects.exists()


def test_only_its_author_reads_a_draft(draft, dana, sam, robin, ada, audrey, now):
    assert list(Note.objects.readable_by(dana, at=now)) == [draft]
    for other in (sam, robin, ada, audrey):
        assert not Note.objects.readable_by(other, at=now).exists()
    assert Note.objects.visible_to(sam, at=now).exists()  # that it exists may be known
    assert not Note.objects.visible_to(robin, at=now).exists()
