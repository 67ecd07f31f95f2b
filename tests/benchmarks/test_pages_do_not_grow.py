"""The pages that are opened all day ask at most twelve times, and not once more when there is ten times as much."""

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from benchmarks import caseload, filling, pages
from casework.staff.models import User

pytestmark = pytest.mark.django_db

FEW = caseload.Shape(
    counselors=1, caseload=2, past=1, messages=1, answers=1, contacts=1, todos=1, assessments=1
)
MANY = caseload.Shape(
    counselors=1, caseload=20, past=10, messages=20, answers=8, contacts=8, todos=9, assessments=8
)


def asked(shape: caseload.Shape) -> dict[str, int]:
    """Queries by page, in a practice of that shape which is gone afterwards."""
    connection.ensure_connection()
    with transaction.atomic():
        caseload.begin()
        practice = pages.Practice(both=None, clients=shape.team, at=filling.made_at(connection.connection))
        filling.fill(connection.connection, caseload.tables(practice.at, shape), 1, say=str, tidy=False)
        dana, browser = User.objects.get(role="counselor"), Browser()
        found = {}
        with time_machine.travel(practice.at, tick=True):
            browser.force_login(dana)
            for name, address in pages.ADDRESSES.items():
                browser.get(address(practice, dana))
                with CaptureQueriesContext(connection) as captured:
                    assert browser.get(address(practice, dana)).status_code == 200
                found[name] = len(captured)
        transaction.set_rollback(True)
    return found


def test_no_page_asks_more_where_there_is_more():
    few, many = asked(FEW), asked(MANY)
    assert many == few
    assert {name: number for name, number in many.items() if number > pages.MOST_QUERIES} == {}
