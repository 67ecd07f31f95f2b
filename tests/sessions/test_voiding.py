"""Notes that are taken out of use, drafts that are given up, and authors who are gone (clinical.md §9.2)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions, note_queries
from sessions.models import Addendum, Note
from tests import factories
from tests.sessions.conftest import WORDS, drafted, held, signed

DAY = timedelta(days=1)


def void(note, by, now, kind="wrong_client", reason="Meant for Kim"):
    return actions.void(note_id=note.pk, kind=kind, reason=reason, by=by, now=now)


@pytest.fixture
def kim(dana, team):
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Sato")


def test_a_supervisor_voids_with_a_reason_and_the_content_stays(signed_note, sam, now):
    note = void(signed_note, sam, now + DAY)
    note.refresh_from_db()
    assert (note.state, note.voided_at, note.voided_by) == ("voided", now + DAY, sam)
    assert (note.void_kind, note.void_reason) == ("wrong_client", "Meant for Kim")
    assert note.sections == WORDS
    assert note.is_intact
    trail = AuditEvent.objects.get(verb="note.voided")
    assert (trail.actor_id, trail.detail) == (sam.pk, {"kind": "wrong_client"})


@pytest.mark.parametrize("who", ["dana", "robin", "ada", "audrey"])
def test_nobody_but_a_supervisor_voids(signed_note, now, who, request):
    with pytest.raises(NotAllowed):
        void(signed_note, request.getfixturevalue(who), now)
    assert Note.objects.get().state == "final"


def test_the_system_voids_nothing(signed_note, now):
    with pytest.raises(NotAllowed):
        void(signed_note, None, now)


def test_a_draft_is_not_voided(draft, sam, now):
    with pytest.raises(InvalidTransition, match="draft can be changed"):
        void(draft, sam, now)


def test_a_voided_note_stays_voided(signed_note, sam, now):
    void(signed_note, sam, now)
    with pytest.raises(InvalidTransition):
        void(signed_note, sam, now)


@pytest.mark.parametrize(("kind", "reason", "field"), [("gossip", "x", "kind"), ("duplicate", " ", "reason")])
def test_voiding_says_what_was_wrong_and_why(signed_note, sam, now, kind, reason, field):
    with pytest.raises(InvalidInput) as refusal:
        void(signed_note, sam, now, kind=kind, reason=reason)
    assert refusal.value.field == field


def test_what_was_voided_is_read_by_its_author_supervisors_and_auditors_alone(
    signed_note, dana, sam, robin, audrey, team, alex, now
):
    cover = factories.counselor("Noor Aziz", team=team)
    factories.assign(alex, cover, role="covering")
    assert Note.objects.readable_by(cover, at=now).exists()
    void(signed_note, sam, now)
    for reader in (dana, sam, audrey):
        assert list(Note.objects.readable_by(reader, at=now)) == [signed_note]
    for other in (cover, robin):
        assert not Note.objects.readable_by(other, at=now).exists()


def test_a_voided_note_counts_as_no_ones_unfinished_work(signed_note, alex, dana, sam, now):
    void(signed_note, sam, now)
    alex.summary.refresh_from_db()
    assert alex.summary.unsigned_notes == 0
    assert note_queries.my_notes(dana, now).voided == [signed_note]


def test_the_author_writes_it_anew_under_the_right_client(signed_note, dana, sam, kim, now):
    right = held(kim, dana, ended_at=now - 2 * timedelta(hours=1))
    void(signed_note, sam, now)
    note = actions.write_anew(note_id=signed_note.pk, session_id=right.pk, by=dana, now=now)
    assert (note.client, note.state, note.sections, note.replaces) == (kim, "draft", WORDS, signed_note)
    clients = AuditEvent.objects.filter(verb="note.written_anew").values_list("client_id", flat=True)
    assert set(clients) == {signed_note.client_id, kim.pk}
    assert not note_queries.my_notes(dana, now).voided
    with pytest.raises(Conflict, match="already"):
        actions.write_anew(note_id=signed_note.pk, session_id=right.pk, by=dana, now=now)


def test_or_for_the_same_session_where_it_then_stands(signed_note, session_held, dana, sam, now):
    void(signed_note, sam, now, kind="duplicate")
    note = actions.write_anew(note_id=signed_note.pk, session_id=session_held.pk, by=dana, now=now)
    session_held.refresh_from_db()
    assert session_held.written == note
    signed_note.refresh_from_db()
    assert (signed_note.stands_for, signed_note.session, signed_note.is_intact) == (None, session_held, True)
    assert actions.sign(session_id=session_held.pk, version=1, by=dana, now=now, proven_at=now).is_intact


def test_a_session_with_a_note_of_its_own_takes_no_other(signed_note, dana, sam, kim, now):
    taken = held(kim, dana, ended_at=now - 2 * timedelta(hours=1))
    drafted(taken, now=now)
    void(signed_note, sam, now)
    with pytest.raises(Conflict, match="has a note"):
        actions.write_anew(note_id=signed_note.pk, session_id=taken.pk, by=dana, now=now)


def test_nobody_else_writes_it_anew_and_only_once_voided(signed_note, session_held, dana, sam, now):
    with pytest.raises(InvalidTransition):
        actions.write_anew(note_id=signed_note.pk, session_id=session_held.pk, by=dana, now=now)
    void(signed_note, sam, now)
    with pytest.raises(NotAllowed):
        actions.write_anew(note_id=signed_note.pk, session_id=session_held.pk, by=sam, now=now)


def test_a_voided_note_cannot_be_written_in(signed_note, session_held, dana, sam, now):
    void(signed_note, sam, now)
    with pytest.raises(InvalidTransition, match="voided"):
        actions.save_draft(session_id=session_held.pk, version=1, sections={"data": "x"}, by=dana, now=now)


@pytest.mark.parametrize(
    "changes", [{"state": "final"}, {"void_reason": "x"}, {"content": "{}"}, {"voided_at": None}]
)
def test_the_database_keeps_a_voided_note_as_it_is(signed_note, sam, now, changes):
    void(signed_note, sam, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.update(**changes)


def test_the_database_voids_nothing_without_saying_by_whom(signed_note):
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.update(state="voided")


# --- drafts given up ---


def test_an_author_deletes_a_draft_and_takes_it_back(draft, session_held, dana, now):
    actions.delete_draft(note_id=draft.pk, by=dana, now=now)
    draft.refresh_from_db()
    session_held.refresh_from_db()
    assert (draft.state, draft.deleted_at, draft.stands_for) == ("deleted", now, None)
    assert session_held.written is None
    assert not Note.objects.readable_by(dana, at=now).exists()
    actions.restore_draft(note_id=draft.pk, by=dana, now=now)
    draft.refresh_from_db()
    assert (draft.state, draft.sections, draft.stands_for) == ("draft", WORDS, session_held)
    assert [row.verb for row in AuditEvent.objects.filter(verb__startswith="note.").order_by("pk")] == [
        "note.saved",
        "note.deleted",
        "note.restored",
    ]


def test_nobody_else_deletes_or_restores_a_draft(draft, dana, sam, now):
    with pytest.raises(NotAllowed):
        actions.delete_draft(note_id=draft.pk, by=sam, now=now)
    actions.delete_draft(note_id=draft.pk, by=dana, now=now)
    with pytest.raises(NotAllowed):
        actions.restore_draft(note_id=draft.pk, by=sam, now=now)


def test_a_signed_note_is_not_deleted(signed_note, dana, now):
    with pytest.raises(InvalidTransition):
        actions.delete_draft(note_id=signed_note.pk, by=dana, now=now)


def test_after_deleting_another_note_is_begun_and_the_old_one_stays_away(draft, session_held, dana, now):
    actions.delete_draft(note_id=draft.pk, by=dana, now=now)
    fresh = actions.save_draft(
        session_id=session_held.pk, version=0, sections={"data": "x"}, by=dana, now=now
    )
    assert fresh.pk != draft.pk
    with pytest.raises(Conflict, match="Another note"):
        actions.restore_draft(note_id=draft.pk, by=dana, now=now)


# --- authors who are gone ---


@pytest.fixture
def orphan(draft, dana) -> Note:
    """Dana's draft; Dana works here no more."""
    dana.is_active = False
    dana.save()
    return draft


