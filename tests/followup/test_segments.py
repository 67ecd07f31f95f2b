"""Every row of the segment table (clinical.md §5.4)."""

import pytest

from clients.segments import Size, measure


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("A" * 160, "GSM-7", 160, 1),
        ("A" * 161, "GSM-7", 161, 2),
        ("A" * 306, "GSM-7", 306, 2),
        ("A" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("A" * 152 + "€" + "A" * 152, "GSM-7", 306, 3),
        ("ñ" * 160, "GSM-7", 160, 1),
        ("ó" * 70, "UCS-2", 70, 1),
        ("ó" * 71, "UCS-2", 71, 2),
        ("ó" * 134, "UCS-2", 134, 2),
        ("ó" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("ó" * 66 + "😀" + "ó" * 66, "UCS-2", 134, 3),
        ("It’s ok", "UCS-2", 7, 1),
        ("", "GSM-7", 0, 1),
    ],
    ids=lambda value: (
        f"{value[:1]}x{len(value)}" if isinstance(value, str) and len(value) > 8 else str(value)
    ),
)
def test_a_text_is_counted_as_the_carriers_count_it(text, encoding, units, segments):
    assert measure(text) == Size(encoding, units, segments)


@pytest.mark.parametrize("char", "^{}\\[]~|€")
def test_an_extension_character_costs_two_units(char):
    assert measure(char) == Size("GSM-7", 2, 1)


@pytest.mark.parametrize("char", "éñü¿¡ÉÑÜàèìòùÇ")
def test_these_accents_stay_in_gsm(char):
    assert measure(char).encoding == "GSM-7"


@pytest.mark.parametrize("char", "áíóúÁÍÓÚç’“”–😀")
def test_these_turn_the_whole_text_to_ucs2(char):
    assert measure(f"plain text {char}").encoding == "UCS-2"
