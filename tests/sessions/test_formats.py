"""DAP and SOAP as data (clinical.md §9.1)."""

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from sessions.formats import DAP, FORMATS, RISK_LEVELS, SOAP, converted, label_of, missing

WHOLE = {"data": "d", "assessment": "a", "plan": "p", "risk": "none"}


def test_dap_and_soap_have_their_fields_in_reading_order():
    assert DAP.keys == ("data", "assessment", "plan")
    assert SOAP.keys == ("subjective", "objective", "assessment", "plan")


@pytest.mark.parametrize("note_format", FORMATS.values(), ids=str)
def test_every_field_has_a_label_and_help_in_english_and_spanish(note_format):
    for section in note_format.sections:
        assert all([section.label.en, section.label.es, section.help.en, section.help.es])
        assert section.help.en != section.help.es
    for words in RISK_LEVELS.values():
        assert words.en != words.es


def test_labels_follow_the_language_of_the_page():
    assert label_of("assessment") == "Assessment"
    with override("es"):
        assert label_of("assessment") == "Evaluación"
        assert label_of("risk") == "Riesgo"
        assert label_of("risk_action") == "Qué se hizo al respecto"


def test_a_whole_note_misses_nothing():
    assert missing("dap", WHOLE) == []


@pytest.mark.parametrize("key", ["data", "assessment", "plan", "risk"])
def test_every_field_and_the_risk_statement_are_required(key):
    assert missing("dap", {k: v for k, v in WHOLE.items() if k != key}) == [key]


def test_blanks_are_not_an_answer():
    assert missing("dap", {**WHOLE, "plan": "  \n "}) == ["plan"]


@pytest.mark.parametrize("risk", ["passive", "active"])
def test_a_risk_asks_what_was_done_about_it(risk):
    assert missing("dap", {**WHOLE, "risk": risk}) == ["risk_action"]
    assert missing("dap", {**WHOLE, "risk": risk, "risk_action": "Safety plan made, 988 given."}) == []


def test_missing_fields_come_in_reading_order():
    assert missing("soap", {}) == ["subjective", "objective", "assessment", "plan", "risk"]


def test_from_dap_to_soap_the_data_become_the_first_part():
    assert converted(WHOLE, to="soap") == {"subjective": "d", "assessment": "a", "plan": "p", "risk": "none"}


def test_from_soap_to_dap_both_descriptions_are_kept():
    soap = {"subjective": "said", "objective": "seen", "plan": "p"}
    assert converted(soap, to="dap") == {"data": "said\n\nseen", "plan": "p"}


def test_text_already_in_the_first_part_stays_beneath_what_moves_in():
    assert converted({"data": "old", "subjective": "new"}, to="dap") == {"data": "new\n\nold"}


@given(
    st.dictionaries(
        st.sampled_from(["data", "subjective", "objective", "assessment", "plan"]), st.text(min_size=1)
    )
)
def test_changing_the_format_never_loses_a_word(sections):
    for name in FORMATS:
        whole = "\n".join(converted(sections, to=name).values())
        for text in sections.values():
            assert not text.strip() or text in whole
