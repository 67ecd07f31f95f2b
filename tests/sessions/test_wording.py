"""Person-first wording is suggested, gently (clinical.md §5.2 M-4)."""

import pytest

from sessions.wording import suggestions


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Client is an addict.", "addict"),
        ("A former abuser of pills", "abuser"),
        ("history of substance abuse", "substance abuse"),
        ("his drug habit", "drug habit"),
        ("known alcoholic", "alcoholic"),
        ("dirty urine on Monday", "dirty urine"),
        ("UA was clean", "UA was clean"),
        ("has been clean", "been clean"),
        ("clean for three weeks", "clean for"),
        ("He is non-compliant with meds", "non-compliant"),
        ("noncompliance noted", "noncompliance"),
        ("She refused the referral", "refused"),
        ("failed treatment twice", "failed treatment"),
        ("failed a drug test", "failed a drug test"),
        ("drug-seeking behaviour", "drug-seeking"),
        ("a reformed smoker", "reformed"),
        ("fell off the wagon", "fell off the wagon"),
        ("Es un drogadicto", "drogadicto"),
        ("orina sucia el lunes", "orina sucia"),
        ("está limpia desde mayo", "está limpia"),
        ("se negó a hablar", "se negó"),
        ("abuso de sustancias", "abuso de sustancias"),
        ("ALCOHÓLICO", "ALCOHÓLICO"),
    ],
)
def test_a_hurting_phrase_is_found_and_kinder_words_are_offered(text, phrase):
    found = suggestions(text)
    assert [each.phrase for each in found] == [phrase]
    assert found[0].instead
    assert text[found[0].start :].startswith(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Alex cleaned the house and wore clean clothes.",
        "Likes the dirty realism of Carver.",
        "Tested positive; returned to use on Friday; declined the referral.",
        "A person with a substance use disorder, in recovery.",
        "The addiction service called.",
        "She has failed to sleep for two nights.",
        "Limpió la casa.",
    ],
)
def test_everyday_words_are_left_alone(text):
    assert suggestions(text) == []


@pytest.mark.parametrize(
    "quoted", ['Alex said "I am an addict".', "Alex: “once a junkie”", "Dijo «soy una adicta»"]
)
def test_the_clients_own_words_in_quotation_marks_are_left_alone(quoted):
    assert suggestions(quoted) == []


def test_several_finds_come_in_reading_order_and_overlaps_once():
    found = suggestions("The drug user refused; substance abuser.")
    assert [each.phrase for each in found] == ["drug user", "refused", "substance abuser"]
