"""One's own phrases and templates: nobody else's business, so nothing of them is in the trail but that they changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput
from sessions import formats
from sessions.actions.notes import LONGEST_TEXT
from sessions.integrity import tidy
from sessions.models import Snippet

SNIPPET_SAVED, SNIPPET_REMOVED = "snippet.saved", "snippet.removed"
MOST = 200


@transaction.atomic
def save_phrase(*, word: str, text: str, by: Any, now: datetime, uid: UUID | None = None) -> Snippet:
    """Keep a phrase under a short word, or change one's own. Raises Conflict for a word already taken."""
    require(by, Verb.WRITE_NOTE)
    if not text.strip() or len(text) > LONGEST_TEXT or "\x00" in text:
        raise InvalidInput(_("Write what the word stands for."), field="text")
    snippet = _found_or_new(Snippet.Kind.PHRASE, word, by=by, uid=uid)
    snippet.content = tidy(text)
    return _saved(snippet, by=by, now=now)


@transaction.atomic
def save_template(
    *, word: str, format: str, sections: Mapping[str, str], by: Any, now: datetime, uid: UUID | None = None
) -> Snippet:
    """Keep the beginning of a whole note of one format, or change one's own."""
    require(by, Verb.WRITE_NOTE)
    if format not in formats.FORMATS:
        raise InvalidInput(_("This note format is not known."), field="format")
    keys = formats.FORMATS[format].keys
    words = {key: tidy(sections[key]) for key in keys if sections.get(key, "").strip()}
    if not words:
        raise InvalidInput(_("Fill at least one part."), field=keys[0])
    if any("\x00" in text or len(text) > LONGEST_TEXT for text in words.values()):
        raise InvalidInput(_("This text is too long, or not text."), field=keys[0])
    snippet = _found_or_new(Snippet.Kind.TEMPLATE, word, by=by, uid=uid)
    snippet.format, snippet.sections = format, words
    return _saved(snippet, by=by, now=now)


def _found_or_new(kind: str, word: str, *, by: Any, uid: UUID | None) -> Snippet:
    word = tidy(word).strip()
    if not word or len(word) > 24 or "\x00" in word:
        raise InvalidInput(_("Give it a short word, at most 24 characters."), field="word")
    mine = Snippet.objects.select_for_update().filter(owner=by, kind=kind)
    others = mine.filter(word=word) if uid is None else mine.filter(word=word).exclude(uid=uid)
    if others.exists():
        raise Conflict(_("You have one with this word already."), field="word")
    if uid is None and mine.count() >= MOST:
        raise Conflict(_("There are 200 already. Remove one that you no longer use."), field="word")
    snippet = mine.get(uid=uid) if uid is not None else Snippet(owner=by, kind=kind)
    snippet.word = word
    return snippet


def _saved(snippet: Snippet, *, by: Any, now: datetime) -> Snippet:
    snippet.saved_at = now
    snippet.save()
    audit.record(SNIPPET_SAVED, by=by, at=now, target=snippet)
    return snippet


@transaction.atomic
def remove_snippet(*, uid: UUID, by: Any, now: datetime) -> None:
    """Remove one's own phrase or template; what it was put into stays as it is."""
    require(by, Verb.WRITE_NOTE)
    snippet = Snippet.objects.select_for_update().get(owner=by, uid=uid)
    audit.record(SNIPPET_REMOVED, by=by, at=now, target=snippet)
    snippet.delete()
