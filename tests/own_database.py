"""A database of its own for a test that commits: for threads, for live processes, for a browser.

It is a copy of the migrated test database, thrown away afterwards. Nothing has to be emptied, which append-only tables
would refuse anyway, and what migrations brought is there for the next test.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.db.backends.base.creation import TEST_DATABASE_PREFIX


def _aside(settings: dict[str, Any]) -> psycopg.Connection[Any]:
    """A connection beside Django's, to the database that is always there."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {name: settings[key] for name, key in names.items() if settings[key]}
    return psycopg.connect(**given, dbname="postgres", autocommit=True)


@contextmanager
def _migrated() -> Iterator[str]:
    """The test database's name; where no other test of this run asked for one, it is made here."""
    name = connection.settings_dict["NAME"]
    if name.startswith(TEST_DATABASE_PREFIX):
        yield name
        return
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection.settings_dict["NAME"]
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def database_copy(blocker: Any) -> Iterator[str]:
    """Give the copy's name; Django's connections lead there, those of new threads too."""
    settings = connections["default"].settings_dict
    copy = f"own_{uuid.uuid4().hex[:12]}"
    with blocker.unblock(), _migrated() as origin:
        connection.close()
        with _aside(settings) as aside:
            aside.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{origin}"')
        settings["NAME"] = copy
        try:
            yield copy
        finally:
            connection.close()
            settings["NAME"] = origin
            with _aside(settings) as aside:
                aside.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The same, for one test."""
    with database_copy(django_db_blocker) as name:
        yield name
