"""What is added after signing has its own text, reason and signature."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.models import Addendum, Note


def add(note, by, now, text="Also met the sister.", reason="Left out"):
    return actions.add_addendum(note_id=note.pk, text=text, reason=reason, by=by, now=now, proven_at=now)


def test_an_addendum_leaves_the_note_as_it_is(signed_note, dana, now):
    before = (
        Note.objects.filter(pk=signed_note.pk)
        .values("version", "saved_at", "content_hash", "signed_at")
        .get()
    )
    addendum = add(signed_note, dana, now, text="  Also met\r\nthe sister.  ")
    addendum.refresh_from_db()
    assert (addendum.text, addendum.reason) == ("Also met\nthe sister.", "Left out")
    assert (addendum.author, addendum.signer_name, addendum.credential) == (dana, "Dana Reyes", "LADC")
    assert (addendum.signed_at, addendum.is_intact) == (now, True)
    after = (
        Note.objects.filter(pk=signed_note.pk)
        .values("version", "saved_at", "content_hash", "signed_at")
        .get()
    )
    assert after == before


def test_the_hash_of_an_addendum_tells_when_a_word_was_changed(signed_note, dana, now):
    addendum = add(signed_note, dana, now)
    addendum.text = "Also met the brother."
    assert not addendum.is_intact


def test_addenda_are_read_in_the_order_of_their_time(signed_note, dana, sam, now):
    later = add(signed_note, sam, now + timedelta(days=2), text="Reviewed.")
    earlier = add(signed_note, dana, now)
    assert list(signed_note.addenda.all()) == [earlier, later]


def test_a_supervisor_can_add_under_their_own_name(signed_note, sam, now):
    assert add(signed_note, sam, now, reason="Author unavailable").signer_name == "Sam Ortiz"


def test_a_draft_takes_no_addendum_and_the_attempt_is_kept(draft, dana, now):
    with pytest.raises(InvalidTransition, match="still a draft"):
        add(draft, dana, now)
    assert not Addendum.objects.exists()
    refused = AuditEvent.objects.get(verb="note.refused")
    assert (refused.detail["act"], refused.client_id) == ("add_addendum", draft.client_id)


def test_the_database_refuses_an_addendum_to_a_draft_too(draft, dana, now):
    with pytest.raises(IntegrityError, match="after signing"), transaction.atomic():
        Addendum.objects.bulk_create(
            [Addendum(note=draft, text="x", reason="y", author=dana, content_hash="a" * 64, signed_at=now)]
        )


@pytest.mark.parametrize(
    ("text", "reason", "field"),
    [("", "why", "text"), (" ", "why", "text"), ("x", "", "reason"), ("a\x00", "why", "text")],
)
def test_text_and_reason_are_both_needed(signed_note, dana, now, text, reason, field):
    with pytest.raises(InvalidInput) as refusal:
        add(signed_note, dana, now, text=text, reason=reason)
    assert refusal.value.field == field


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_people_without_the_verb_add_nothing(signed_note, now, who, request):
    with pytest.raises(NotAllowed):
        add(signed_note, request.getfixturevalue(who), now)


def test_the_system_signs_nothing(signed_note, now):
    with pytest.raises(NotAllowed):
        add(signed_note, None, now)


def test_text_and_reason_are_not_readable_in_the_database(signed_note, dana, now):
    add(signed_note, dana, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, reason FROM counseling_addendum")
        stored = b"".join(bytes(part) for part in cursor.fetchone())
    assert b"sister" not in stored
    assert b"Left" not in stored


def test_an_addendum_that_cannot_be_traced_is_not_kept(signed_note, dana, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        add(signed_note, dana, now)
    assert not Addendum.objects.exists()


def test_who_may_not_see_the_client_does_not_see_its_addenda(signed_note, dana, sam, robin, ada, now):
    addendum = add(signed_note, dana, now)
    for reader in (dana, sam):
        assert list(Addendum.objects.visible_to(reader, at=now)) == [addendum]
    for other in (robin, ada):
        assert not Addendum.objects.visible_to(other, at=now).exists()
    assert str(addendum) == str(addendum.uid)
    assert "Alex" not in str(signed_note)
