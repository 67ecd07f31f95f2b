"""The plan on one sheet of paper."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from casework.relapse.prevention import actions, paper, sheet
from casework.relapse.prevention import content as words
from casework.relapse.prevention.content import Content, Person
from clients.errors import InvalidInput

ROSA = Person("Rosa", "sister", "602-555-0188", printed=True)
WORDS = Content(
    emotional=("I skip breakfast",),
    mental=("“One would not matter”",),
    physical=("I drive past the store",),
    helps=("Call Rosa",),
    people=(ROSA, Person("Mr. Hidden", "boss", "602-555-0000")),
    places=("Pete's garage",),
    reasons=("Lucía",),
)


def filled(lines: int, length: int = 40) -> Content:
    each = {key: tuple(f"{n:02} {'word ' * (length // 5)}" for n in range(lines)) for key in words.LISTS}
    return Content(**each, people=(ROSA,))


@pytest.fixture
def draft(alex, dana, now):
    plan = actions.begin_draft(client_id=alex.pk, by=dana, now=now)
    return actions.save_draft(plan_id=plan.pk, revision=1, content=WORDS, by=dana, now=now)


@pytest.fixture
def signed(draft, dana, now):
    acts = {"plan_id": draft.pk, "revision": draft.revision, "by": dana, "now": now}
    actions.sign_as_counselor(**acts)
    return actions.sign_for_client(way="aloud", **acts)


def everything_on(page: paper.Page) -> str:
    boxes = [box for row in page.rows for column in row for box in column]
    entries = [f"{entry.strong} {entry.text} {entry.quiet}" for box in boxes for entry in box.entries]
    numbers = [" ".join(pair) for pair in page.lines_to_call]
    return "\n".join(
        [
            page.title,
            page.under_title,
            page.mark,
            page.footer,
            *numbers,
            *(box.title for box in boxes),
            *entries,
        ]
    )


def page_of(plan, language="en"):
    with translation.override(language):
        return sheet._page(plan, language)


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


class TestWhatStandsOnIt:
    def test_every_part_is_there_in_the_clients_words(self, signed):
        said = everything_on(page_of(signed))
        for line in (*WORDS.signs, *WORDS.helps, *WORDS.places, *WORDS.reasons):
            assert line in said
        assert "Rosa 602-555-0188 (sister)" in said

    def test_who_did_not_agree_to_be_named_is_not_on_paper(self, signed):
        assert "Hidden" not in everything_on(page_of(signed))

    def test_the_numbers_to_call_come_from_the_place_and_the_practice(self, signed, practice):
        numbers = [number for _what, number in page_of(signed).lines_to_call]
        assert numbers == ["555-010-0199", "988", "1-800-662-4357", "911"]
        practice.helpline_number = "555-010-0100"
        practice.phone = ""
        practice.save()
        assert [number for _what, number in page_of(signed).lines_to_call] == ["988", "555-010-0100", "911"]

    def test_it_says_who_agreed_by_first_names_and_which_version(self, signed):
        page = page_of(signed)
        assert page.footer == "Agreed by Alex and Dana on 11 March 2026. Version 1."
        assert page.mark == ""

    @pytest.mark.parametrize("here", ["America/Phoenix", "UTC"])
    def test_the_day_is_the_practices_wherever_it_is_printed(self, draft, dana, practice, here):
        practice.time_zone = "America/Phoenix"
        practice.save()
        late = datetime(2026, 3, 12, 5, 30, tzinfo=UTC)  # half past ten in the evening of the 11th
        acts = {"plan_id": draft.pk, "revision": draft.revision, "by": dana, "now": late}
        actions.sign_as_counselor(**acts)
        with timezone.override(here):
            page = page_of(actions.sign_for_client(way="aloud", **acts))
        assert "on 11 March 2026" in page.footer

    def test_a_draft_says_that_it_is_one(self, draft):
        page = page_of(draft)
        assert page.mark
        assert "draft" in page.footer

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_nothing_of_ours_tells_a_stranger_what_it_is_about(self, signed, language, practice):
        practice.name = "Desert Recovery Program"
        practice.save()
        with translation.override(language):
            signed.words = Content(emotional=("x",), helps=("x",), people=(replace(ROSA, name="x"),))
            said = everything_on(sheet._page(signed, language)).lower()
        for word in (
            "relapse",
            "recovery",
            "recaída",
            "prevention",
            "stage",
            "mental",
            "treatment",
            "moreno",
            "reyes",
        ):
            assert word not in said

    def test_parts_that_are_empty_take_no_room(self):
        rows = sheet.rows_of(Content(mental=("x",), helps=("y",)))
        assert [[box.key for column in row for box in column] for row in rows] == [["mental"], ["helps"]]
        assert sheet.rows_of(Content()) == ()

    def test_the_circles_fill_with_the_signs_as_everywhere(self):
        signs = sheet.rows_of(WORDS)[1]
        assert [(column[0].key, column[0].filled) for column in signs] == [
            ("emotional", 0.25),
            ("mental", 0.5),
            ("physical", 1.0),
        ]


class TestTheFile:
    @pytest.mark.parametrize("language", ["en", "es", "pt-br"])
    def test_it_is_one_page(self, signed, language):
        assert pages_in(sheet.drawn(signed, language=language)) == 1

    def test_an_unknown_language_is_english(self):
        assert [sheet.language_for(code) for code in ("es-MX", "es", "en", "vi", "")] == [
            "es",
            "es",
            "en",
            "en",
            "en",
        ]

    def test_its_metadata_names_neither_person_nor_practice(self, signed):
        pdf = sheet.drawn(signed, language="en")
        said = {
            name: re.search(rb"/" + name + rb" \((.*?)\)", pdf)[1]
            for name in (b"Title", b"Author", b"Creator")
        }
        assert said == {b"Title": b"My plan", b"Author": b"", b"Creator": b""}
        for word in (b"Alex", b"Moreno", b"Dana", b"Oak Street", b"relapse", b"prevention"):
            assert word not in pdf

    def test_the_same_version_gives_the_same_bytes(self, signed):
        assert sheet.drawn(signed, language="en") == sheet.drawn(signed, language="en")


class TestFitting:
    def test_little_is_set_in_large_type(self):
        assert paper.fitting_size(sheet.rows_of(WORDS)) == paper.SIZES[0]

    def test_more_is_set_smaller_until_it_fits(self):
        sizes = [paper.fitting_size(sheet.rows_of(filled(lines))) for lines in (1, 4, 6, 8)]
        assert None not in sizes
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < sizes[0]

    def test_too_much_says_by_how_much_and_what_to_shorten(self):
        content = replace(filled(8), places=tuple(f"{n} {'far away ' * 25}" for n in range(20)))
        excess = sheet.too_long(content)
        assert excess.part == "places"
        assert 5 < excess.lines < 200
        assert "shorten it first" in str(excess)
        with pytest.raises(InvalidInput) as told:
            sheet.check_fits(content)
        assert told.value.field == "places"

    def test_one_line_too_many_is_said_as_one(self):
        assert "1 line too long" in str(sheet.TooLong("helps", 1))

    def test_what_fits_is_not_called_too_long(self):
        assert sheet.too_long(WORDS) is None
        assert sheet.too_long(Content()) is None
        sheet.check_fits(WORDS)

    def test_the_drawn_boxes_end_above_the_numbers(self):
        for lines in range(1, 9):
            rows = sheet.rows_of(filled(lines))
            size = paper.fitting_size(rows)
            assert size is None or paper.height_of(rows, size) <= paper.ROOM

    def test_a_draft_that_does_not_fit_is_not_printed_cut_off(self, draft, dana, now):
        saved = actions.save_draft(
            plan_id=draft.pk, revision=draft.revision, content=filled(20, 280), by=dana, now=now
        )
        with pytest.raises(InvalidInput, match="too long for one page"):
            actions.printed(plan_id=saved.pk, language="en", by=dana, now=now)

    def test_one_endless_word_is_broken_and_stays_in_its_box(self):
        rows = sheet.rows_of(replace(WORDS, emotional=("x" * 300,)))
        assert paper.fitting_size(rows) is not None


class TestLetters:
    def test_spanish_is_drawn_as_it_is_written(self):
        text = "¿Qué pasó, ñandú? ¡Ángela, Lucía, pingüino! “sí” – ÁÉÍÓÚÜÑ"
        assert paper.drawable(text) == text
        assert paper.undrawable(text) == ""

    def test_pictures_are_left_out_and_a_rare_accent_gives_way(self):
        assert paper.drawable("Walk 🐕 now") == "Walk  now"
        assert paper.drawable("Nguyễn") == "Nguyen"
        assert paper.undrawable("Walk 🐕, Nguyễn") == ""

    def test_letters_that_would_be_missing_are_named(self, draft, dana, now):
        content = replace(WORDS, helps=("Позвонить",))
        with pytest.raises(InvalidInput, match="Позв") as told:
            sheet.check_fits(content)
        assert told.value.field == "helps"

    def test_marks_of_the_page_language_cannot_break_out_of_the_text(self, draft, dana, now):
        nasty = replace(WORDS, helps=("<b>loud</b> & <para>", "</font>"))
        saved = actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=nasty, by=dana, now=now)
        assert pages_in(actions.printed(plan_id=saved.pk, language="en", by=dana, now=now)) == 1
