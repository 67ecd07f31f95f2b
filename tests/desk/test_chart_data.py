"""What the chart is fed with, and the achievements that never shrink."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.desk.chart_data import chart_of, days_in_care
from casework.followup.actions.reports import report_relapse
from clients.models import EpisodeOfCare, Substance
from tests import factories
from tests.sessions.conftest import held

TODAY = date(2026, 3, 11)


def episode(first, last=None):
    return EpisodeOfCare(admitted_on=first, discharged_on=last)


def test_days_in_care_count_first_and_last_day():
    assert days_in_care([episode(TODAY)], TODAY) == 1
    assert days_in_care([episode(TODAY - timedelta(days=9), TODAY - timedelta(days=5))], TODAY) == 5


def test_days_that_lie_in_two_episodes_count_once():
    overlapping = [episode(date(2026, 3, 1), date(2026, 3, 5)), episode(date(2026, 3, 4))]
    assert days_in_care(overlapping, TODAY) == 11
    inside = [episode(date(2026, 3, 1)), episode(date(2026, 3, 2), date(2026, 3, 3))]
    assert days_in_care(inside, TODAY) == 11


def test_no_episode_is_no_day_and_an_episode_to_come_neither():
    assert days_in_care([], TODAY) == 0
    assert days_in_care([episode(TODAY + timedelta(days=3))], TODAY) == 0


spans = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 90)), max_size=6)


@given(spans, st.integers(0, 400))
def test_days_in_care_are_the_days_that_any_episode_holds(found, elapsed):
    start = date(2025, 1, 1)
    today = start + timedelta(days=elapsed)
    episodes = [episode(start + timedelta(days=a), start + timedelta(days=a + n)) for a, n in found]
    days = {a + k for a, n in found for k in range(n + 1) if a + k <= elapsed}
    assert days_in_care(episodes, today) == len(days)


@given(spans, st.integers(0, 400))
def test_days_in_care_only_grow(found, elapsed):
    start = date(2025, 1, 1)
    episodes = [episode(start + timedelta(days=a), start + timedelta(days=a + n)) for a, n in found]
    today = start + timedelta(days=elapsed)
    assert days_in_care(episodes, today) <= days_in_care(episodes, today + timedelta(days=1))


@pytest.mark.django_db
class TestTheChart:
    @pytest.fixture
    def lived(self, alex, dana, now):
        """A year of Alex: in care, four sessions, a report with two days of use."""
        factories.EpisodeOfCareFactory(client=alex, admitted_on=TODAY - timedelta(days=99))
        for weeks in (2, 5, 8, 11):
            held(alex, dana, ended_at=now - timedelta(weeks=weeks))
        report_relapse(
            client_id=alex.pk,
            stage="physical",
            source="self_call",
            by=dana,
            now=now - timedelta(days=1),
            occurred_on=TODAY - timedelta(days=10),
            occurred_precision="day",
            use={
                "use_type": "misuse_of_prescribed",
                "days": [TODAY - timedelta(days=10), TODAY - timedelta(days=9)],
                "substance": Substance.objects.get(key="clonazepam"),
            },
        )
        alex.summary.refresh_from_db()
        return alex

    def chart(self, client, now):
        return chart_of(client, episodes=client.episodes_of_care.all(), now=now)

    def test_a_return_to_use_takes_nothing_away(self, lived, now):
        told = {one.label: one.value for one in self.chart(lived, now).achievements}
        # Nobody has asked about use yet, so no run is known (clinical.md §1.6).
        assert told == {"Days in care": "100", "Sessions attended": "4", "Longest run without use": "–"}

    def test_the_table_behind_it_tells_everything_newest_first(self, lived, now):
        rows = [row[1] for row in self.chart(lived, now).rows]
        assert rows[0] == "Reported: Physical"
        assert rows.count("Use: Clonazepam") == 2
        assert rows.count("Session attended") == 4

    def test_the_plan_lies_behind_the_line(self, lived, now):
        assert "chart-plan" in self.chart(lived, now).svg

    def test_a_client_of_today_has_a_chart_without_marks(self, alex, now):
        chart = self.chart(alex, now)
        assert chart.rows == ()
        assert "No stage assessed yet" in chart.svg
