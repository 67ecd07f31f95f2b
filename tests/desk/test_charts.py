import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from casework.desk.charts import (
    Achievements,
    AssessmentMark,
    PlanSpan,
    ReportMark,
    SessionMark,
    StageSeries,
    StageStep,
    UseMark,
    stage_chart,
)
from casework.desk.series import midnight
from casework.desk.sheet import Frame
from clients.stage import Stage

NEW_YORK = ZoneInfo("America/New_York")
START, END = date(2026, 1, 1), date(2026, 6, 30)


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def draw(start=START, end=END, tz=UTC, lang="en", **series):
    return stage_chart(StageSeries(**series), start=start, end=end, tz=tz, lang=lang)


def sheet(chart, name="wide"):
    """One of the drawings, read back as XML: what is drawn is well-formed."""
    root = ET.fromstring(str(chart.svg).replace(" data-chart-said>", ">").replace(" data-chart>", ">"))
    return next(svg for svg in root.iter("svg") if f"chart-{name}" in svg.get("class"))


def marks(chart, kind):
    return [g for g in sheet(chart).iter("g") if f"chart-mark-{kind}" in g.get("class", "")]


def line(chart):
    return next(path for path in sheet(chart).iter("path") if path.get("class") == "chart-line").get("d")


def words(chart, name="wide"):
    return [text.text for text in sheet(chart, name).iter("text")]


# --- the drawing --------------------------------------------------------------------------------------------------


def test_three_bands_lie_above_the_base_line_the_highest_stage_on_top():
    bands = [rect for rect in sheet(draw()).iter("rect") if "chart-band" in rect.get("class")]
    tops = {rect.get("class").split("chart-band-")[1]: float(rect.get("y")) for rect in bands}
    assert tops["physical"] < tops["mental"] < tops["emotional"]
    assert [word for word in words(draw()) if word in dict(Stage.choices).values()] == [
        "Emotional",
        "Mental",
        "Physical",
        "None",
    ]


def test_the_counselors_stage_is_a_step_line_to_the_right_edge():
    way = line(draw(steps=[StageStep(at(1, 10), Stage.NONE), StageStep(at(3, 1), Stage.MENTAL)]))
    frame = Frame(
        "wide", 720, midnight(START, UTC), midnight(END + timedelta(days=1), UTC), gutter=96, label_room=58
    )
    none, mental = frame.base, frame.y(Stage.MENTAL)
    assert way == f"M{frame.x(at(1, 10))} {none}H{frame.x(at(3, 1))}V{mental}H{frame.x(frame.end)}"


def test_not_enough_known_never_moves_the_line():
    steps = [StageStep(at(2, 1), Stage.MENTAL), StageStep(at(3, 1), Stage.INDETERMINATE)]
    assert line(draw(steps=steps)) == line(draw(steps=steps[:1]))


def test_steps_may_come_in_any_order():
    steps = [StageStep(at(3, 1), Stage.MENTAL), StageStep(at(2, 1), Stage.NONE)]
    assert line(draw(steps=steps)) == line(draw(steps=steps[::-1]))


def test_a_stage_from_before_the_sheet_leads_in_from_its_left_edge():
    assert line(draw(steps=[StageStep(datetime(2025, 6, 1, tzinfo=UTC), Stage.MENTAL)])).startswith("M96 ")


def test_a_client_never_assessed_has_no_line_and_is_said_to_have_none():
    chart = draw()
    assert not [path for path in sheet(chart).iter("path") if path.get("class") == "chart-line"]
    assert "No stage assessed yet." in chart.svg


@pytest.mark.parametrize("stage", list(Stage))
def test_an_assessment_is_a_dot_in_the_colour_of_its_stage(stage):
    (dot,) = marks(draw(assessments=[AssessmentMark(at(2, 1), stage)]), "assessment")
    assert f"chart-{stage.value}" in dot.get("class")
    assert dot.find("circle") is not None
    assert dot.get("aria-label") == f"Sun 1 Feb 2026, 12:00: Assessed: {stage.label}"


def test_an_assessment_that_differs_from_the_suggestion_says_both():
    (dot,) = marks(
        draw(assessments=[AssessmentMark(at(2, 1), Stage.MENTAL, suggested="emotional")]), "assessment"
    )
    assert dot.find("title").text.endswith("Assessed: Mental (suggested: Emotional)")


def test_use_is_a_ring_on_the_physical_band_on_its_local_day():
    (ring,) = marks(draw(uses=[UseMark(date(2026, 2, 3), "clonazepam")], tz=NEW_YORK), "use")
    assert ring.get("aria-label") == "Tue 3 Feb 2026: Use: clonazepam"
    assert float(ring.find("circle").get("cy")) == 49


def test_sessions_are_ticks_below_the_base_line_and_missed_ones_their_own_kind():
    chart = draw(sessions=[SessionMark(at(2, 1), True), SessionMark(at(2, 8), False, "Late cancel")])
    (held,), (missed,) = marks(chart, "attended"), marks(chart, "missed")
    assert held.get("aria-label").endswith(": Session attended")
    assert missed.get("aria-label").endswith(": Late cancel")
    assert float(held.find("rect").get("y")) > 26 + 3 * 46


def test_a_report_is_marked_at_the_top():
    (report,) = marks(draw(reports=[ReportMark(at(4, 1), "Relapse reported by Alex")]), "report")
    assert "Relapse reported by Alex" in report.find("title").text


