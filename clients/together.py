"""Several querysets in one statement: a page about a client reads some thirty small lists, each a way to the database.

An asker is a generator that yields the querysets it needs and, once they are read, goes on with them as if nothing
were: their rows are there. `gather` runs several askers side by side, one statement for each round of yields.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from psycopg.adapt import Transformer
from psycopg.pq import Format

T = TypeVar("T")
Asker = Generator[Iterable[QuerySet[Any]], None, T]
Row = tuple[Any, ...]

PART = "SELECT {place}, row_number() OVER (), ARRAY[{texts}] FROM ({sql}) AS one ({names})"


def alone(asker: Asker[T]) -> T:
    """What an asker comes to; each round of what it yields is one statement."""
    while True:
        try:
            wanted = next(asker)
        except StopIteration as done:
            return done.value
        read_together(*wanted)


def side_by_side(*askers: Asker[Any]) -> Asker[list[Any]]:
    """Several askers as one: their rounds are shared."""
    results: list[Any] = [None] * len(askers)
    waiting = dict(enumerate(askers))
    while waiting:
        wanted: list[QuerySet[Any]] = []
        for place, asker in list(waiting.items()):
            try:
                wanted += next(asker)
            except StopIteration as done:
                results[place] = done.value
                del waiting[place]
        if waiting:
            yield wanted
    return results


def reading(*querysets: QuerySet[Any]) -> Asker[Sequence[QuerySet[Any]]]:
    """The simplest asker: these querysets, read."""
    yield querysets
    return querysets


def gather(*askers: Asker[Any]) -> list[Any]:
    """What the askers come to, in their order."""
    return alone(side_by_side(*askers))


def read_together(*querysets: QuerySet[Any]) -> None:
    """Fill the querysets by one statement; afterwards they give their rows without asking again."""
    compilers = [one.query.get_compiler(DEFAULT_DB_ALIAS) for one in querysets]
    for queryset, compiler, found in zip(querysets, compilers, _rows(compilers), strict=True):
        _fill(queryset, compiler, found)


def _fill(queryset: QuerySet[Any], compiler: Any, rows: list[Row]) -> None:
    """Let Django make of the rows what it makes of those that it reads itself: objects, tuples or single values."""
    compiler.execute_sql = lambda *_how, **_more: [rows]
    query = queryset.query
    query.get_compiler = lambda *_how, **_more: compiler  # type: ignore[method-assign]
    try:
        len(queryset)
    finally:
        vars(query).pop("get_compiler")


def _rows(compilers: Sequence[Any]) -> list[list[Row]]:
    """The rows of each, with columns that are still text as PostgreSQL spells it, turned into what they are."""
    parts, values, loaders = [], [], {}
    found: list[list[Row]] = [[] for _one in compilers]
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    known = Transformer(connection.connection)
    for place, compiler in enumerate(compilers):
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            continue
        names = [f"c{number}" for number in range(compiler.col_count)]
        ordered_by = [
            f"x{number}" for number in range(len(compiler.query.order_by) if compiler.has_extra_select else 0)
        ]
        parts.append(
            PART.format(
                place=place,
                texts=", ".join(f"{name}::text" for name in names),
                sql=sql,
                names=", ".join([*names, *ordered_by]),
            )
        )
        values += params
        loaders[place] = [_loader(known, column, connection) for column in compiler.select]
    if not parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute("\nUNION ALL\n".join(parts), values)
        for place, _number, columns in sorted(cursor.fetchall(), key=lambda row: row[:2]):
            found[place].append(
                tuple(
                    None if text is None else load(text)
                    for load, text in zip(loaders[place], columns, strict=True)
                )
            )
    return found


def _loader(known: Any, column: Any, connection: Any) -> Any:
    """What turns the text of a column into its value, as the driver does with what it is sent."""
    name = str(column[0].output_field.db_type(connection))
    bare = name.partition("(")[0] + ("[]" if name.endswith("[]") and "(" in name else "")
    if bare == "boolean":  # the one type whose text is spelled otherwise than it is sent
        return "true".__eq__
    load = known.get_loader(known.adapters.types.get_oid(bare), Format.TEXT).load
    return lambda text: load(text.encode())
