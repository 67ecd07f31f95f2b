"""The pages in Spanish: every word translated, none that shames, and nothing left in English."""

import ast
import contextlib
import gettext
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation.template import templatize

from casework.desk.days import spoken
from tests import factories
from tests.access.world import build

FOLDER = Path(settings.BASE_DIR, "locale", "es", "LC_MESSAGES")
SOURCE = (FOLDER / "django.po").read_text(encoding="utf-8")
CATALOGUE = polib.pofile(SOURCE, wrapwidth=0)


@dataclass(frozen=True)
class Entry:
    """One message: what the source says, and how it is said in Spanish, in every number."""

    said: str
    plural: str
    context: str
    words: tuple[str, ...]


def entry_of(one: polib.POEntry) -> Entry:
    words = tuple(one.msgstr_plural.values()) if one.msgid_plural else (one.msgstr,)
    return Entry(one.msgid, one.msgid_plural, one.msgctxt or "", words)


ENTRIES = [entry_of(one) for one in CATALOGUE]
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")
KNOWN = {(entry.context, entry.said) for entry in ENTRIES}
ROOMS = [Path(settings.BASE_DIR, room) for room in ("api", "casework", "clients", "sessions")]
TEMPLATES = Path(settings.BASE_DIR, "templates")
ASKING = {"_", "gettext", "gettext_lazy", "gettext_noop"}
ASKING_IN_NUMBERS = {"ngettext", "ngettext_lazy"}
ASKING_IN_CONTEXT = {"pgettext", "pgettext_lazy"}

# Words that Spanish does not have, and that hardly any English sentence does without.
MARKERS = re.compile(
    r"\b(the|and|with|you|your|has|have|been|not|is|are|was|of|to|for|from|it|its|this|that|nobody|client|clients|"
    r"counselor|session|sessions|note|notes|stage|message|messages|today|yesterday|tomorrow|days?|report|relapse|"
    r"show|save|done|open|close|start|none|yes|mild|moderate|marked|absent|mental stage|physical|contact|due|overdue|"
    r"since|until|last|next|first|search|sign|assess|assessment|missed|attended|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun))\b",
    re.IGNORECASE,
)
# Places and street names are called the same in every language.
NAMES = re.compile(r"Port of Spain|Isle of Man|^done, juice$")
# What shames, and the informal address: staff and clients are spoken to with usted.
UNKIND = re.compile(
    r"\b((?:drogo?)?adict\w*|drogadict\w*|drogad\w*|toxic[oó]man\w*|yonqui\w*|borrach\w*|abus\w*|limpi[oa]s?|suci[oa]s?|"
    r"fall[oóé]|fallar(?:on)?|fallad[oa]s?|fracas\w*|rehus\w*|se neg[oó]|incumpl\w*|culpa\w*|v[ií]ctima\w*)\b",
    re.IGNORECASE,
)
INFORMAL = re.compile(
    r"\b(tú|tu|tus|te|ti|contigo|puedes|tienes|quieres|debes|haz|vosotros|vuestr\w+|os)\b", re.IGNORECASE
)


def named(entry: Entry) -> str:
    return entry.said


# --- the catalogue ------------------------------------------------------------------------------------------------
def test_every_message_has_its_spanish_words():
    assert [one.msgid for one in CATALOGUE.untranslated_entries()] == []


def test_no_translation_is_a_guess_or_out_of_use():
    assert "fuzzy" not in SOURCE
    assert "#~" not in SOURCE


def test_no_message_is_there_twice():
    assert len(KNOWN) == len(ENTRIES)


def test_the_catalogue_names_no_place_no_person_and_no_time_of_making():
    assert not re.search(r"^#[:.]|POT-Creation-Date|PO-Revision-Date|Last-Translator", SOURCE, re.MULTILINE)


def test_the_catalogue_stands_in_its_one_form():
    assert str(CATALOGUE).strip() == SOURCE.strip(), "Run: make messages"


@pytest.mark.parametrize("entry", [e for e in ENTRIES if PLACE.search(e.said + e.plural)], ids=named)
def test_a_translation_keeps_every_placeholder(entry):
    *single, last = entry.words
    assert sorted(PLACE.findall(last)) == sorted(PLACE.findall(entry.plural or entry.said))
    for word in single:  # in the singular a number may be said or left out, as in English
        assert set(PLACE.findall(word)) <= set(PLACE.findall(entry.plural))
        assert set(PLACE.findall(word)) >= set(PLACE.findall(entry.said)) - {
            "%(count)s",
            "%(count)d",
            "%(n)s",
        }


def test_a_sentence_stays_a_sentence():
    def end(text: str) -> str:
        return text[-1] if text[-1] in ".…" else ""

    assert [e.said for e in ENTRIES if {end(w) for w in e.words} != {end(e.said)}] == []


def test_spanish_questions_open_as_they_close():
    assert [word for e in ENTRIES for word in e.words if word.count("?") != word.count("¿")] == []


