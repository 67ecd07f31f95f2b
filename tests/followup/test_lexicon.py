"""The crisis words: as shipped, as the practice keeps them, and without any that can be read (clinical.md §5.3)."""

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError

from casework.followup import actions
from casework.followup.inbox import crisis, lexicon
from casework.followup.models import CrisisWord
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from tests.followup.making import texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgetful():
    """No words of one test hold in the next."""
    lexicon.forget()
    yield
    lexicon.forget()


def fires(text):
    lexicon.forget()
    return bool(lexicon.current().found_in(crisis.normalise(text)))


# --- as shipped ------------------------------------------------------------------------------------------------------
def test_the_table_holds_the_words_as_shipped():
    in_table = set(CrisisWord.objects.values_list("language", "phrase", "folded", "active", "why"))
    shipped = {
        (row["language"], row["phrase"], row["folded"], row["active"], row["why"])
        for row in crisis.shipped_rows()
    }
    assert in_table == shipped
    assert {language for language, *_rest in shipped} == {"en", "es"}


def test_every_doubtful_word_says_why_it_waits_and_nothing_shipped_claims_a_review():
    assert not CrisisWord.objects.filter(active=False, why="").exists()
    assert not CrisisWord.objects.exclude(reviewed_at=None).exists()


@pytest.mark.parametrize("row", crisis.shipped_rows(), ids=lambda row: f"{row['language']}-{row['phrase']}")
def test_each_active_word_fires_by_itself_and_a_doubtful_one_does_not(row):
    text = row["phrase"].removesuffix("*")
    text = f"{text}x" if row["phrase"].endswith("*") else text
    assert bool(crisis.shipped().found_in(crisis.normalise(text))) is row["active"]


@pytest.mark.parametrize(
    "text",
    [
        "kms",
        "im gonna kms tonight",
        "i want to unalive myself",
        "unaliving seems easier",
        "gonna end it",
        "I wanna end it",
        "going to od tonight",
        "i od last night",
        "she od'ed",
        "i am sucidal",
        "thinking about suiside",
        "killmyself",
        "kill my self",
        "wish I was dead",
        "I don’t want to be here anymore",
        "took the whole bottle",
        "can't wake him up",
        "his lips are blue",
        "me quiero matar",
        "no quiero seguir viviendo",
        "quiero hacerme daño",
        "se tomó muchas pastillas",
        "mi mamá no respira",
        "tengo una pistola",
    ],
)
def test_short_forms_and_misspellings_that_mean_it_fire(text):
    assert fires(text)


@pytest.mark.parametrize(
    "text",
    [
        "kys lol",  # said to somebody else
        "can we end it at 5",
        "let's end it there",
        "my OD changed my glasses",
        "Oded is my cousin",
        "the odd one out",
        "this heat will kill me",
        "I could kill him for being late",
        "taking my life back",
        "cut myself shaving",
        "I'm done with work at 6",
        "jump off the call",
        "no puedo más con este calor",
        "me muero de hambre",
        "una pregunta sobre dosis",
        "arma el mueble",
        "comadreja",
        "skms",
    ],
)
def test_what_people_say_every_day_does_not(text):
    assert not fires(text)


# --- as the practice keeps them --------------------------------------------------------------------------------------
def add(by, now, phrase="goodbye everyone", language="en", **more):
    return actions.add_crisis_word(phrase=phrase, language=language, by=by, now=now, **more)


def test_an_added_word_holds_at_once_and_is_folded_like_every_message(
    sam, now, django_capture_on_commit_callbacks
):
    assert not fires("¡ADIÓS,  a todos!")
    with django_capture_on_commit_callbacks(execute=True):
        word = add(sam, now, phrase=" adiós   a todos ", language="es", why="Two clients wrote it")
    assert lexicon.current().found_in(crisis.normalise("¡ADIÓS,  a todos!"))
    assert (word.phrase, word.folded, word.added_by, word.active) == (
        "adiós a todos",
        "ADIOS A TODOS",
        sam,
        True,
    )
    assert AuditEvent.objects.filter(verb="crisis_word.added", actor_id=sam.pk).count() == 1


def test_a_process_that_knows_nothing_of_the_change_follows_within_seconds(sam, now, monkeypatch):
    assert lexicon.current().found_in("KMS")
    CrisisWord.objects.filter(phrase="kms").update(active=False)
    assert lexicon.current().found_in("KMS")  # still fresh
    later = time.monotonic() + lexicon.FRESH_FOR
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not lexicon.current().found_in("KMS")