def unavailable(note, by, now):
    return actions.add_addendum(
        note_id=note.pk,
        text="The session took place; nothing more is known.",
        reason="Author unavailable",
        author_unavailable=True,
        by=by,
        now=now,
        proven_at=now,
    )


def test_drafts_of_who_left_are_listed_for_the_supervisor_without_their_words(orphan, sam, robin, now):
    (row,) = note_queries.orphans(sam, now)
    assert row == orphan
    assert "content" in row.get_deferred_fields()
    assert not Note.objects.readable_by(sam, at=now).exists()
    assert note_queries.orphans(robin, now) == []


def test_drafts_of_who_is_here_are_nobodys_orphans(draft, sam, now):
    assert note_queries.orphans(sam, now) == []


def test_a_supervisor_signs_that_the_author_is_unavailable_and_the_draft_stays_a_draft(
    orphan, alex, sam, now
):
    unavailable(orphan, sam, now)
    orphan.refresh_from_db()
    assert (orphan.state, orphan.author_unavailable_at) == ("draft", now)
    addendum = Addendum.objects.get()
    assert (addendum.author_unavailable, addendum.signer_name, addendum.is_intact) == (
        True,
        "Sam Ortiz",
        True,
    )
    assert note_queries.orphans(sam, now) == []
    alex.summary.refresh_from_db()
    assert alex.summary.unsigned_notes == 0


