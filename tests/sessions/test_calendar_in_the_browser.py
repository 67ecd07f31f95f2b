"""The calendar in a real browser: keys, dragging, and a phone."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from sessions.models import Session
from tests.sessions import test_in_the_browser as beside
from tests.sessions.conftest import booked

desk = beside.desk
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    """The browser lives in the present."""
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def session(alex, dana, now) -> Session:
    """Alex's session of next Wednesday at ten."""
    local = timezone.localtime(now)
    day = local.date() + timedelta(days=7 + 2 - local.weekday())
    start = local.replace(year=day.year, month=day.month, day=day.day, hour=10, minute=0)
    return booked(alex, dana, starts_at=start, now=now)


@pytest.fixture
def week(desk, session):
    """The week of that session."""
    return desk.open(f"/calendar/?on={timezone.localdate(session.starts_at)}")


def test_a_dragged_session_opens_its_form_and_is_not_moved_yet(desk, week, session):
    tuesday = timezone.localdate(session.starts_at) - timedelta(days=1)
    column = week.locator(f"[data-day='{tuesday}']")
    height = column.bounding_box()["height"]
    card = week.locator("a[data-move]")
    card.drag_to(column, source_position={"x": 10, "y": 4}, target_position={"x": 40, "y": height / 2 + 4})
    week.wait_for_url("**/move/?to=*")
    assert week.locator("#id_starts_at").input_value() == f"{tuesday}T13:00"
    session.refresh_from_db()
    assert timezone.localtime(session.starts_at).hour == 10
    assert desk.complaints == []


def test_keys_turn_the_page_change_the_view_and_move(week, session):
    later = timezone.localdate(session.starts_at) + timedelta(days=5)  # the Monday after
    week.keyboard.press("j")
    week.wait_for_url(f"**on={later}**")
    week.keyboard.press("k")
    week.get_by_role("link", name="Alex Moreno").first.wait_for()
    week.keyboard.press("d")
    week.wait_for_url("**view=day**")
    week.keyboard.press("w")
    week.wait_for_url("**view=week**")
    week.get_by_role("link", name="Alex Moreno").first.focus()
    week.keyboard.press("m")
    week.wait_for_url(f"**/sessions/{session.uid}/move/**")


def test_keys_rest_in_a_form(desk, week):
    week.get_by_role("searchbox").first.press("d")
    assert "view=day" not in week.url


def test_on_a_phone_the_week_is_a_list_that_fits(week):
    week.set_viewport_size({"width": 390, "height": 844})
    assert week.evaluate("document.documentElement.scrollWidth") <= 390
    assert week.get_by_role("link", name="Move").first.is_visible()
    assert week.locator(".cal-hours").is_hidden()


@pytest.mark.parametrize("view", ["day", "week", "list"])
def test_nothing_on_it_is_hard_to_reach(desk, session, view):
    page = desk.open(f"/calendar/?view={view}&on={timezone.localdate(session.starts_at)}")
    assert Axe().run(page).response["violations"] == []
