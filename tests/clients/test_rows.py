"""Rows that differ in a few columns go in with one statement, and are checked like any other."""

import pytest
from django.db import DataError, IntegrityError, transaction

from casework.followup.models import Message, ToDo
from clients.rows import insert_alike

pytestmark = pytest.mark.django_db


@pytest.fixture
def todo(alex, now):
    """A to-do as it would be saved, with a default, an enum and a null among its columns."""
    return ToDo(client=alex, opened_at=now, due_at=now, title="Call", kind=ToDo.Kind.CALL)


def test_each_row_has_its_own_values_and_all_the_others_of_the_pattern(alex, dana, todo, now):
    keys = insert_alike(todo, {"step_key": ["a", "b"], "owner_id": [dana.pk, None], "urgent": [True, False]})
    rows = list(alex.todos.order_by("pk"))
    assert [row.pk for row in rows] == keys
    assert [(row.step_key, row.owner, row.urgent) for row in rows] == [("a", dana, True), ("b", None, False)]
    assert {(row.kind, row.title, row.state, row.opened_at) for row in rows} == {
        ("call", "Call", "open", now)
    }
    assert rows[0].uid != rows[1].uid


def test_it_takes_one_statement_however_many_rows(todo, django_assert_num_queries):
    with django_assert_num_queries(1):
        insert_alike(todo, {"step_key": [f"step {n}" for n in range(90)]})


def test_a_column_that_the_database_fills_is_left_to_it_unless_it_is_named(alex, now):
    like = Message(
        client=alex,
        kind="manual",
        local_date=now.date(),
        local_time=now.time(),
        tz="UTC",
        due_at=now,
        body="Hi",
    )
    insert_alike(like, {"dedupe_key": ["a", "b"]})
    insert_alike(like, {"dedupe_key": ["c"], "channel_rule": ["email"]})
    rows = alex.messages.order_by("pk")
    assert [row.channel_rule for row in rows] == ["", "", "email"]
    assert all(row.created_at and row.body == "Hi" and row.reason_params == {} for row in rows)


def test_a_row_that_is_there_is_refused_or_left_as_it_is(alex, now):
    like = Message(
        client=alex, kind="manual", local_date=now.date(), local_time=now.time(), tz="UTC", due_at=now
    )
    (first,) = insert_alike(like, {"dedupe_key": ["a"]})
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_alike(like, {"dedupe_key": ["a"]})
    (second,) = insert_alike(like, {"dedupe_key": ["a", "b"]}, ignore_conflicts=True)
    assert second > first
    assert alex.messages.count() == 2


def test_what_is_too_long_is_refused_and_not_cut_off(todo):
    with pytest.raises(DataError, match="too long"):
        insert_alike(todo, {"step_key": ["x" * 49]})
