"""The statements that run all day can be answered from an index, whatever PostgreSQL thinks of a table so small.

The plans at a million rows are looked at by `make bench-plans`; here a lost index, or a condition that no index can
answer, is found on every run of the tests.
"""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup import dead_man, delivery, outlook, queries
from casework.followup.models import Message
from tests.followup.delivery.conftest import due

pytestmark = pytest.mark.django_db
BIG = {"followup_message", "followup_attempt", "followup_inboundmessage"}


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def read_as_a_whole(sql):
    """The big tables that have to be read from end to end, where everything else is preferred."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.cursor.execute(b"EXPLAIN (FORMAT JSON) " + sql.encode())
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return {one["Relation Name"] for one in nodes(plan) if one["Node Type"] == "Seq Scan"} & BIG


def sent_by(run):
    with CaptureQueriesContext(connection) as captured:
        run()
    words = ("SELECT", "WITH", "UPDATE", "INSERT")
    return [one["sql"] for one in captured if one["sql"].lstrip().startswith(words)]


def test_a_scan_of_the_whole_table_would_be_found(alex):
    assert read_as_a_whole("SELECT * FROM followup_message WHERE lease_owner = 'me'") == {"followup_message"}


def test_the_whole_way_of_a_message_reads_by_index(provider, alex, sam):
    for kind in ("plan", "manual", "reminder"):
        due(alex, kind=kind, **({"template_key": "checkin.1", "body": ""} if kind != "manual" else {}))

    statements = sent_by(delivery.deliver_due)

    assert Message.objects.filter(status="sent").exists()
    assert len(statements) > 15
    assert {sql[:80]: whole for sql in statements if (whole := read_as_a_whole(sql))} == {}


def test_the_dead_mans_switch_reads_by_index(provider, alex):
    due(alex)
    assert [sql for sql in sent_by(dead_man.vitals) if read_as_a_whole(sql)] == []


def test_the_inbox_and_its_number_read_by_index(alex, dana, now):
    statements = sent_by(lambda: (list(queries.answers(dana, at=now)[:50]), queries.unread(dana, at=now)))
    assert [sql for sql in statements if read_as_a_whole(sql)] == []


@pytest.mark.parametrize("show", list(outlook.BY_KEY))
def test_the_lists_of_the_follow_up_page_read_by_index(alex, dana, now, show):
    wanted = outlook.Wanted(show=show)
    statements = sent_by(lambda: list(outlook.listed(outlook.narrowed(dana, wanted, now), wanted, now)[:50]))
    assert statements
    assert [sql for sql in statements if read_as_a_whole(sql)] == []