def test_nobody_signs_as_the_author_who_left(orphan, sam, now):
    with pytest.raises(NotAllowed, match="for another"):
        actions.sign(session_id=orphan.session_id, version=1, by=sam, now=now, proven_at=now)


def test_a_counselor_does_not_say_so_nor_does_a_supervisor_of_who_is_here(
    draft, orphan, dana, sam, team, now
):
    noor = factories.counselor("Noor Aziz", team=team)
    with pytest.raises(NotAllowed, match="supervisor"):
        unavailable(orphan, noor, now)
    dana.is_active = True
    dana.save()
    with pytest.raises(InvalidTransition, match="still works here"):
        unavailable(draft, sam, now)


def test_a_signed_note_of_who_left_takes_such_an_addendum_too(signed_note, dana, sam, now):
    dana.is_active = False
    dana.save()
    assert unavailable(signed_note, sam, now).author_unavailable
    signed_note.refresh_from_db()
    assert signed_note.author_unavailable_at is None


def test_a_voided_note_takes_none(signed_note, dana, sam, now):
    void(signed_note, sam, now)
    dana.is_active = False
    dana.save()
    with pytest.raises(InvalidTransition, match="set aside"):
        unavailable(signed_note, sam, now)
    with pytest.raises(InvalidTransition, match="set aside"):
        actions.add_addendum(note_id=signed_note.pk, text="x", reason="y", by=sam, now=now, proven_at=now)


def test_both_records_keep_their_part_when_the_clients_are_merged_later(signed_note, dana, sam, kim, now):
    right = held(kim, dana, ended_at=now - 2 * timedelta(hours=1))
    void(signed_note, sam, now)
    actions.write_anew(note_id=signed_note.pk, session_id=right.pk, by=dana, now=now)
    kim.absorbed = [signed_note.client_id]
    assert Note.objects.of(kim).count() == 2
    assert signed(held(kim, dana, ended_at=now - 3 * DAY), now=now - 3 * DAY).is_intact
