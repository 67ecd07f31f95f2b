"""Narrative text is kept encrypted: a copy of the database alone reveals none of it.

Keys come from FIELD_KEYS, newest first; older keys still decrypt, so that a key can be replaced without a pause. A
value is AES-256-GCM and says which key closed it. It is bound to its table and column: moved elsewhere it does not
open. What was written as a Fernet token, before that, still opens and is closed anew when it is next saved.
"""

import base64
import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

# A value: FORMAT, the key's id, a nonce that is used once, the ciphertext with its tag. Fernet tokens begin with "g".
FORMAT = b"\x01"
KEY_ID = slice(1, 5)
NONCE = slice(5, 17)
HEAD = NONCE.stop
NONCE_SIZE = NONCE.stop - NONCE.start


class Box:
    """Closes with the newest key and opens with any of them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        secrets = [_derived(key) for key in keys]
        self._by_id = {sha256(secret).digest()[:4]: AESGCM(secret) for secret in reversed(secrets)}
        self._newest = sha256(secrets[0]).digest()[:4]
        self._head = FORMAT + self._newest
        self._seal = self._by_id[self._newest].encrypt

    def seal(self, text: str, context: bytes) -> bytes:
        """Ciphertext that opens only in the same `context`."""
        return self.seal_all([text], context)[0]

    def seal_all(self, texts: Sequence[str], context: bytes) -> list[bytes]:
        """The same for many at once, each with a nonce of its own."""
        nonces = os.urandom(NONCE_SIZE * len(texts))
        sealed = []
        for place, text in enumerate(texts):
            nonce = nonces[place * NONCE_SIZE : (place + 1) * NONCE_SIZE]
            sealed.append(self._head + nonce + self._seal(nonce, text.encode(), context))
        return sealed

    def open(self, sealed: bytes, context: bytes) -> str:
        """The text. Raises InvalidToken where no key fits, a byte was changed, or it stood elsewhere."""
        if sealed[:1] != FORMAT:
            return self._fernet.decrypt(sealed).decode()
        key = self._by_id.get(sealed[KEY_ID])
        if key is None:
            raise InvalidToken
        try:
            return key.decrypt(sealed[NONCE], sealed[HEAD:], context).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise InvalidToken from error


def _derived(key: str) -> bytes:
    """A key of its own for this purpose: what Fernet does with the same secret tells nothing about it."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"turnaround field encryption 1")
    return hkdf.derive(base64.urlsafe_b64decode(key))


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> Box:
    return Box(keys)


def box() -> Box:
    """The present keys. Raises ValueError when one is not urlsafe base64 of 32 bytes."""
    return _box(tuple(settings.FIELD_KEYS))


class EncryptedTextField(models.TextField):
    """Text in Python, ciphertext in the database. It cannot be searched or ordered by, and should not be.

    `context` names the column to which its values are bound; give the old one to a column that is renamed.
    """

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.given_context = context
        self.context = context.encode()
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"context": self.given_context} if self.given_context else {})

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not self.given_context:
            self.context = f"{cls._meta.db_table}.{self.column}".encode()

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_prep_value(self, value: Any) -> bytes | None:
        return None if value is None else box().seal(str(value), self.context)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else box().open(bytes(value), self.context)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull` means anything on ciphertext; every other look-up is a mistake and fails."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
