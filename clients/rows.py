"""Rows that differ in a few columns, written by one statement.

`bulk_create` makes an object of every row and prepares every column of it: for the thirty messages of a plan
that took longer than PostgreSQL took to write them.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model

from clients.base import Record

INSERT = """
INSERT INTO {table} ({columns})
SELECT {same}, differing.* FROM unnest({differing}) AS differing {otherwise} RETURNING id
"""


def insert_alike(
    like: Record, each: Mapping[str, Sequence[Any]], *, ignore_conflicts: bool = False
) -> list[int]:
    """Insert a row for every place of the sequences in `each`, all other columns as in `like`. Returns their keys.

    `each`: the values of a column by the field's attribute, all equally many. With `ignore_conflicts` a row that is
    there already stays as it is, and its key is left out; without, it raises IntegrityError.
    """
    differing = dict(each)
    number = len(next(iter(differing.values())))
    differing["uid"] = [uuid.uuid4() for _row in range(number)]
    fields = [
        field
        for field in type(like)._meta.concrete_fields
        if field.attname in differing or _is_ours(field, like)
    ]
    same = [field for field in fields if field.attname not in differing]
    other = [field for field in fields if field.attname in differing]
    backend = connections[DEFAULT_DB_ALIAS]  # the proxy, asked for each value, would take half of the time
    values = [field.get_db_prep_save(getattr(like, field.attname), backend) for field in same]
    values += [
        [field.get_db_prep_save(value, backend) for value in differing[field.attname]] for field in other
    ]
    with backend.cursor() as cursor:
        cursor.execute(
            INSERT.format(
                table=backend.ops.quote_name(like._meta.db_table),
                columns=", ".join(backend.ops.quote_name(str(field.column)) for field in [*same, *other]),
                same=", ".join(["%s"] * len(same)),
                differing=", ".join(f"%s::{_type(field)}[]" for field in other),
                otherwise="ON CONFLICT DO NOTHING" if ignore_conflicts else "",
            ),
            values,
        )
        return [row[0] for row in cursor.fetchall()]


def _is_ours(field: Any, like: Model) -> bool:
    """Whether its value is ours to say, and not left to the database."""
    return not field.primary_key and not hasattr(getattr(like, field.attname), "as_sql")


def _type(field: Any) -> str:
    """Without its length: a cast would cut off what is too long, instead of refusing it."""
    return str(field.db_type(connection)).partition("(")[0]
