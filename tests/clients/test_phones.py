"""Numbers and addresses in the one form that can be compared."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.errors import InvalidInput
from clients.phones import digits_of, to_address, to_e164


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("555-010-0199", "+15550100199"),
        ("(602) 555 0142", "+16025550142"),
        ("1 602 555 0142", "+16025550142"),
        ("+49 30 901820", "+4930901820"),
        ("+52 55 5555 1234", "+525555551234"),
    ],
)
def test_a_number_has_one_form_however_it_is_written(written, dialled):
    assert to_e164(written) == dialled


@pytest.mark.parametrize("written", ["", "x", "12", "555", "+", "1" * 30])
def test_what_is_no_number_is_declined_with_an_example(written):
    with pytest.raises(InvalidInput, match="555-010-0199") as declined:
        to_e164(written)
    assert declined.value.field == "value"


def test_a_national_number_depends_on_the_region():
    assert to_e164("030 901820", region="DE") == "+4930901820"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_number_or_is_declined(text):
    with contextlib.suppress(InvalidInput):
        assert to_e164(text).startswith("+")


@given(st.text(max_size=40))
def test_only_digits_remain(text):
    digits = digits_of(text)
    assert not digits or all(letter.isdigit() for letter in digits)


def test_an_address_is_kept_in_lower_case_without_blanks():
    assert to_address("  Alex.Moreno@Example.ORG ") == "alex.moreno@example.org"


@pytest.mark.parametrize("typed", ["", "alex", "alex@", "@example.org", "a b@example.org", "a@b@c.org"])
def test_what_is_no_address_is_declined(typed):
    with pytest.raises(InvalidInput) as declined:
        to_address(typed)
    assert declined.value.field == "value"
