"""A second name under a trainee's note, or back to its author (clinical.md §9.2, golden transitions)."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clients import absences
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Supervision, TeamMembership
from sessions import actions
from sessions.integrity import content_hash
from sessions.models import Note, NoteReturn, Signature
from tests import factories
from tests.sessions.conftest import WORDS, drafted, held, signed

DAY = timedelta(days=1)


@pytest.fixture
def tess(team):
    """Tess, in training."""
    return factories.counselor("Tess Imani", team=team, is_trainee=True)


@pytest.fixture
def casey(tess, team):
    """Casey, Tess's client."""
    return factories.client_of(tess, team=team, given_name="Casey", family_name="Lund")


@pytest.fixture
def waiting(casey, tess, now) -> Note:
    """Tess's signed note, awaiting its co-signature."""
    return signed(held(casey, tess, ended_at=now - timedelta(hours=1)), now=now)


def cosign(note, by, now, version=None):
    return actions.cosign(note_id=note.pk, version=version or note.version, by=by, now=now, proven_at=now)


def send_back(note, by, now, comment="Say what the client said."):
    return actions.return_note(note_id=note.pk, version=note.version, comment=comment, by=by, now=now)


def test_a_trainees_signature_asks_for_another_within_seven_days(waiting, tess, now):
    waiting.refresh_from_db()
    assert (waiting.state, waiting.cosign_due_at) == ("needs_cosign", now + 7 * DAY)
    assert waiting.is_signed
    row = waiting.signatures.get()
    assert (row.meaning, row.signer, row.signer_name, row.credential) == (
        "author",
        tess,
        "Tess Imani",
        "LADC",
    )
    assert (row.version, row.signed_at, row.content_hash) == (1, now, waiting.content_hash)


def test_an_independent_signature_is_final_at_once(signed_note):
    assert signed_note.state == "final"
    assert signed_note.cosign_due_at is None
    assert list(signed_note.signatures.values_list("meaning", flat=True)) == ["author"]


def test_the_supervisors_co_signature_makes_it_final(waiting, sam, now):
    cosign(waiting, sam, now + DAY)
    waiting.refresh_from_db()
    assert waiting.state == "final"
    assert waiting.is_intact
    row = waiting.signatures.get(meaning="cosigner")
    assert (row.signer_name, row.signed_at, row.version) == ("Sam Ortiz", now + DAY, 1)
    assert row.content_hash == waiting.content_hash
    trail = AuditEvent.objects.get(verb="note.cosigned")
    assert (trail.actor_id, trail.client_id, trail.detail["hash"]) == (
        sam.pk,
        waiting.client_id,
        waiting.content_hash,
    )


def test_nobody_co_signs_their_own_note(casey, team, now):
    lead = factories.supervisor("Lee Park", team=team, is_trainee=True)
    factories.assign(casey, lead, role="covering")
    note = signed(held(casey, lead, ended_at=now - timedelta(hours=2)), now=now)
    assert note.state == "needs_cosign"
    with pytest.raises(NotAllowed, match="their own"):
        cosign(note, lead, now)
    assert AuditEvent.objects.get(verb="note.refused").detail["act"] == "cosign"


def test_the_database_takes_no_co_signature_of_the_author_for_one(waiting, tess, now):
    Signature.objects.create(
        note=waiting,
        meaning="cosigner",
        version=1,
        signer=tess,
        content_hash=waiting.content_hash,
        signed_at=now,
    )
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        Note.objects.filter(pk=waiting.pk).update(state="final")


def test_a_supervisor_in_training_co_signs_nothing(waiting, team, now):
    lead = factories.supervisor("Lee Park", team=team, is_trainee=True)
    with pytest.raises(NotAllowed, match="supervises the author"):
        cosign(waiting, lead, now)


@pytest.mark.parametrize("who", ["dana", "robin", "ada", "audrey"])
def test_people_without_the_verb_co_sign_and_return_nothing(waiting, now, who, request):
    by = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        cosign(waiting, by, now)
    with pytest.raises(NotAllowed):
        send_back(waiting, by, now)
    assert Note.objects.get().state == "needs_cosign"


def test_the_system_signs_and_returns_nothing(waiting, now):
    with pytest.raises(NotAllowed):
        cosign(waiting, None, now)
    with pytest.raises(NotAllowed):
        send_back(waiting, None, now)


def test_a_supervisor_of_another_team_does_not_co_sign(waiting, practice, now):
    other = factories.supervisor("Ola Berg", team=factories.TeamFactory(site__practice=practice))
    with pytest.raises(NotAllowed, match="supervises the author"):
        cosign(waiting, other, now)
    assert not Note.objects.cosignable_by(other, at=now).exists()


