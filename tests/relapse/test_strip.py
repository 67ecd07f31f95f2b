"""The use calendar as a strip of weeks with its table (clinical.md §2.14)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from casework.relapse.strip import state_words, strip, told, week_row
from casework.relapse.use_calendar import Day, Said, UseCalendar
from casework.relapse.use_days import Word

LAST = date(2026, 3, 11)  # a Wednesday


def said(on, used, **more):
    firm = {name: more.pop(name) for name in ("firm", "heavy") if name in more}
    at = datetime(2026, 3, 11, tzinfo=UTC)
    return Said(on=on, word=Word(used, **firm), source="Client, in a session", at=at, **more)


def calendar(*words, size=90):
    kept = {}
    for one in words:
        kept.setdefault(one.on, []).append(one)
    first = LAST - timedelta(days=size - 1)
    return UseCalendar(first, LAST, said={on: tuple(found) for on, found in kept.items()})


def test_every_day_is_drawn_once_and_says_what_it_is():
    drawn = str(strip(calendar(said(LAST, True, what="Alcohol"))).svg)
    assert drawn.count('class="chart-mark ') == 90
    assert "Wed 11 Mar 2026: used: Alcohol" in drawn
    assert drawn.count('tabindex="0"') == 1


def test_the_shape_carries_the_meaning_without_colour():
    drawn = str(strip(calendar(said(LAST, True), said(LAST - timedelta(days=1), False))).svg)
    used, without, unknown = (
        part.split("</g>")[0]
        for part in (
            drawn.split('chart-mark day-used"')[1],
            drawn.split('chart-mark day-no_use"')[1],
            drawn.split('chart-mark day-unknown"')[1],
        )
    )
    assert 'r="7"' in used
    assert "<rect x=" in without
    assert 'r="2"' in unknown


def test_the_legend_names_only_what_is_there():
    without = str(strip(calendar(said(LAST, False))).svg)
    assert "sources differ" not in without
    both = str(strip(calendar(said(LAST, False), said(LAST, True))).svg)
    assert "sources differ</li>" in both


def test_the_table_holds_the_days_spoken_of_newest_first():
    earlier = LAST - timedelta(days=3)
    rows = strip(calendar(said(earlier, False), said(LAST, True))).rows
    assert [row[0] for row in rows] == ["Wed 11 Mar 2026", "Sun 8 Mar 2026"]
    assert rows[1][1:] == ("no use", "Client, in a session: no use")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ({"used": True, "what": "Alcohol", "heavy": True}, "used: Alcohol, heavy"),
        ({"used": False, "estimated": True}, "no use, about that day"),
        ({"used": True, "firm": False}, "not known"),
    ],
)
def test_a_day_is_said_in_words(word, words):
    assert state_words(Day(LAST, (said(LAST, **word),))) == words


def test_the_numbers_beneath_say_of_how_many_days():
    days = [said(LAST - timedelta(days=n), n in (3, 4, 5)) for n in range(25)]
    short = strip(calendar(*days), window=30).achievements
    assert [(one.label, one.value) for one in short] == [
        ("Days without use, of 25 known in 30 days", "88.0 %"),
        ("Days with use", "3"),
        ("Longest run without use", "19 days"),
    ]
    assert strip(calendar(*days)).achievements == ()


def test_too_little_known_is_said_instead_of_a_number():
    assert told(calendar().metrics(30))[0].value == "too little known (0 of 0 known)"


def test_the_week_begins_as_the_reader_is_used_to():
    sunday = date(2026, 3, 8)
    assert (week_row(sunday), week_row(LAST)) == (0, 3)
    with translation.override("es"):
        assert (week_row(sunday), week_row(LAST)) == (6, 2)
