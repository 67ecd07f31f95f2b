"""The servers that a run of the tests starts for itself."""

import os

import psycopg
import pytest
import redis

from tests.stores import keyspace


@pytest.fixture
def owner():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


def test_tests_run_on_a_real_postgresql_as_an_owner_without_superuser(owner):
    row = owner.execute("SELECT current_user, usesuper FROM pg_user WHERE usename = current_user").fetchone()
    assert row == ("turnaround_owner", False)


def test_a_test_can_step_down_to_the_application_role_which_may_write_rows_but_not_tables(owner):
    owner.execute("CREATE TABLE made_by_the_owner (id int)")
    owner.execute("SET LOCAL ROLE turnaround_app")
    owner.execute("INSERT INTO made_by_the_owner VALUES (1)")
    owner.execute("UPDATE made_by_the_owner SET id = 2")
    assert owner.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone() == (False,)


def test_tests_have_a_real_redis():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.set("turnaround:probe", "1", ex=5)
        assert client.get("turnaround:probe") == b"1"


def test_two_workers_of_one_run_count_apart():
    own = "unix:///run/valkey.sock?db=0"
    assert keyspace(own, 1) != keyspace(own, 2)
    assert keyspace(own, 2) == "unix:///run/valkey.sock?db=2"
    assert keyspace("redis://cache.example:6379/0", 2) == "redis://cache.example:6379/0"
