"""The words of the pages: read, settled, written and compiled without gettext's tools."""

import gettext
import io

import pytest

from casework.local.catalogue import Entry, compiled, main, read, renew, settled, written

GATHERED = r"""# SOME DESCRIPTIVE TITLE.
#, fuzzy
msgid ""
msgstr ""
"POT-Creation-Date: 2026-11-23 18:01-0500\n"
"Plural-Forms: nplurals=3; plural=n == 1 ? 0 : 2;\n"

#: clients/forms.py:25
msgid "Today"
msgstr "Hoy"

#, fuzzy, python-format
#| msgid "%(n)s client"
msgid "%(n)s person"
msgid_plural "%(n)s people"
msgstr[0] "%(n)s cliente"
msgstr[1] "%(n)s clientes"
msgstr[2] "%(n)s clientes"

#, python-format
msgid "%(n)s day"
msgid_plural "%(n)s days"
msgstr[0] "%(n)s día"
msgstr[1] "%(n)s días"
msgstr[2] ""

msgctxt "to-do"
msgid "Done"
msgstr "Hecha"

msgid ""
"Two\n"
"lines, \"said\""
msgstr ""
"Dos\n"
"líneas, \"dichas\""

msgid "Not yet"
msgstr ""

#~ msgid "Gone"
#~ msgstr "Ya no"
"""


def entries() -> dict[str, Entry]:
    return {entry.said: entry for entry in settled(read(GATHERED))}


def test_every_message_in_use_is_read_and_the_header_is_none():
    assert list(entries()) == ["Today", "%(n)s person", "%(n)s day", "Done", 'Two\nlines, "said"', "Not yet"]


def test_a_guess_counts_as_not_translated():
    assert entries()["%(n)s person"].words == ("", "")
    assert entries()["%(n)s person"].flags == ("python-format",)
    assert not entries()["%(n)s person"].is_translated


def test_a_plural_has_the_two_numbers_of_spanish():
    assert entries()["%(n)s day"].words == ("%(n)s día", "%(n)s días")
    assert entries()["%(n)s day"].is_translated


def test_a_message_without_words_is_not_translated():
    assert not entries()["Not yet"].is_translated


def test_what_is_written_reads_the_same():
    kept = settled(read(GATHERED))
    assert read(written(kept)) == kept


def test_what_is_written_names_no_place_and_no_time():
    text = written(settled(read(GATHERED)))
    for word in ("#:", "#~", "#|", "POT-Creation-Date", "fuzzy", "nplurals=3"):
        assert word not in text


def test_long_words_with_line_ends_stand_line_by_line():
    assert 'msgid ""\n"Two\\n"\n"lines, \\"said\\""\n' in written(settled(read(GATHERED)))


@pytest.fixture
def words() -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(compiled(settled(read(GATHERED)))))


def test_gettext_reads_what_is_compiled(words):
    assert words.gettext("Today") == "Hoy"
    assert words.gettext('Two\nlines, "said"') == 'Dos\nlíneas, "dichas"'
    assert words.pgettext("to-do", "Done") == "Hecha"
    assert words.gettext("Done") == "Done"


@pytest.mark.parametrize(("count", "said"), [(0, "%(n)s días"), (1, "%(n)s día"), (2, "%(n)s días")])
def test_a_plural_is_compiled_with_its_rule(words, count, said):
    assert words.ngettext("%(n)s day", "%(n)s days", count) == said


def test_what_is_not_translated_stays_english(words):
    assert words.gettext("Not yet") == "Not yet"
    assert words.ngettext("%(n)s person", "%(n)s people", 2) == "%(n)s people"


def test_the_same_words_compile_to_the_same_bytes():
    kept = settled(read(GATHERED))
    assert compiled(kept) == compiled(reversed(kept))


def test_renewing_writes_both_files_and_tells_what_is_missing(tmp_path):
    (tmp_path / "django.po").write_text(GATHERED, encoding="utf-8")
    assert [entry.said for entry in renew(tmp_path)] == ["%(n)s person", "Not yet"]
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(first) == {"django.po", "django.mo"}
    renew(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


@pytest.mark.parametrize(
    ("missing", "code"), [([], 0), ([Entry("Not yet")], 1)], ids=["all translated", "one is missing"]
)
def test_it_fails_aloud_when_a_message_has_no_words(monkeypatch, capsys, missing, code):
    monkeypatch.setattr("casework.local.catalogue.renew", lambda: missing)
    assert main() == code
    assert capsys.readouterr().out == "".join(f"not translated: {one.said}\n" for one in missing)
