"""One's own phrases and templates."""

import pytest
from django.db import IntegrityError, connection, transaction

from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.actions import snippets
from sessions.models import Snippet


def phrase(by, now, word="sleep", text="Slept well.", **more):
    return actions.save_phrase(word=word, text=text, by=by, now=now, **more)


def template(by, now, word="intake", **sections):
    return actions.save_template(word=word, format="dap", sections=sections, by=by, now=now)


def test_a_phrase_belongs_to_one_person_and_its_words_are_closed(dana, sam, now):
    kept = phrase(dana, now)
    assert list(Snippet.objects.visible_to(dana)) == [kept]
    assert not Snippet.objects.visible_to(sam).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM counseling_snippet")
        assert b"Slept" not in bytes(cursor.fetchone()[0])
    row = AuditEvent.objects.get()
    assert (row.verb, row.actor_id, row.detail) == ("snippet.saved", dana.pk, {})


def test_two_people_may_use_the_same_word_and_one_may_not_twice(dana, sam, now):
    phrase(dana, now)
    phrase(sam, now)
    template(dana, now, word="sleep", plan="x")
    with pytest.raises(Conflict) as refusal:
        phrase(dana, now)
    assert refusal.value.field == "word"
    with pytest.raises(IntegrityError), transaction.atomic():
        Snippet.objects.create(owner=dana, kind="phrase", word="sleep", saved_at=now)


def test_changing_ones_own_keeps_its_word(dana, now):
    kept = phrase(dana, now)
    assert phrase(dana, now, text="Slept badly.", uid=kept.uid).content == "Slept badly."
    assert Snippet.objects.count() == 1


@pytest.mark.parametrize(
    ("word", "text", "field"),
    [
        ("", "x", "word"),
        ("w" * 25, "x", "word"),
        ("a\x00", "x", "word"),
        ("w", " ", "text"),
        ("w", "a\x00", "text"),
    ],
)
def test_what_cannot_be_kept_is_refused(dana, now, word, text, field):
    with pytest.raises(InvalidInput) as refusal:
        phrase(dana, now, word=word, text=text)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("format", "sections"),
    [("rhyme", {"plan": "x"}), ("dap", {}), ("dap", {"subjective": "x"}), ("dap", {"plan": "\x00"})],
)
def test_a_template_needs_a_format_and_a_part_of_it(dana, now, format, sections):
    with pytest.raises(InvalidInput):
        actions.save_template(word="x", format=format, sections=sections, by=dana, now=now)


def test_there_is_an_end_to_how_many(dana, now, monkeypatch):
    monkeypatch.setattr(snippets, "MOST", 1)
    phrase(dana, now)
    with pytest.raises(Conflict, match="200"):
        phrase(dana, now, word="other")


def test_nobody_changes_or_removes_anothers(dana, sam, now):
    kept = phrase(dana, now)
    with pytest.raises(Snippet.DoesNotExist):
        phrase(sam, now, uid=kept.uid)
    with pytest.raises(Snippet.DoesNotExist):
        actions.remove_snippet(uid=kept.uid, by=sam, now=now)
    actions.remove_snippet(uid=kept.uid, by=dana, now=now)
    assert not Snippet.objects.exists()
    assert kept.sections == {}


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_who_writes_no_notes_keeps_none(now, who, request):
    with pytest.raises(NotAllowed):
        phrase(request.getfixturevalue(who), now)
    with pytest.raises(NotAllowed):
        template(request.getfixturevalue(who), now, plan="x")


def test_the_database_knows_no_template_without_a_format(dana, now):
    with pytest.raises(IntegrityError, match="template_has"), transaction.atomic():
        Snippet.objects.create(owner=dana, kind="template", word="x", saved_at=now)
