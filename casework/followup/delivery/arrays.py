"""Arrays of hundreds of values, written out here: a driver looks at every element, and that takes long.

Only for values whose every form is known: numbers, UUIDs and bytes can hold nothing that means anything in SQL.
"""

from collections.abc import Iterable
from uuid import UUID


def numbers(values: Iterable[int]) -> str:
    """For `::bigint[]` or `::int[]`."""
    return "{" + ",".join(map(int.__repr__, values)) + "}"


def uuids(values: Iterable[UUID]) -> str:
    """For `::uuid[]`."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def hexes(values: Iterable[bytes]) -> str:
    """For `::text[]`, each to be decoded from hex."""
    return "{" + ",".join(map(bytes.hex, values)) + "}"
