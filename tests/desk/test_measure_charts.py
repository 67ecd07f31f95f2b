"""The chart of one score: everything drawn is said in words too."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from casework.desk.measure_charts import Point, meaning, score_chart, signed
from casework.measures.changes import Changed, changes
from casework.measures.definitions import own

PHQ9 = own()["phq9"]
TOTAL = PHQ9.score("total")
START = datetime(2026, 1, 5, 15, tzinfo=UTC)


def points(*values: int | None, every: int = 30) -> list[Point]:
    """Results a month apart; None is one that was left incomplete."""
    found, last, first = [], None, None
    for n, value in enumerate(values):
        scores = {"total": value}
        change = changes(PHQ9, scores, last=last, first=first).get("total")
        found.append(Point(START + timedelta(days=n * every), change, "Asked in person"))
        last, first = scores, first or scores
    return found


def drawn(*values: int | None, **more: int):
    return score_chart(PHQ9, TOTAL, points(*values, **more), tz=UTC)


def sheets(chart) -> list[str]:
    return re.findall(r"<svg.*?</svg>", chart.svg, re.S)


def test_one_sheet_is_for_a_desk_and_one_for_a_phone():
    wide, narrow = sheets(drawn(12, 4))
    assert 'viewBox="0 0 720' in wide
    assert 'viewBox="0 0 340' in narrow


def test_bands_stand_with_their_words_on_the_wide_sheet():
    wide, narrow = sheets(drawn(12, 4))
    for word in ("Minimal", "Mild", "Moderate", "Moderately severe", "Severe"):
        assert f">{word}</text>" in wide
        assert f">{word}</text>" not in narrow
    assert wide.count("<rect") == 5


def test_the_higher_score_lies_higher_and_the_ends_stay_on_the_sheet():
    wide = sheets(drawn(0, 27))[0]
    circles = [float(y) for _x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="5"', wide)]
    diamonds = [float(y) + 7 for y in re.findall(r'<path d="M[\d.]+ ([\d.]+)l7 7', wide)]
    assert min(diamonds) < min(circles)
    assert all(0 < y < 206 for y in circles + diamonds)


def test_a_marked_change_has_a_shape_of_its_own_and_not_only_a_colour():
    wide = sheets(drawn(12, 6, 7, 14))[0]
    assert wide.count("chart-mark-better") == 1
    assert wide.count("chart-mark-worse") == 1
    assert wide.count("l7 7-7 7-7-7z") == 2


def test_an_incomplete_result_breaks_the_line_and_is_said():
    chart = drawn(12, None, 8)
    assert sheets(chart)[0].count("chart-line") == 0
    assert sheets(chart)[0].count("chart-mark-gap") == 1
    assert chart.rows[1][1:5] == ("–", "", "", "Incomplete: no score")


def test_the_table_holds_every_result_newest_first_with_its_meaning():
    chart = drawn(20, 18, 9, 4)
    assert [row[1] for row in chart.rows] == ["4 / 27", "9 / 27", "18 / 27", "20 / 27"]
    assert [row[3] for row in chart.rows] == ["−5", "−9", "−2", ""]
    assert "Remission" in chart.rows[0][4]
    assert "Response" in chart.rows[1][4]
    assert "clearly better" in chart.rows[1][4]
    assert chart.rows[2][4] == ""


def test_every_mark_says_what_it_is_and_one_can_be_tabbed_to():
    for sheet in sheets(drawn(12, 4)):
        said = re.findall(r'<g class="chart-mark[^>]*aria-label="([^"]+)" tabindex="(-?\d)"', sheet)
        assert [tab for _words, tab in said] == ["0", "-1"]
        assert "12 / 27, Moderate" in said[0][0]


def test_a_single_result_is_a_chart_too():
    chart = drawn(12)
    assert len(chart.rows) == 1
    assert "nan" not in chart.svg


def test_many_results_write_only_as_many_days_as_have_room():
    narrow = sheets(drawn(*range(20), every=7))[1]
    assert len(re.findall(r">\d+ [A-Z][a-z]{2}</text>", narrow)) < 8


def test_a_scale_without_bands_shows_its_two_ends():
    bam = own()["bam"]
    risk = bam.score("risk")
    change = Changed("risk", 12)
    wide = sheets(score_chart(bam, risk, [Point(START, change)], tz=UTC))[0]
    assert ">0</text>" in wide
    assert ">24</text>" in wide


@pytest.mark.parametrize(("difference", "said"), [(None, ""), (0, "±0"), (3, "+3"), (-3, "−3")])
def test_differences_have_a_sign(difference, said):
    assert signed(difference) == said


def test_nothing_to_say_is_said_of_a_change_that_is_not_marked():
    assert meaning(Changed("total", 9, since_last=-2)) == ""
    assert meaning(replace(Changed("total", 9), marked=True, better=False)) == "clearly worse than last time"
