"""Narrative text is kept encrypted: a copy of the database alone reveals none of it.

Keys come from FIELD_KEYS, newest first; older keys still decrypt, so that a key can be replaced without a pause.
"""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """The present keys. Raises ValueError when one is not urlsafe base64 of 32 bytes."""
    return _box(tuple(settings.FIELD_KEYS))


class EncryptedTextField(models.TextField):
    """Text in Python, ciphertext in the database. It cannot be searched or ordered by, and should not be."""

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_prep_value(self, value: Any) -> bytes | None:
        return None if value is None else box().encrypt(str(value).encode())

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else box().decrypt(bytes(value)).decode()

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull` means anything on ciphertext; every other look-up is a mistake and fails."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
