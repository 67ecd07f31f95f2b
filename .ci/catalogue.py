"""Settle the Spanish words of the pages and compile them; `make messages` gathers them first.

Both files belong to the source, so nobody needs gettext's tools to run Turnaround.
"""

import sys
from pathlib import Path

import polib

FOLDER = Path(__file__).resolve().parent.parent / "locale" / "es" / "LC_MESSAGES"
# No dates, no names: a change of the file shows as what it is.
HEADER = {
    "Project-Id-Version": "Turnaround",
    "Language": "es",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}


def main() -> int:
    """Write both files anew; what gettext only guessed counts as not translated. Say what is missing."""
    words = polib.pofile(str(FOLDER / "django.po"), wrapwidth=0)
    words.metadata, words.metadata_is_fuzzy, words.header = HEADER, [], ""
    for entry in words.fuzzy_entries():
        entry.flags.remove("fuzzy")
        entry.msgstr, entry.msgstr_plural = "", dict.fromkeys(entry.msgstr_plural, "")
        entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
    words.save()
    words.save_as_mofile(str(FOLDER / "django.mo"))
    for entry in words.untranslated_entries():
        print(f"not translated: {entry.msgid}")
    return 1 if words.untranslated_entries() else 0


if __name__ == "__main__":
    sys.exit(main())