def test_who_was_named_to_supervise_the_author_co_signs(waiting, tess, practice, now):
    named = factories.supervisor("Ola Berg", team=factories.TeamFactory(site__practice=practice))
    Supervision.objects.create(supervisor=named, supervisee=tess, from_on=now.date())
    assert cosign(waiting, named, now).state == "final"


@pytest.mark.parametrize("how", ["team", "named"])
def test_who_supervised_at_signing_still_may_though_no_longer_now(waiting, tess, sam, practice, now, how):
    signer = sam
    if how == "named":
        signer = factories.supervisor("Ola Berg", team=factories.TeamFactory(site__practice=practice))
        Supervision.objects.create(
            supervisor=signer, supervisee=tess, from_on=date(2026, 1, 1), to_on=now.date()
        )
    else:
        TeamMembership.objects.filter(user=sam).update(to_on=now.date())
    later = now + 3 * DAY
    assert list(Note.objects.readable_by(signer, at=later)) == [waiting]
    assert cosign(waiting, signer, later).state == "final"


def test_who_supervised_only_before_the_signature_may_not(waiting, sam, now):
    TeamMembership.objects.filter(user=sam).update(to_on=now.date() - DAY)
    with pytest.raises(NotAllowed):
        cosign(waiting, sam, now)


def test_who_supervises_only_since_the_signature_may(waiting, team, now):
    fresh = factories.UserFactory(full_name="Fay New", role="supervisor")
    TeamMembership.objects.create(team=team, user=fresh, is_supervisor=True, from_on=(now + DAY).date())
    assert not Note.objects.cosignable_by(fresh, at=now).exists()
    assert cosign(waiting, fresh, now + 2 * DAY).state == "final"


def test_who_covers_for_the_supervisor_co_signs_meanwhile(waiting, sam, practice, now):
    cover = factories.supervisor("Ola Berg", team=factories.TeamFactory(site__practice=practice))
    absences.arrange_absence(user=sam, starts_at=now, ends_at=now + DAY, cover=cover, by=sam, now=now)
    assert Note.objects.cosignable_by(cover, at=now + DAY / 2).exists()
    assert not Note.objects.cosignable_by(cover, at=now + DAY).exists()


def test_a_final_note_and_a_draft_are_not_co_signed(signed_note, casey, tess, sam, now):
    draft = drafted(held(casey, tess, ended_at=now - 2 * DAY), now=now)
    for note in (signed_note, draft):
        with pytest.raises(InvalidTransition, match="does not await"):
            cosign(note, sam, now)
        with pytest.raises(InvalidTransition):
            send_back(note, sam, now)


def test_one_co_signs_what_one_has_read(waiting, sam, now):
    with pytest.raises(Conflict, match="Read it again"):
        cosign(waiting, sam, now, version=2)


def test_a_returned_note_is_its_authors_draft_again_with_the_comment(waiting, tess, sam, now):
    before = waiting.content_hash
    note = send_back(waiting, sam, now + DAY)
    note.refresh_from_db()
    assert (note.state, note.version, note.signed_at, note.signer_name) == ("returned", 2, None, "")
    back = note.returns.get()
    assert (back.comment, back.by, back.by_name, back.version) == (
        "Say what the client said.",
        sam,
        "Sam Ortiz",
        1,
    )
    row = note.signatures.get()  # the returned signature stays, and what it was given for can still be shown
    assert row.content_hash == before == back.content_hash
    assert WORDS["data"] in back.signed_text
    assert not Note.objects.readable_by(sam, at=now).exists()
    assert Note.objects.readable_by(tess, at=now).exists()


def test_what_was_signed_before_the_return_still_fits_its_hash(waiting, sam, now):
    send_back(waiting, sam, now)
    back = NoteReturn.objects.get()
    assert content_hash(json.loads(back.signed_text)) == back.content_hash


def test_a_returned_note_is_changed_signed_again_and_co_signed(waiting, tess, sam, now):
    send_back(waiting, sam, now)
    with pytest.raises(InvalidInput, match="sent this note back"):
        actions.sign(session_id=waiting.session_id, version=2, by=tess, now=now, proven_at=now)
    note = actions.save_draft(
        session_id=waiting.session_id,
        version=2,
        sections={**WORDS, "data": "Casey said so."},
        by=tess,
        now=now,
    )
    assert (note.state, note.version) == ("draft", 3)
    note = actions.sign(session_id=waiting.session_id, version=3, by=tess, now=now + DAY, proven_at=now + DAY)
    assert (note.state, note.cosign_due_at) == ("needs_cosign", now + 8 * DAY)
    cosign(note, sam, now + 2 * DAY)
    told = [(row.meaning, row.version) for row in note.signatures.all()]
    assert told == [("author", 1), ("author", 3), ("cosigner", 3)]


