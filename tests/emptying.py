"""Emptying the tables after a test that commits.

Django's own way is stopped by the guards of what may never be rewritten, and would empty the catalogues that migrations
loaded. This one sets the guards aside as the tables' owner, and leaves the catalogues.
"""

from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

LOADED_BY_MIGRATIONS = {
    "clients_substance",
    "relapse_stagesign",
    "followup_messagetext",
    "followup_crisisword",
    "followup_templateversion",
    "followup_templatestep",
    "django_content_type",
    "auth_permission",
}


def _tables() -> tuple[set[str], set[str]]:
    """What is emptied at once, and what is emptied row by row because a catalogue points there."""
    models = apps.get_models(include_auto_created=True)
    named = {
        field.related_model._meta.db_table
        for model in models
        if model._meta.db_table in LOADED_BY_MIGRATIONS
        for field in model._meta.concrete_fields
        if field.related_model is not None
    }
    rest = {model._meta.db_table for model in models} - LOADED_BY_MIGRATIONS
    return rest - named, rest & named


def empty_tables(self: Any = None) -> None:
    """Empty every table of the project but the catalogues."""
    tables, named = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        guarded = [row[0] for row in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            f"TRUNCATE {', '.join(sorted(map(connection.ops.quote_name, tables)))} RESTART IDENTITY"
        )
        for table in named:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def install() -> None:
    """Let every test case that commits clean up so."""
    TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[method-assign]
