"""How often each page asks the database, kept in query_counts.txt beside this file. It fails when a number grows.

A page that now asks less often is written down anew with QUERY_COUNTS=write, in the commit that made it so.
"""

import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.access.table import ROUTES
from tests.access.test_every_route import signed_in
from tests.access.world import build

pytestmark = pytest.mark.django_db

KEPT = Path(__file__).with_name("query_counts.txt")
# By whom each page is opened: Dana, but for what only a supervisor sees.
DANA, SAM = "dana", "sam"
PAGES = {
    "desk:today": DANA,
    "desk:clients": DANA,
    "desk:client": DANA,
    "desk:search": DANA,
    "desk:measures": DANA,
    "counseling:calendar": DANA,
    "counseling:list": DANA,
    "counseling:session": DANA,
    "counseling:note": DANA,
    "counseling:my_notes": DANA,
    "counseling:treatment": DANA,
    "followup:inbox": DANA,
    "followup:thread": DANA,
    "followup:outlook": DANA,
    "followup:plan": DANA,
    "followup:todo": DANA,
    "followup:report": DANA,
    "followup:assess": DANA,
    "followup:use_calendar": DANA,
    "relapse:prevention_plan": DANA,
    "supervision:caseload": SAM,
    "supervision:silent": SAM,
}
FOUR = ("desk:client", "desk:search", "counseling:calendar", "counseling:session")
MOST = 12


def kept() -> dict[str, int]:
    lines = (line.split() for line in KEPT.read_text().splitlines() if line and not line.startswith("#"))
    return {name: int(number) for name, number in lines}


@pytest.fixture
def asked(alex, dana, sam, team) -> dict[str, int]:
    """Queries of each page, the second time it is opened."""
    addresses = build(alex=alex, dana=dana, sam=sam, cover=factories.counselor("Noor Aziz", team=team))
    addresses["session"] = addresses["held"]  # whose note is being written
    browsers = {DANA: signed_in(dana), SAM: signed_in(sam)}
    found = {}
    for name, who in PAGES.items():
        _door, parts = ROUTES[name]
        where = reverse(name, kwargs={part: addresses.get(said, said) for part, said in parts.items()})
        where += "?q=alex" if name == "desk:search" else ""
        browsers[who].get(where)
        with CaptureQueriesContext(connection) as captured:
            assert browsers[who].get(where).status_code == 200, where
        found[name] = len(captured)
    return found


def test_no_page_asks_the_database_more_often_than_is_written_down(asked):
    if os.environ.get("QUERY_COUNTS"):
        told = "# Queries of each page in the world of tests/access/world.py; see test_query_counts.py.\n"
        KEPT.write_text(told + "".join(f"{name} {number}\n" for name, number in sorted(asked.items())))
    known = kept()
    assert set(known) == set(PAGES), "write them down: QUERY_COUNTS=write"
    assert {name: (number, known[name]) for name, number in asked.items() if number > known[name]} == {}


def test_the_pages_opened_all_day_ask_at_most_twelve_times():
    assert {name: number for name, number in kept().items() if name in FOUR and number > MOST} == {}