def test_no_word_shames_anybody():
    """Clients say how much guilt they feel (clinical.md §1.8): the feeling is named, and that nobody blames."""
    entries = [e for e in ENTRIES if not re.search(r"^Guilt|without blame", e.said)]
    assert [(e.said, word) for e in entries for word in e.words if UNKIND.search(word)] == []


def test_the_guide_shames_nobody_and_keeps_its_distance():
    guide = Path(settings.BASE_DIR, "docs", "guide.es.md").read_text(encoding="utf-8")
    assert not UNKIND.search(guide)
    assert not INFORMAL.search(guide)


def test_everybody_is_addressed_with_usted():
    assert [(e.said, word) for e in ENTRIES for word in e.words if INFORMAL.search(word)] == []


@pytest.mark.parametrize(
    "word", ["adicto", "Está limpia", "orina sucia", "La prueba falló", "un fracaso", "se negó"]
)
def test_the_watch_over_shaming_words_sees_them(word):
    assert UNKIND.search(word)


@pytest.mark.parametrize("word", ["Falta completar", "La persona falleció", "Salir", "consumo", "recaída"])
def test_the_watch_over_shaming_words_lets_plain_words_be(word):
    assert not UNKIND.search(word)


# --- what Django reads --------------------------------------------------------------------------------------------
def test_the_compiled_words_are_those_of_the_catalogue():
    assert (FOLDER / "django.mo").read_bytes() == CATALOGUE.to_binary(), "Run: make messages"


def test_the_compiled_words_can_be_read_by_gettext():
    words = gettext.GNUTranslations(io.BytesIO(CATALOGUE.to_binary()))
    assert words.gettext("Today") == "Hoy"
    assert words.pgettext("to-do", "Done") == "Hecha"
    assert words.ngettext("%(count)d day", "%(count)d days", 1) == "%(count)d día"
    assert words.ngettext("%(count)d day", "%(count)d days", 0) == "%(count)d días"


def test_the_frameworks_own_words_stay_spanish_beside_ours():
    with translation.override("es"):
        assert translation.gettext("This field is required.").startswith("Este campo es ")


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("at", "vie 13 mar, 09:05"),
        ("day", "vie 13 mar, en 2 días"),
        ("date", "13 mar 2026"),
        ("weekday", "viernes 13 de marzo"),
        ("exact", "viernes 13 de marzo de 2026, 09:05 UTC"),
        ("ago", "en 2 días"),
    ],
)
def test_a_date_is_said_as_spanish_says_it(style, said, now):
    with translation.override("es"):
        moment = datetime(2026, 3, 13, 9, 5, tzinfo=timezone.get_default_timezone()).replace(
            tzinfo=now.tzinfo
        )
        assert spoken(moment, style=style, now=now, zone=now.tzinfo) == said


def test_a_day_long_past_names_its_year(now):
    with translation.override("es"):
        assert spoken(date(2024, 1, 2), style="at", now=now, zone=now.tzinfo) == "mar 2 ene 2024"


