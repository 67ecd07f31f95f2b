"""The trail can only grow."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from clients import audit
from clients.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(dana, now):
    return audit.record("test.act", by=dana, at=now, client_id=7, target=dana, step="PHY-D02")


def test_a_row_says_who_what_when_and_on_whom(row, dana, now):
    row.refresh_from_db()
    assert (row.verb, row.actor_id, row.client_id, row.at) == ("test.act", dana.pk, 7, now)
    assert (row.target_type, row.target_id, row.detail) == ("staff.User", str(dana.pk), {"step": "PHY-D02"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clients_auditevent SET verb = 'other'",
        "DELETE FROM clients_auditevent",
        "TRUNCATE clients_auditevent",
    ],
)
def test_not_even_the_owner_of_the_database_can_rewrite_it(row, statement):
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEvent.objects.filter(pk=row.pk, verb="test.act").exists()


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_applications_role_has_no_right_to_rewrite_it(right):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'clients_auditevent', %s)", [settings.DATABASE_APP_ROLE, right]
        )
        assert cursor.fetchone() == (False,)


def test_a_list_is_one_row_with_its_filter_and_whom_it_held(dana, now):
    row = audit.record_list("caseload", by=dana, at=now, filters={"stage": "physical"}, ids=iter([3, 1]))
    assert row.detail == {"list": "caseload", "filters": {"stage": "physical"}, "ids": [3, 1]}


def test_what_one_act_writes_together_is_one_statement_in_its_order(dana, now, django_assert_num_queries):
    with django_assert_num_queries(1), audit.together():
        for step in ("first", "second", "third"):
            audit.record("test.act", by=dana, at=now, step=step)
    kept = AuditEvent.objects.filter(verb="test.act").order_by("pk")
    assert [event.detail["step"] for event in kept] == ["first", "second", "third"]


def test_an_act_that_breaks_leaves_none_of_its_rows_and_the_next_one_writes_at_once(dana, now):
    def breaks():
        with audit.together():
            audit.record("test.act", by=dana, at=now)
            raise ValueError("broke")

    with pytest.raises(ValueError, match="broke"):
        breaks()
    assert not AuditEvent.objects.filter(verb="test.act").exists()
    audit.record("test.act", by=dana, at=now)
    assert AuditEvent.objects.filter(verb="test.act").count() == 1


def test_a_block_inside_another_writes_its_own_rows(dana, now):
    with audit.together():
        audit.record("test.outer", by=dana, at=now)
        with audit.together():
            audit.record("test.inner", by=dana, at=now)
        assert AuditEvent.objects.filter(verb="test.inner").exists()
    assert AuditEvent.objects.filter(verb="test.outer").exists()
