"""The servers that a run of the tests starts for itself."""

import os

import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_tests_run_on_a_real_postgresql_as_an_owner_without_superuser():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, usesuper FROM pg_user WHERE usename = current_user")
        assert cursor.fetchone() == ("turnaround_owner", False)


@pytest.mark.django_db
def test_a_test_can_step_down_to_the_application_role_which_may_write_rows_but_not_tables():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made_by_the_owner (id int)")
        cursor.execute("SET LOCAL ROLE turnaround_app")
        cursor.execute("INSERT INTO made_by_the_owner VALUES (1)")
        cursor.execute("UPDATE made_by_the_owner SET id = 2")
        cursor.execute("SELECT has_schema_privilege('public', 'CREATE')")
        assert cursor.fetchone() == (False,)


def test_tests_have_a_real_redis():
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.set("turnaround:probe", "1", ex=5)
    assert client.get("turnaround:probe") == b"1"
    client.close()
