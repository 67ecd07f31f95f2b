"""A database of its own for a test that commits: for threads, for live processes, for a browser.

It is a copy of the migrated test database, thrown away afterwards. Nothing has to be emptied, which append-only tables
would refuse anyway, and what migrations brought is there for the next test.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections


def _aside(settings: dict[str, Any]) -> psycopg.Connection[Any]:
    """A connection beside Django's, to the database that is always there."""
    named = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
    }
    given = {name: value for name, value in named.items() if value}
    return psycopg.connect(**given, dbname="postgres", autocommit=True)


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Yields the copy's name; Django's connections lead there, those of new threads too."""
    settings = connections["default"].settings_dict
    origin, copy = settings["NAME"], f"own_{uuid.uuid4().hex[:12]}"
    with django_db_blocker.unblock():
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
