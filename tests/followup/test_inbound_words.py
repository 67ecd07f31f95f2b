"""The order in which a client's message is understood, with every golden of clinical.md §5.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.followup.inbox import crisis
from casework.followup.inbox.folding import normalise
from casework.followup.inbox.words import Meaning, read
from clients.jurisdiction import jurisdiction

US = jurisdiction("US")


def understood(body, **options):
    return read(body, US, crisis.shipped(), **options)


@pytest.mark.parametrize(
    ("body", "meaning", "crisis", "opt_out"),
    [
        ("STOP", Meaning.OPT_OUT, False, True),
        ("stop.", Meaning.OPT_OUT, False, True),
        ("Stop texting me", Meaning.OPT_OUT, False, True),
        ("I want to quit using", Meaning.OTHER, False, False),
        ("I just want to end it", Meaning.CRISIS, True, False),
        ("END", Meaning.OPT_OUT, False, True),
        ("quit", Meaning.OPT_OUT, False, True),
        ("I can't stop", Meaning.OTHER, False, False),
        ("STOP I want to die", Meaning.CRISIS, True, True),
        ("No más", Meaning.OPT_OUT, False, True),
        ("help me", Meaning.OTHER, False, False),
        ("HELP", Meaning.HELP, False, False),
        ("1", Meaning.OK, False, False),
        ("2", Meaning.CALL, False, False),
        ("Who is this?", Meaning.OTHER, False, False),
    ],
)
def test_the_goldens_of_the_reference(body, meaning, crisis, opt_out):
    reading = understood(body)
    assert (reading.meaning, reading.crisis, reading.opt_out) == (meaning, crisis, opt_out)


def test_a_plea_for_help_is_urgent_for_a_person_to_read():
    assert understood("help me").urgent
    assert understood("ayuda por favor no puedo").urgent
    assert not understood("HELP").urgent
    assert not understood("that was helpful").urgent


@pytest.mark.parametrize("word", sorted(US.opt_out_words))
@pytest.mark.parametrize("dress", ["{}", "  {} ", "{}!", "“{}”", "{} please", "{}, por favor"])
def test_every_opt_out_word_stops_however_it_is_dressed(word, dress):
    assert understood(dress.format(word.title())).meaning is Meaning.OPT_OUT


@pytest.mark.parametrize(
    "body",
    [
        "please stop messaging me",
        "Don’t text me again",
        "dont text me",
        "leave me alone!!",
        "take me off this list",
        "no me escriba más",
        "Ya no quiero mensajes",
        "No me mande nada",
    ],
)
def test_a_phrase_that_asks_us_to_stop_stops(body):
    reading = understood(body)
    assert (reading.meaning, reading.wrong_number) == (Meaning.OPT_OUT, False)


@pytest.mark.parametrize("body", ["Wrong number", "sorry, wrong number.", "Número equivocado"])
def test_a_wrong_number_stops_and_says_so(body):
    reading = understood(body)
    assert reading.opt_out
    assert reading.wrong_number


@pytest.mark.parametrize(
    "body",
    [
        "kill myself",
        "thinking about suicide",
        "I'm suicidal",
        "I wanna end my life",
        "end it all",
        "I want to die.",
        "better off dead",
        "I can’t go on",
        "cant go on",
        "I will hurt myself",
        "he overdosed",
        "I od’d",
        "took too many",
        "can't breathe",
        "she is not waking up",
        "had a seizure",
        "I could hurt someone",
        "I have a gun",
        "quiero matarme",
        "suicidio",
        "quiero morir",
        "quitarme la vida",
        "no quiero vivir",
        "me tomé muchas",
        "sobredosis",
        "convulsión",
        "mi hijo no despierta",
        "kill... myself",
        "I want to die😢",
        "AYUDA quiero morir",
        "she wrote 'kill myself' again",
        "thinking of 'suicide' a lot",
    ],
)
def test_a_word_of_the_lexicon_is_a_crisis(body):
    assert understood(body).meaning is Meaning.CRISIS


@pytest.mark.parametrize(
    "body",
    [
        "según mi hermana",
        "alguna vez",
        "we have begun",
        "odd day today",
        "the end of the week",
        "I'm dying to see you",
        "good guns? no",
        "ended well",
        "Gunnar says hi",
    ],
)
def test_everyday_words_are_not_a_crisis(body):
    assert not understood(body).crisis


@pytest.mark.parametrize("body", ["end it all", "End my life"])
def test_a_crisis_that_begins_like_an_opt_out_takes_back_no_permission(body):
    assert (understood(body).crisis, understood(body).opt_out) == (True, False)


@pytest.mark.parametrize("body", ["STOP-I want to die", "Stop...I want to die", "“STOP” I want to die"])
def test_a_stop_before_a_crisis_counts_however_it_is_joined_on(body):
    assert (understood(body).crisis, understood(body).opt_out) == (True, True)


@pytest.mark.parametrize("body", ["STOP 🛑", "🛑 stop", "STOP 🙏🏽"])
def test_a_picture_beside_stop_changes_nothing(body):
    assert understood(body).meaning is Meaning.OPT_OUT


@pytest.mark.parametrize("body", ["2 🙏", "2️⃣", "👍 2"])
def test_a_picture_beside_a_two_changes_nothing(body):
    assert understood(body).meaning is Meaning.CALL


def test_start_asks_to_be_texted_again():
    assert understood("start").meaning is Meaning.OPT_IN
    assert understood("UNSTOP").meaning is Meaning.OPT_IN


def test_yes_is_an_opt_in_only_after_a_keyword_opt_out():
    assert understood("Yes").meaning is Meaning.OTHER
    assert understood("Yes", opted_out_by_keyword=True).meaning is Meaning.OPT_IN


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ("c", Meaning.CONFIRM),
        ("R.", Meaning.RESCHEDULE),
        ("info", Meaning.HELP),
        ("Ayuda", Meaning.HELP),
        ("1!", Meaning.OK),
        ("2.", Meaning.CALL),
    ],
)
def test_quick_replies(body, meaning):
    assert understood(body).meaning is meaning


@pytest.mark.parametrize("body", ["sí", "no", "12", "1 2", ""])
def test_what_no_rule_knows_is_for_a_person(body):
    assert understood(body).meaning is Meaning.OTHER


def test_normalising_folds_width_accents_apostrophes_and_spaces():
    assert normalise("  ¡Ｎｏ   más, don’t!  ") == "NO MAS, DON'T"


@given(st.text(max_size=200))
def test_any_text_is_understood_without_failing_and_a_crisis_is_never_hidden_by_what_surrounds_it(noise):
    assert understood(noise).meaning in Meaning
    assert understood(f"{noise} I want to die. {noise}").crisis


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
