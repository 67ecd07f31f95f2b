"""Keeping the words that make a message a crisis: adding, switching on and off, and saying that one was reviewed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup.inbox import crisis, lexicon
from casework.followup.inbox.words import QUICK_REPLIES
from casework.followup.models import CrisisWord
from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput
from clients.jurisdiction import jurisdiction
from clients.models import Practice

SHORTEST, SHORTEST_STEM, LONGEST = 2, 4, 60  # letters; a short stem with any ending fires on everyday words


@transaction.atomic
def add_crisis_word(*, phrase: str, language: str, by: Any, now: datetime, why: str = "") -> CrisisWord:
    """Add a word or phrase; it holds from now on. Raises InvalidInput for one that would fire on what is no crisis,
    Conflict for one that is there already."""
    require(by, Verb.KEEP_WATCH)
    if language not in CrisisWord.Language.values:
        raise InvalidInput(_("Choose the language."), field="language")
    phrase = " ".join(phrase.split())
    folded = crisis.fold(phrase)
    _check(phrase, folded)
    if CrisisWord.objects.filter(language=language, folded=folded).exists():
        raise Conflict(_("This word is on the list already; it may be switched off."), field="phrase")
    word = CrisisWord.objects.create(
        phrase=phrase, folded=folded, language=language, why=why.strip(), added_at=now, added_by=by
    )
    _note("added", word, by=by, now=now)
    return word


def _check(phrase: str, folded: str) -> None:
    """A word that is a command, or too short to mean anything, would make every other message a crisis."""
    stem = folded.removesuffix(crisis.ANY_ENDING)
    if crisis.ANY_ENDING in phrase[:-1]:
        raise InvalidInput(_("The * stands at the end, for any ending."), field="phrase")
    if len(phrase) > LONGEST or len(stem.replace(" ", "")) < SHORTEST:
        raise InvalidInput(_("Give a word or phrase of 2 to 60 letters."), field="phrase")
    if folded != stem and len(stem) < SHORTEST_STEM:
        raise InvalidInput(_("Before a * stand at least four letters."), field="phrase")
    place = jurisdiction(Practice.current().jurisdiction)
    if folded in {*place.opt_out_words, *place.opt_in_words, *place.help_words, *QUICK_REPLIES}:
        raise InvalidInput(_("This word is a command of its own, like STOP or HELP."), field="phrase")


@transaction.atomic
def switch_crisis_word(*, word_id: int, on: bool, by: Any, now: datetime, why: str = "") -> CrisisWord:
    """Let a word hold, or no longer. Switching off asks why. To switch to what is so already changes nothing."""
    require(by, Verb.KEEP_WATCH)
    word = CrisisWord.objects.select_for_update(of=("self",)).get(pk=word_id)
    if word.active == on:
        return word
    if not on and not why.strip():
        raise InvalidInput(_("Say why it no longer holds."), field="why")
    word.active = on
    word.why = why.strip() or word.why
    word.save(update_fields=["active", "why"])
    _note("on" if on else "off", word, by=by, now=now)
    return word


@transaction.atomic
def review_crisis_word(*, word_id: int, by: Any, now: datetime) -> CrisisWord:
    """Somebody has looked at the word and stands by it as it is. The latest review is kept."""
    require(by, Verb.KEEP_WATCH)
    word = CrisisWord.objects.select_for_update(of=("self",)).get(pk=word_id)
    word.reviewed_at, word.reviewed_by = now, by
    word.save(update_fields=["reviewed_at", "reviewed_by"])
    _note("reviewed", word, by=by, now=now)
    return word


def _note(what: str, word: CrisisWord, *, by: Any, now: datetime) -> None:
    """The trail, and every process of this machine reads the words anew; the others do within seconds."""
    audit.record(f"crisis_word.{what}", by=by, at=now, target=word)
    transaction.on_commit(lexicon.forget)