@pytest.mark.parametrize(
    ("plan", "width"),
    [(PlanSpan(date(2026, 6, 1)), 101.1), (PlanSpan(date(2026, 5, 1), date(2026, 5, 30)), 101.1)],
)
def test_a_plan_is_a_band_behind_and_one_that_runs_reaches_the_edge(plan, width):
    rects = [rect for rect in sheet(draw(plans=[plan])).iter("rect") if rect.get("class") == "chart-plan"]
    assert [float(rect.get("width")) for rect in rects] == [pytest.approx(width, abs=0.2)]


def test_a_plan_that_ended_before_the_sheet_is_not_drawn():
    chart = draw(plans=[PlanSpan(date(2025, 5, 1), date(2025, 6, 1))])
    assert not [rect for rect in sheet(chart).iter("rect") if rect.get("class") == "chart-plan"]


def test_what_lies_outside_the_sheet_is_not_marked_but_stays_in_the_table():
    chart = draw(sessions=[SessionMark(datetime(2025, 1, 5, tzinfo=UTC), True)])
    assert marks(chart, "attended") == []
    assert len(chart.rows) == 1


def test_the_legend_explains_only_what_is_there():
    legend = draw(sessions=[SessionMark(at(2, 1), False)]).svg.partition("chart-legend")[2]
    assert "Missed session" in legend
    assert "Follow-up plan" not in legend
    assert "Point at a mark" not in draw().svg


# --- who reads it -------------------------------------------------------------------------------------------------


def test_the_drawing_is_one_picture_with_a_sentence_and_its_marks_can_be_reached():
    chart = draw(steps=[StageStep(at(2, 1), Stage.MENTAL)], sessions=[SessionMark(at(2, 1), True)] * 2)
    picture, pointed = list(sheet(chart))
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "From 1 January 2026 to 30 June 2026. Stage: Mental (1 Feb)."
    assert [mark.get("tabindex") for mark in pointed] == ["0", "-1"]  # one tab stop, then the arrow keys
    assert {mark.get("role") for mark in pointed} == {"img"}


def test_the_table_tells_the_same_newest_first():
    chart = draw(
        sessions=[SessionMark(at(2, 1), True)],
        uses=[UseMark(date(2026, 3, 1))],
        assessments=[AssessmentMark(at(2, 20), Stage.NONE)],
    )
    assert chart.head == ("When", "What", "Stage")
    assert chart.rows == (
        ("Sun 1 Mar 2026", "Use", "Physical"),
        ("Fri 20 Feb 2026, 12:00", "Assessed: None", "None"),
        ("Sun 1 Feb 2026, 12:00", "Session attended", ""),
    )


def test_times_are_those_of_the_given_zone():
    chart = draw(sessions=[SessionMark(datetime(2026, 2, 1, 2, 0, tzinfo=UTC), True)], tz=NEW_YORK)
    assert chart.rows[0][0] == "Sat 31 Jan 2026, 21:00"


def test_a_phone_gets_a_narrower_sheet_with_the_same_marks():
    chart = draw(sessions=[SessionMark(at(2, 1), True), SessionMark(at(3, 1), False)])
    wide, narrow = sheet(chart), sheet(chart, "narrow")
    assert int(narrow.get("viewBox").split()[2]) < 390 < int(wide.get("viewBox").split()[2])
    assert len(list(narrow[1])) == len(list(wide[1])) == 2


@pytest.mark.parametrize("name", ["wide", "narrow"])
@pytest.mark.parametrize("months", [1, 2, 3, 6, 12, 30])
def test_labels_of_the_axis_never_touch(name, months):
    start = END - timedelta(days=30 * months)
    drawn = sheet(draw(start=start), name)
    places = [float(text.get("x")) for text in drawn.iter("text") if text.get("class") == "chart-small"]
    gaps = [after - before for before, after in pairwise(places)]
    assert len(places) >= 2
    assert min(gaps) >= 48
    assert max(gaps) - min(gaps) <= 0.2 * max(gaps)  # evenly, as months are


def test_short_spans_are_told_in_weeks_and_long_ones_in_months():
    assert "2 Feb" in words(draw(start=date(2026, 1, 20), end=date(2026, 2, 20)))
    assert {"Feb", "Mar"} <= set(words(draw()))
    assert "Jan 2026" in words(draw(start=date(2025, 9, 1)))


def test_the_chart_speaks_the_readers_language():
    assert "mar 3 feb 2026" in draw(uses=[UseMark(date(2026, 2, 3))], lang="es").rows[0][0].lower()


def test_what_people_wrote_is_never_taken_for_markup():
    chart = draw(reports=[ReportMark(at(2, 1), '<script>alert("x")</script>')])
    assert "<script" not in chart.svg
    assert "&lt;script&gt;" in chart.svg


def test_nothing_is_written_inline_that_the_policy_would_refuse():
    chart = draw(steps=[StageStep(at(2, 1), Stage.MENTAL)], plans=[PlanSpan(date(2026, 2, 1))])
    assert not re.search(r"style=|\son\w+=|fill=|stroke=|href=", chart.svg)


def test_a_single_day_can_be_drawn():
    assert marks(draw(start=END, end=END, sessions=[SessionMark(at(6, 30), True)]), "attended")


# --- what only ever grows -----------------------------------------------------------------------------------------


def test_the_strip_says_what_was_achieved():
    chart = draw(achievements=Achievements(days_in_care=236, sessions_attended=21, longest_run=1))
    assert [(one.label, one.value) for one in chart.achievements] == [
        ("Days in care", "236"),
        ("Sessions attended", "21"),
        ("Longest run without use", "1 day"),
    ]


def test_a_run_that_nobody_knows_is_not_given_as_a_number():
    chart = draw(achievements=Achievements(days_in_care=236, sessions_attended=0, longest_run=None))
    assert chart.achievements[-1].value == "–"
