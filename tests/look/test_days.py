from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from casework.desk import days

NEW_YORK = ZoneInfo("America/New_York")
PHOENIX = ZoneInfo("America/Phoenix")
NOW = datetime(2026, 11, 14, 15, 30, tzinfo=UTC)  # Saturday, 10:30 in New York


def say(value, style="day", zone=NEW_YORK):
    return days.spoken(value, style=style, now=NOW, zone=zone)


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (0, "today"),
        (1, "yesterday"),
        (20, "20 days ago"),
        (21, "3 weeks ago"),
        (60, "8 weeks ago"),
        (61, "2 months ago"),
        (729, "24 months ago"),
        (730, "2 years ago"),
        (-1, "tomorrow"),
        (-3, "in 3 days"),
    ],
)
def test_a_day_is_told_by_how_far_it_is(back, words):
    assert say(NOW - timedelta(days=back), "ago") == words


def test_a_day_is_said_with_its_distance():
    assert say(NOW - timedelta(days=2)) == "Thu 12 Nov, 2 days ago"


def test_a_day_of_another_year_names_the_year():
    assert say(date(2025, 12, 31)) == "Wed 31 Dec 2025, 10 months ago"


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=3), "today 13:30"),
        (timedelta(days=1), "tomorrow 10:30"),
        (timedelta(days=-1), "yesterday 10:30"),
        (timedelta(days=4), "Wed 18 Nov 10:30"),
        (timedelta(days=-3), "Wed 11 Nov 10:30, 3 days ago"),
    ],
)
def test_what_is_due_is_said_as_people_do(ahead, words):
    assert say(NOW + ahead, "due") == words


def test_today_is_the_readers_today_not_that_of_utc():
    late = datetime(2026, 11, 15, 3, 0, tzinfo=UTC)  # still Saturday evening in New York
    assert say(late, "due") == "today 22:00"


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("at", "Thu 12 Nov, 10:30"),
        ("time", "10:30"),
        ("date", "12 Nov 2026"),
        ("exact", "Thursday 12 November 2026, 10:30 EST"),
    ],
)
def test_the_other_ways_to_say_an_instant(style, words):
    assert say(NOW - timedelta(days=2), style) == words


@pytest.mark.parametrize("style", sorted(days.STYLES))
def test_every_way_can_say_a_plain_date_too(style):
    assert say(date(2026, 11, 12), style) is not None


def test_the_tag_carries_the_exact_instant_for_machines_mice_and_ears():
    html = days.time_tag(NOW, style="due", now=NOW, zone=NEW_YORK)
    assert (
        '<time datetime="2026-11-14T15:30:00+00:00" title="Saturday 14 November 2026, 10:30 EST">today 10:30'
        in html
    )
    assert '<span class="vh"> (Saturday 14 November 2026, 10:30 EST)</span>' in html


def test_a_time_elsewhere_names_the_place():
    html = days.time_tag(NOW, style="time", now=NOW, zone=PHOENIX, place=True)
    assert "08:30 in Phoenix" in html


def test_a_zone_is_called_by_its_city():
    assert days.city(ZoneInfo("America/Los_Angeles")) == "Los Angeles"
    assert days.city(UTC) == "UTC"


def test_dates_are_spoken_in_spanish_too():
    with translation.override("es"):
        assert say(NOW - timedelta(days=2), "at").lower().startswith("jue")


def test_the_page_tag_takes_now_from_the_view_and_says_nothing_of_nothing():
    template = Template("{% load look %}{% when at 'due' %} {% when none %}")
    with timezone.override(NEW_YORK):
        html = template.render(Context({"at": NOW, "none": None, "now": NOW}))
    assert "today 10:30" in html
    assert html.endswith(" –")
