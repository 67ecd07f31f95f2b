"""What a message may not say (clinical.md §5.2)."""

import re

import pytest

from casework.followup.messages import lint
from casework.followup.messages.texts import FOOT, LANGUAGES, SUBJECT, language_for
from clients.catalogue import starter_catalogue
from clients.segments import measure
from clients.telling import Problem, problems
from tests.followup.making import SHIPPED

EVERY_SMS = [(language, key) for key, by in SHIPPED.wordings("sms").items() for language in by]
EVERY_EMAIL = [
    (language, key)
    for key, by in SHIPPED.wordings("email").items()
    for language in by
    if key not in {SUBJECT, FOOT}
]
OF_MEDICINES = (
    "mg",
    "mcg",
    "%",
    "doses?",
    "dosis",
    "taper.*",
    "stop taking",
    "skip",
    "cut down",
    "deje de tomar",
)
NOT_NAMES = {"opioid-unnamed", "sedative-unnamed"}
NO_NAMES = {"", "other", "otros", "adulterant", "adulterante"}
SAMPLE = {**lint.LONGEST, "first": "Sam", "counselor": "Dana"}


def rules(text, **options):
    return {problem.rule for problem in problems(text, **options)}


@pytest.mark.parametrize(
    "text",
    [
        "after your relapse",
        "RELAPSED?",
        "su recaída",
        "stay sober",
        "sobriety counts",
        "sobrio",
        "addicts",
        "adicción",
        "drugs",
        "droga",
        "alcohol-free",
        "substances",
        "rehab",
        "detoxing",
        "in recovery",
        "recuperación",
        "naloxone",
        "Narcan",
        "methadone",
        "metadona",
        "Suboxone",
        "cravings",
        "your disorder",
        "emotional",
        "stop taking it",
        "cut down your pills",
        "cocaine",
        "cocaína",
        "ketamine",
        "pregabalin",
        "barbiturates",
        "meth",
        "your K-pins",
        "xans",
        "depression",
        "PTSD",
        "bipolar",
        "psiquiatra",
        "dos miligramos",
    ],
)
def test_a_telling_word_is_refused(text):
    assert "denied" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "clean",
        "limpio",
        "dirty",
        "sucio",
        "our clinic",
        "clínica",
        "counseling",
        "AA",
        "NA",
        "a meeting",
        "your sponsor",
        "using",
        "used",
        "a screen",
        "therapy",
        "tratamiento",
        "consejería",
        "two pills",
        "su pastilla",
        "weed",
        "crack",
    ],
)
def test_an_everyday_word_is_refused_in_a_template_and_marked_as_everyday(text):
    assert [problem.everyday for problem in problems(text)] == [True]


@pytest.mark.parametrize("text", ["dr0gas", "s0ber", "4lcohol", "re1apse", "add1ct", "$ober", "r3h@b"])
def test_digits_that_look_like_letters_do_not_hide_a_word(text):
    assert "denied" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "cleaner air",
        "done",
        "ice cream",
        "it rocks",
        "banana",
        "Natalie",
        "1 OK, 2 call me",
        "24/7",
        "screech",
        "Room 13",
    ],
)
def test_everyday_text_passes(text):
    assert rules(text) == set()


@pytest.mark.parametrize("text", ["rel\u00adapse", "re\u200bl\u200bapse", "Xa\u2060nax"])
def test_a_character_that_nobody_sees_does_not_hide_a_word(text):
    assert rules(text, extra_words=["Xanax"]) & {"denied", "catalogue"}


def test_every_single_name_of_the_catalogue_is_refused_also_where_an_entry_joins_two():
    joined = re.compile(r" or | [ou] |, | \(|\)")
    entries = [row for row in starter_catalogue() if row["lint_block"] and row["key"] not in NOT_NAMES]
    names = {
        part for row in entries for name in (row["name_en"], row["name_es"]) for part in joined.split(name)
    }
    extra = [row[name] for row in entries for name in ("name_en", "name_es")]
    silent = {
        name
        for name in names - NO_NAMES
        if not rules(name, extra_words=extra) & {"denied", "catalogue", "everyday"}
    }
    assert silent == set()


@pytest.mark.parametrize("text", ["take 2mg", "take 2 mg", "20 mgs", "20  mg", "5% less", "250 mcg"])
def test_a_dose_is_refused(text):
    assert "dose" in rules(text)


@pytest.mark.parametrize("text", ["F13.20", "see F10", "code T42.4", "f13.20"])
def test_a_diagnosis_code_is_refused(text):
    assert "code" in rules(text)


