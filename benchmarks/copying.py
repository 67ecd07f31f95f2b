"""Loading rows by COPY, as the models would have written them."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import psycopg
from django.db import connection
from django.db.models import Model

NULL = "\\N"


def columns(model: type[Model]) -> list[Any]:
    """The model's own columns, without a key that the database counts up."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def text(field: Any, value: Any) -> str:
    """A value as COPY wants it."""
    if hasattr(value, "resolve_expression"):
        return NULL
    value = field.get_db_prep_save(value, connection)
    value = getattr(value, "obj", value)  # psycopg's Jsonb
    match value:
        case None:
            return NULL
        case bool():
            return "t" if value else "f"
        case bytes():
            return "\\\\x" + value.hex()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} seconds"
        case uuid.UUID():
            return value.hex
        case dict():
            return escaped(json.dumps(value))
        case list() | tuple():
            return escaped("{" + ",".join(json.dumps(str(one)) for one in value) + "}")
        case _:
            return escaped(str(value))


def escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def lines(template: Model, vary: dict[str, Callable[[int], str]], numbers: Iterable[int]) -> Iterator[str]:
    """One line a number: the template's columns, those in `vary` by their function of the number."""
    fields = columns(type(template))
    row = [text(field, getattr(template, field.attname)) for field in fields]
    places = [(index, vary[field.attname]) for index, field in enumerate(fields) if field.attname in vary]
    for number in numbers:
        for index, value in places:
            row[index] = value(number)
        yield "\t".join(row)


def load(admin: psycopg.Connection[Any], template: Model, made: Iterable[str]) -> None:
    """Write the lines. A column that the database fills by itself is left to it where the template has no value."""
    fields = columns(type(template))
    left = [
        index for index, field in enumerate(fields) if hasattr(getattr(template, field.attname), "as_sql")
    ]
    names = ", ".join(f'"{field.column}"' for index, field in enumerate(fields) if index not in left)
    with admin.cursor().copy(f"COPY {template._meta.db_table} ({names}) FROM STDIN") as copy:
        block: list[str] = []
        for line in made:
            if left:
                parts = line.split("\t")
                line = "\t".join(part for index, part in enumerate(parts) if index not in left)
            block.append(line)
            if len(block) >= 2000:
                copy.write("\n".join(block) + "\n")
                block.clear()
        if block:
            copy.write("\n".join(block) + "\n")