def test_a_message_costs_no_look_at_the_table_while_the_words_are_fresh(django_assert_num_queries):
    lexicon.current()
    with django_assert_num_queries(0):
        lexicon.current()


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("", "2 to 60"),
        ("x", "2 to 60"),
        ("!!!", "2 to 60"),
        ("a" * 61, "2 to 60"),
        ("die*", "four letters"),
        ("kill* me", "at the end"),
        ("*", "2 to 60"),
        ("stop", "command"),
        ("Help", "command"),
        ("no más", "command"),
        ("yes!", "command"),
        ("opt out", "command"),
    ],
)
def test_a_word_that_would_fire_on_what_is_no_crisis_is_declined(sam, now, phrase, why):
    with pytest.raises(InvalidInput, match=why) as declined:
        add(sam, now, phrase=phrase)
    assert declined.value.field == "phrase"


def test_a_word_is_there_once_a_language(sam, now):
    with pytest.raises(Conflict):
        add(sam, now, phrase="KMS!")
    with pytest.raises(InvalidInput):
        add(sam, now, language="fr")
    assert add(sam, now, phrase="kms", language="es").pk


def test_switching_off_asks_why_and_switching_on_does_not(sam, ada, now):
    word = CrisisWord.objects.get(phrase="gun")
    with pytest.raises(InvalidInput) as declined:
        actions.switch_crisis_word(word_id=word.pk, on=False, by=sam, now=now, why=" ")
    assert declined.value.field == "why"
    actions.switch_crisis_word(word_id=word.pk, on=False, by=sam, now=now, why="A hunting town")
    assert not fires("my gun")
    again = actions.switch_crisis_word(word_id=word.pk, on=True, by=ada, now=now)
    assert fires("my gun")
    assert (again.active, again.why) == (True, "A hunting town")
    actions.switch_crisis_word(word_id=word.pk, on=True, by=ada, now=now)
    assert AuditEvent.objects.filter(verb__in=["crisis_word.off", "crisis_word.on"]).count() == 2


def test_a_review_says_who_and_when(sam, now):
    word = actions.review_crisis_word(word_id=CrisisWord.objects.get(phrase="kys").pk, by=sam, now=now)
    assert (word.reviewed_by, word.reviewed_at, word.active) == (sam, now, False)
    later = actions.review_crisis_word(word_id=word.pk, by=sam, now=now + timedelta(days=90))
    assert later.reviewed_at == now + timedelta(days=90)


def test_counselors_and_auditors_keep_no_words(dana, audrey, now):
    pk = CrisisWord.objects.order_by("pk").first().pk
    for by in (dana, audrey):
        for act in (
            lambda by=by: add(by, now),
            lambda by=by: actions.switch_crisis_word(word_id=pk, on=False, by=by, now=now, why="x"),
            lambda by=by: actions.review_crisis_word(word_id=pk, by=by, now=now),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_without_the_trail_no_word_changes(sam, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    pk = CrisisWord.objects.get(phrase="gun").pk
    for act in (
        lambda: add(sam, now),
        lambda: actions.switch_crisis_word(word_id=pk, on=False, by=sam, now=now, why="x"),
        lambda: actions.review_crisis_word(word_id=pk, by=sam, now=now),
    ):
        with pytest.raises(RuntimeError):
            act()
    assert CrisisWord.objects.count() == len(crisis.shipped_rows())
    assert CrisisWord.objects.get(pk=pk).active


# --- never without words ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["emptied", "all switched off"])
def test_without_any_word_those_that_were_shipped_hold(alex, now, how):
    if how == "emptied":
        CrisisWord.objects.all().delete()
    else:
        CrisisWord.objects.update(active=False)
    lexicon.forget()
    assert texts(alex, "I want to die", now).crisis


def test_a_table_that_cannot_be_read_costs_neither_the_crisis_nor_the_message(alex, now, monkeypatch):
    def away(*args):
        raise DatabaseError("relation does not exist")

    monkeypatch.setattr(CrisisWord.objects, "active", away)
    lexicon.forget()
    assert texts(alex, "I want to die", now).crisis
    assert alex.todos.open().filter(kind="crisis").exists()


def test_a_lexicon_of_nothing_finds_nothing():
    assert crisis.of([]).found_in("I WANT TO DIE") == ()
    assert crisis.of(["", " ", "*"]).found_in("ANYTHING") == ()