def test_an_author_who_is_independent_meanwhile_needs_no_second_name(waiting, tess, sam, now):
    send_back(waiting, sam, now)
    tess.is_trainee = False
    tess.save()
    actions.save_draft(
        session_id=waiting.session_id, version=2, sections={**WORDS, "plan": "Other."}, by=tess, now=now
    )
    note = actions.sign(session_id=waiting.session_id, version=3, by=tess, now=now, proven_at=now)
    assert note.state == "final"


@pytest.mark.parametrize("comment", ["", "  \n", "a\x00b"])
def test_a_return_says_why(waiting, sam, now, comment):
    with pytest.raises(InvalidInput) as refusal:
        send_back(waiting, sam, now, comment)
    assert refusal.value.field == "comment"
    assert not NoteReturn.objects.exists()


def test_a_final_note_is_not_returned(waiting, sam, now):
    cosign(waiting, sam, now)
    with pytest.raises(InvalidTransition):
        send_back(waiting, sam, now)


def test_a_returned_note_is_not_deleted(waiting, tess, sam, now):
    send_back(waiting, sam, now)
    with pytest.raises(InvalidTransition, match="signed once"):
        actions.delete_draft(note_id=waiting.pk, by=tess, now=now)


def test_the_words_of_a_return_are_not_readable_in_the_database(waiting, sam, now):
    send_back(waiting, sam, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT comment, signed_text FROM counseling_notereturn")
        stored = b"".join(bytes(part) for part in cursor.fetchone())
    assert b"client" not in stored


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE counseling_signature SET signer_name = 'x'",
        "DELETE FROM counseling_signature",
        "TRUNCATE counseling_signature",
        "UPDATE counseling_notereturn SET version = 9",
        "DELETE FROM counseling_notereturn",
        "UPDATE counseling_note SET state = 'final'",
        "UPDATE counseling_note SET state = 'returned', signed_at = NULL, signed_by_id = NULL, content_hash = ''",
        "UPDATE counseling_note SET state = 'draft', signed_at = NULL, signed_by_id = NULL, content_hash = ''",
        "UPDATE counseling_note SET cosign_due_at = cosign_due_at + interval '1 year'",
        "DELETE FROM counseling_note",
    ],
)
def test_raw_sql_of_the_owner_gets_past_none_of_it(waiting, casey, tess, sam, now, sql):
    other = signed(held(casey, tess, ended_at=now - 2 * DAY), now=now)
    send_back(other, sam, now)
    Note.objects.filter(pk=other.pk).update(saved_at=now)  # a draft again: the database lets it be
    with pytest.raises(IntegrityError):
        run(sql)


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)


def test_a_trainees_addendum_needs_a_second_name_too(waiting, tess, sam, now):
    cosign(waiting, sam, now)
    added = actions.add_addendum(
        note_id=waiting.pk, text="The sister came.", reason="Left out", by=tess, now=now, proven_at=now
    )
    assert (added.needs_cosign, added.cosign_due_at) == (True, now + 7 * DAY)
    with pytest.raises(NotAllowed):
        actions.cosign_addendum(addendum_id=added.pk, by=tess, now=now, proven_at=now)
    actions.cosign_addendum(addendum_id=added.pk, by=sam, now=now, proven_at=now)
    assert [row.meaning for row in added.signatures.all()] == ["author", "cosigner"]
    with pytest.raises(InvalidTransition, match="does not await"):
        actions.cosign_addendum(addendum_id=added.pk, by=sam, now=now, proven_at=now)
    assert AuditEvent.objects.filter(verb="note.addendum_cosigned", client_id=waiting.client_id).count() == 1


def test_another_teams_supervisor_co_signs_no_addendum(waiting, tess, sam, practice, now):
    cosign(waiting, sam, now)
    added = actions.add_addendum(
        note_id=waiting.pk, text="The sister came.", reason="Left out", by=tess, now=now, proven_at=now
    )
    other = factories.supervisor("Ola Berg", team=factories.TeamFactory(site__practice=practice))
    with pytest.raises(NotAllowed, match="supervises the author"):
        actions.cosign_addendum(addendum_id=added.pk, by=other, now=now, proven_at=now)


def test_a_note_awaiting_its_co_signature_takes_no_addendum(waiting, tess, now):
    with pytest.raises(InvalidTransition, match="awaits its co-signature"):
        actions.add_addendum(note_id=waiting.pk, text="x", reason="y", by=tess, now=now, proven_at=now)


def test_a_note_awaiting_its_co_signature_is_no_longer_unsigned(waiting, casey):
    casey.summary.refresh_from_db()
    assert casey.summary.unsigned_notes == 0
    assert waiting.session.written.is_signed


def test_a_returned_one_is_unsigned_again(waiting, casey, sam, now):
    send_back(waiting, sam, now)
    casey.summary.refresh_from_db()
    assert casey.summary.unsigned_notes == 1
