"""Settle the Spanish words of the pages and compile them: python -m casework.local.catalogue, part of `make messages`.

`manage.py makemessages` has gathered before what is to be translated; that alone needs gettext's tools. This keeps what
is translated, says what is not, and writes the catalogue in the form that Django reads. Both files belong to the
source, so nobody needs gettext to run Turnaround.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "locale" / "es" / "LC_MESSAGES"
HEADER = (
    "Project-Id-Version: Turnaround\n"
    "Language: es\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
_FIELD = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?) (".*")')
_MAGIC, _REVISION, _HEAD = 0x950412DE, 0, 28


@dataclass(frozen=True)
class Entry:
    """One message: what the source says, and how it is said in the other language (in every number)."""

    said: str
    plural: str = ""
    context: str = ""
    words: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def is_translated(self) -> bool:
        return bool(self.words) and all(self.words) and "fuzzy" not in self.flags


def read(text: str) -> list[Entry]:
    """The entries of a .po file, without its header and without what is no longer used."""
    entries = [_entry(part) for part in re.split(r"\n\s*\n", text) if re.search(r"^msgid ", part, re.M)]
    return [entry for entry in entries if entry.said]


def _entry(part: str) -> Entry:
    fields: dict[str, str] = {}
    flags: list[str] = []
    name = ""
    for line in part.splitlines():
        if line.startswith("#,"):
            flags += [flag.strip() for flag in line[2:].split(",")]
        elif begun := _FIELD.fullmatch(line):
            name, value = begun.groups()
            fields[name] = ast.literal_eval(value)
        elif line.startswith('"'):
            fields[name] += ast.literal_eval(line)
    words = tuple(value for key, value in sorted(fields.items()) if key.startswith("msgstr"))
    return Entry(
        fields["msgid"], fields.get("msgid_plural", ""), fields.get("msgctxt", ""), words, tuple(flags)
    )


def written(entries: Iterable[Entry]) -> str:
    """The .po file: no places, dates or names, so a change shows as what it is."""
    return (
        "\n\n".join(["\n".join(_lines(Entry("", words=(HEADER,)))), *("\n".join(_lines(e)) for e in entries)])
        + "\n"
    )


def _lines(entry: Entry) -> Iterator[str]:
    if entry.flags:
        yield "#, " + ", ".join(entry.flags)
    if entry.context:
        yield f"msgctxt {_quoted(entry.context)}"
    yield f"msgid {_quoted(entry.said)}"
    if entry.plural:
        yield f"msgid_plural {_quoted(entry.plural)}"
    for number, word in enumerate(entry.words):
        yield f"{f'msgstr[{number}]' if entry.plural else 'msgstr'} {_quoted(word)}"


def _quoted(text: str) -> str:
    whole = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    lines = whole.replace("\\n", '\\n"\n"').removesuffix('\n""')
    return f'""\n{lines}' if "\n" in lines else lines


def compiled(entries: Iterable[Entry]) -> bytes:
    """The .mo file: sorted keys and words, each with its length and place."""
    pairs = sorted(_pair(entry) for entry in (Entry("", words=(HEADER,)), *entries) if entry.is_translated)
    text = _HEAD + 16 * len(pairs)
    keys, words, body = b"", b"", b""
    for key, _ in pairs:
        keys += struct.pack("<II", len(key), text + len(body))
        body += key + b"\0"
    for _, word in pairs:
        words += struct.pack("<II", len(word), text + len(body))
        body += word + b"\0"
    head = struct.pack(
        "<7I", _MAGIC, _REVISION, len(pairs), _HEAD, _HEAD + 8 * len(pairs), 0, _HEAD + 16 * len(pairs)
    )
    return head + keys + words + body


def _pair(entry: Entry) -> tuple[bytes, bytes]:
    key = f"{entry.context}\x04{entry.said}" if entry.context else entry.said
    if entry.plural:
        key += f"\0{entry.plural}"
    return key.encode(), "\0".join(entry.words).encode()


def settled(entries: Iterable[Entry]) -> list[Entry]:
    """What gettext only guessed counts as not translated; every entry has the numbers that Spanish has."""
    return [_settled(entry) for entry in entries]


def _settled(entry: Entry) -> Entry:
    numbers = 2 if entry.plural else 1
    guessed = "fuzzy" in entry.flags
    words = ("",) * numbers if guessed else (entry.words + ("",) * numbers)[:numbers]
    return replace(entry, words=words, flags=tuple(flag for flag in entry.flags if flag != "fuzzy"))


def renew(folder: Path = FOLDER) -> list[Entry]:
    """Write both files anew; return what has still to be translated."""
    entries = settled(read((folder / "django.po").read_text(encoding="utf-8")))
    (folder / "django.po").write_text(written(entries), encoding="utf-8")
    (folder / "django.mo").write_bytes(compiled(entries))
    return [entry for entry in entries if not entry.is_translated]


def main() -> int:
    """Write both files; say what is missing."""
    missing = renew()
    for entry in missing:
        sys.stdout.write(f"not translated: {entry.said}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