def test_names_of_the_catalogue_are_refused_whole_word_only():
    assert rules("Your Klonopin", extra_words=["Klonopin", "Soma"]) == {"catalogue"}
    assert rules("somatic", extra_words=["Klonopin", "Soma"]) == set()


def test_helplines_are_named_only_where_allowed():
    assert rules("call 988 in a crisis") == {"crisis"}
    assert rules("call 988 in a crisis", helplines=True) == set()


def test_a_variable_outside_the_list_is_named():
    assert lint.template_problems("checkin.1", "Hi {last_name}. STOP to end.") == [
        Problem("variable", "last_name")
    ]


def test_the_helplines_are_no_variables_of_a_check_in():
    assert lint.template_problems("checkin.1", "Hi {first}, {sender}: {helpline}. STOP to end.") == [
        Problem("variable", "helpline")
    ]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("In danger call {emergency}. We call you.", ["{crisis_line}"]),
        ("Call {crisis_line} at any hour. We call you.", ["{emergency}"]),
        ("We call you.", ["{emergency}", "{crisis_line}"]),
        ("In danger call 911. Call 988 at any hour.", []),
        ("In danger call {emergency}. Call {helpline} at any hour.", []),
    ],
)
def test_an_answer_to_a_crisis_says_whom_to_call(text, missing):
    found = lint.template_problems("crisis", text)
    assert [problem.found for problem in found if problem.rule == "line"] == missing


def test_a_brace_without_its_fellow_is_refused():
    with pytest.raises(ValueError, match="'}'"):
        lint.variables_in("Hi {first")


@pytest.mark.parametrize(
    "text", ["Hi {{first}}, {sender}. STOP", "Hi {first, {sender}. STOP", "{sender}}} STOP"]
)
def test_braces_that_a_client_would_read_are_refused(text):
    assert lint.template_problems("checkin.1", text) == [Problem("brace", "")]


def test_a_template_longer_than_one_segment_is_refused_with_its_length():
    text = "Hi {first}, {sender}. " + "a" * 129 + " STOP"
    assert lint.template_problems("checkin.1", text) == [Problem("length", "163 GSM-7")]


def test_a_template_without_a_way_out_is_refused():
    assert lint.template_problems("checkin.1", "Hi {first}, {sender}.") == [Problem("stop", "STOP")]


@pytest.mark.parametrize(("language", "key"), EVERY_SMS)
def test_every_shipped_text_says_whom_it_comes_from_and_how_to_stop_it(language, key):
    text = SHIPPED.sms(key, language)
    assert ("{sender}" in text) is (key not in lint.SPEAKS_FOR_ITSELF)
    assert ("STOP" in text) is (key not in lint.SAYS_STOP_ITSELF)


@pytest.mark.parametrize("body", sorted(SHIPPED.bodies.values()))
def test_no_text_speaks_of_doses_of_tapering_or_of_stopping_a_medicine(body):
    spoken = body.format_map(SAMPLE).lower()
    assert [phrase for phrase in OF_MEDICINES if re.search(rf"\b{phrase}\b|\d\s?{phrase}", spoken)] == []


@pytest.mark.parametrize(("language", "key"), EVERY_SMS)
def test_every_shipped_text_passes_with_the_longest_names(language, key):
    assert lint.template_problems(key, SHIPPED.sms(key, language)) == []


@pytest.mark.parametrize(("language", "key"), EVERY_SMS)
def test_every_shipped_text_stays_in_gsm_and_in_one_segment(language, key):
    size = measure(SHIPPED.sms(key, language).format_map(SAMPLE))
    assert (size.encoding, size.segments) == ("GSM-7", 1)


@pytest.mark.parametrize(("language", "key"), EVERY_EMAIL)
def test_every_shipped_email_passes_and_says_that_replies_are_not_read(language, key):
    subject, body = SHIPPED.email(key, language)
    assert lint.template_problems(key, body, one_segment=False) == []
    assert lint.template_problems(SUBJECT, subject, one_segment=False) == []
    assert "{phone}" in body
    assert "1" not in body.replace("{phone}", "")


def test_both_languages_have_the_same_texts():
    for channel in ("sms", "email"):
        for key, by in SHIPPED.wordings(channel).items():
            assert set(by) == set(LANGUAGES), key


@pytest.mark.parametrize(
    ("key", "units"), [("welcome", 149), ("checkin.1", 118), ("help", 152), ("stop", 129), ("crisis", 140)]
)
def test_the_reference_lengths_hold(key, units):
    assert measure(SHIPPED.sms(key, "en").format_map(SAMPLE)).units == units


def test_an_unknown_language_reads_english():
    assert language_for("vi") == "en"
    assert language_for("es-MX") == "es"
    assert language_for("") == "en"