# --- nothing is forgotten -----------------------------------------------------------------------------------------
def asked_for_in_code() -> Iterator[tuple[str, str]]:
    """Every message that a line of Python asks for, with its context."""
    for room in ROOMS:
        for path in sorted(room.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from asked_by(node)


def asked_by(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if (name in ASKING and texts) or (name in ASKING_IN_NUMBERS and texts):
        yield "", texts[0]
    elif name in ASKING_IN_CONTEXT and len(texts) == 2:
        yield texts[0], texts[1]


def asked_for_in_templates() -> Iterator[tuple[str, str]]:
    """Every message that a template asks for."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        for call in calls_of(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
            yield from asked_by(call)


def calls_of(source: str) -> Iterator[ast.Call]:
    """The calls into which Django turns the words of a template, for gettext to find; the rest is no Python."""
    for begun in re.finditer(r"(?<= )(?:n?p?gettext|_)\(", source):
        for closed in re.finditer(r"\)", source[begun.start() :]):
            with contextlib.suppress(SyntaxError):
                call = ast.parse(source[begun.start() :][: closed.end()], mode="eval").body
                assert isinstance(call, ast.Call)
                yield call
                break


def test_every_message_of_the_code_is_in_the_catalogue():
    assert sorted({asked for asked in asked_for_in_code() if asked not in KNOWN}) == [], "Run: make messages"


def test_every_message_of_the_templates_is_in_the_catalogue():
    asked = {one for one in asked_for_in_templates() if one[1]}
    assert len(asked) > 300
    assert sorted(asked - KNOWN) == [], "Run: make messages"


# --- the pages ----------------------------------------------------------------------------------------------------
def visible(page: str) -> Iterator[str]:
    """What a page says: its text, and the attributes that people read or hear."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "\n", page, flags=re.DOTALL)
    page = re.sub(r'<(\w+)[^>]*\blang="en"[^>]*>.*?</\1>', "\n", page, flags=re.DOTALL)
    for said in re.findall(
        r'\b(?:aria-label|placeholder|alt|data-label|data-[a-z-]+)="([^"]*\s[^"]*)"', page
    ):
        yield html.unescape(said)
    for said in re.sub(r"<[^>]*>", "\n", page).splitlines():
        if said.strip():
            yield html.unescape(said.strip())


def english(page: str) -> list[str]:
    return [said for said in visible(page) if MARKERS.search(NAMES.sub("", said))]


def unkind(page: str) -> list[str]:
    return [said for said in visible(page) if UNKIND.search(said) or INFORMAL.search(said)]


def leftover(browser, addresses: list[str]) -> dict[str, list[str]]:
    """What the pages still say in English, or say unkindly, address by address."""
    found = {}
    for address in addresses:
        answer = browser.get(address, HTTP_ACCEPT_LANGUAGE="es")
        assert answer.status_code == 200, address
        assert '<html lang="es"' in answer.content.decode(), address
        found[address] = english(answer.content.decode()) + unkind(answer.content.decode())
    return {address: said for address, said in found.items() if said}


@pytest.fixture
def world(alex, dana, sam, team):
    """Alex's record, kept by people who work in Spanish."""
    with translation.override("es"):
        return build(alex=alex, dana=dana, sam=sam, cover=factories.counselor("Noor Aziz", team=team))


CLIENT_PAGES = [
    "desk:client",
    "clients:edit",
    "clients:contact_new",
    "clients:permission_new",
    "clients:substances",
    "followup:assess",
    "followup:report",
    "followup:plan",
    "followup:log_contact",
    "followup:discharge",
    "followup:death",
    "followup:thread",
    "followup:checklist",
    "counseling:new",
]


def test_the_pages_of_a_client_are_spanish_throughout(world, as_dana):
    assert leftover(as_dana, [reverse(name, args=[world["client"]]) for name in CLIENT_PAGES]) == {}


def test_the_pages_of_a_day_are_spanish_throughout(world, as_dana):
    lists = ["desk:today", "desk:clients", "desk:search", "counseling:list", "followup:inbox", "clients:new"]
    records = [
        reverse("counseling:session", args=[world["session"]]),
        reverse("counseling:session", args=[world["held"]]),
        reverse("followup:todo", args=[world["todo"]]),
        reverse("followup:message", args=[world["message"]]),
        reverse("followup:retract_report", args=[world["report"]]),
        reverse("followup:withdraw_permission", args=[world["client"], "text"]),
    ]
    assert leftover(as_dana, [*map(reverse, lists), "/search/?q=Alex", "/search/?q=Nadie", *records]) == {}


def test_the_pages_of_supervision_are_spanish_throughout(world, sam, browser):
    browser.force_login(sam)
    team = reverse("clients:team", args=[world["client"]])
    caseload = reverse("supervision:caseload")
    assert leftover(browser, ["/", caseload, f"{caseload}?show=physical&sort=notes", team]) == {}


def test_who_signs_in_reads_spanish(browser, practice):
    assert leftover(browser, [reverse("account_login")]) == {}


def test_the_pages_of_ones_own_sign_in_are_spanish(browser, dana):
    dana.set_password("a long way from Oak Street")
    dana.save()
    browser.post(reverse("account_login"), {"login": dana.email, "password": "a long way from Oak Street"})
    own = ["account_change_password", "mfa_index", "account_reauthenticate", "account_logout", "desk:help"]
    assert leftover(browser, [reverse(name) for name in own]) == {}
    browser.post(reverse("account_reauthenticate"), {"password": "a long way from Oak Street"})
    assert leftover(browser, [reverse("mfa_activate_totp")]) == {}


def test_a_wrong_password_is_told_in_spanish(browser, practice):
    given = {"login": "dana@example.org", "password": "not this one"}
    answer = browser.post(reverse("account_login"), given, HTTP_ACCEPT_LANGUAGE="es")
    assert "por corregir" in answer.content.decode()
    assert english(answer.content.decode()) == []


def test_a_missing_page_says_so_in_spanish(as_dana):
    answer = as_dana.get("/nowhere/", HTTP_ACCEPT_LANGUAGE="es")
    assert answer.status_code == 404
    assert english(answer.content.decode()) == []


def test_a_wrong_form_says_in_spanish_what_to_put_right(as_dana):
    answer = as_dana.post(reverse("clients:new"), {"given_name": ""}, HTTP_ACCEPT_LANGUAGE="es")
    assert "por corregir" in answer.content.decode()
    assert english(answer.content.decode()) == []


def test_the_watch_over_english_sees_a_word_left_behind():
    assert english('<p>Hoy</p><p aria-label="Nobody is waiting">No</p>') == ["Nobody is waiting"]


def test_the_language_chosen_in_the_menu_holds_on_the_next_page(as_dana):
    as_dana.post(reverse("set_language"), {"language": "es", "next": "/"})
    assert "Hoy" in as_dana.get("/").content.decode()
    as_dana.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "Today" in as_dana.get("/").content.decode()


def test_a_plural_is_said_in_its_number():
    template = Template(
        "{% load i18n %}{% blocktranslate count n=n %}{{ n }} client{% plural %}{{ n }} clients{% endblocktranslate %}"
    )
    with translation.override("es"):
        assert [template.render(Context({"n": n})) for n in (0, 1, 2)] == [
            "0 clientes",
            "1 cliente",
            "2 clientes",
        ]
