"""Signing and what it takes (clinical.md §9.2, golden transitions)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.actions import Incomplete, lower
from sessions.models import Note
from tests.sessions.conftest import drafted, held

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def sign(note, by, now, **more):
    return actions.sign(
        session_id=note.session_id,
        version=more.pop("version", note.version),
        by=by,
        now=now,
        proven_at=now,
        **more,
    )


def test_a_signature_holds_time_name_credential_and_hash(draft, dana, now):
    note = sign(draft, dana, now)
    note.refresh_from_db()
    assert (note.state, note.signed_at, note.signed_by) == ("final", now, dana)
    assert (note.signer_name, note.credential) == (dana.full_name, dana.credential)
    assert note.is_intact
    row = AuditEvent.objects.get(verb="note.signed")
    assert row.detail["hash"] == note.content_hash
    assert (row.actor_id, row.client_id, row.detail["late"]) == (dana.pk, note.client_id, False)


def test_the_hash_tells_when_any_word_was_changed(signed_note):
    note = Note.objects.get(pk=signed_note.pk)
    note.sections = {**note.sections, "plan": "Something else"}
    assert not note.is_intact


@pytest.mark.parametrize("field", ["signer_name", "credential", "signed_at", "late_reason"])
def test_the_hash_covers_who_signed_and_when(signed_note, field):
    note = Note.objects.get(pk=signed_note.pk)
    assert note.is_intact
    setattr(note, field, note.signed_at + MINUTE if field == "signed_at" else "other")
    assert not note.is_intact


def test_a_later_change_of_name_or_credential_does_not_touch_the_signature(signed_note, dana):
    dana.full_name, dana.credential = "Dana Reyes-Hall", "LCSW"
    dana.save()
    note = Note.objects.get(pk=signed_note.pk)
    assert (note.signer_name, note.credential) == ("Dana Reyes", "LADC")
    assert note.is_intact


@pytest.mark.parametrize("empty", ["data", "assessment", "plan", "risk"])
def test_required_parts_are_checked_at_signing(session_held, dana, now, empty):
    note = drafted(session_held, now=now, **{empty: ""})
    with pytest.raises(Incomplete) as refusal:
        sign(note, dana, now)
    assert refusal.value.fields == [empty]
    note.refresh_from_db()
    assert note.state == "draft"


def test_all_empty_parts_are_named_at_once(session_held, dana, now):
    note = actions.save_draft(
        session_id=session_held.pk, version=0, sections={"plan": "p"}, format="soap", by=dana, now=now
    )
    with pytest.raises(Incomplete, match="Subjective, Objective, Assessment, Risk"):
        sign(note, dana, now)


def test_a_note_that_was_never_begun_is_incomplete(session_held, dana, now):
    with pytest.raises(Incomplete):
        actions.sign(session_id=session_held.pk, version=0, by=dana, now=now, proven_at=now)


def test_nobody_signs_before_the_session_has_ended(alex, dana, session, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    note = drafted(session, now=now)
    with pytest.raises(InvalidTransition, match="has not ended"):
        sign(note, dana, now + 10 * MINUTE)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 50 * MINUTE)
    assert sign(note, dana, now + 50 * MINUTE).is_signed  # exactly at the end


def test_a_missed_sessions_note_waits_for_the_planned_end(session, dana, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    note = drafted(session, now=now + 15 * MINUTE)
    with pytest.raises(InvalidTransition):
        sign(note, dana, now + 49 * MINUTE)
    assert sign(note, dana, now + 50 * MINUTE).is_signed


def test_nobody_signs_for_another(draft, sam, robin, now):
    for other in (sam, robin, None):
        with pytest.raises(NotAllowed):
            sign(draft, other, now)
    assert AuditEvent.objects.filter(verb="note.refused", detail__act="sign").count() == 3


def test_one_signs_what_one_sees(draft, session_held, dana, now):
    actions.save_draft(session_id=session_held.pk, version=1, sections={"data": "changed"}, by=dana, now=now)
    with pytest.raises(actions.StaleDraft):
        sign(draft, dana, now, version=1)


def test_a_note_is_signed_once(signed_note, dana, now):
    with pytest.raises(InvalidTransition):
        sign(signed_note, dana, now)


def test_exactly_72_hours_after_the_end_is_not_late(alex, dana, now):
    note = drafted(held(alex, dana, ended_at=now), now=now)
    done = sign(note, dana, now + 72 * HOUR)
    assert not done.is_late
    assert done.late_reason == ""


def test_a_minute_later_it_is_a_late_entry_and_asks_why(alex, dana, now):
    note = drafted(held(alex, dana, ended_at=now), now=now)
    late = now + 72 * HOUR + MINUTE
    for reason in ("", "   "):
        with pytest.raises(InvalidInput) as refusal:
            sign(note, dana, late, late_reason=reason)
        assert refusal.value.field == "late_reason"
    done = sign(note, dana, late, late_reason=" Power cut at the site ")
    done.refresh_from_db()
    assert done.is_late
    assert done.is_intact
    assert done.late_reason == "Power cut at the site"
    assert done.signed_at == late
    assert AuditEvent.objects.get(verb="note.signed").detail["late"] is True


def test_a_reason_given_in_time_is_not_kept_as_a_late_one(draft, dana, now):
    assert sign(draft, dana, now, late_reason="just in case").late_reason == ""


def test_a_signature_that_cannot_be_traced_is_not_given(draft, dana, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        sign(draft, dana, now)
    draft.refresh_from_db()
    assert (draft.state, draft.content_hash) == ("draft", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "final"},
        {"signed_at": "now"},
        {"state": "final", "signed_at": "now", "signed_by": "dana", "content_hash": "short"},
        {"state": "final", "signed_at": "now", "content_hash": "a" * 64},
    ],
)
def test_the_database_knows_no_half_signature(draft, dana, now, changes):
    values = {field: {"now": now, "dana": dana}.get(value, value) for field, value in changes.items()}
    with (
        pytest.raises(IntegrityError, match=r"signed_note_is_whole|needs its signature"),
        transaction.atomic(),
    ):
        Note.objects.filter(pk=draft.pk).update(**values)


def test_the_database_knows_no_signature_by_another(draft, sam, now):
    with (
        pytest.raises(IntegrityError, match=r"note_signed_by_its_author|needs its signature"),
        transaction.atomic(),
    ):
        Note.objects.filter(pk=draft.pk).update(
            state="final", signed_at=now, signed_by=sam, content_hash="a" * 64
        )


def test_signed_notes_are_read_by_all_who_care_for_the_client_and_by_auditors(
    signed_note, dana, sam, robin, ada, audrey, now
):
    for reader in (dana, sam, audrey):
        assert list(Note.objects.readable_by(reader, at=now)) == [signed_note]
    for other in (robin, ada):
        assert not Note.objects.readable_by(other, at=now).exists()
