"""What makes a signature mean something: one spelling of the content, its hash, and when an entry is late."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

LATE_AFTER = timedelta(hours=72)


def tidy(text: str) -> str:
    """One spelling of a text: composed letters, plain line ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def canonical_json(content: Mapping[str, Any]) -> str:
    """Sorted keys, no blanks, letters as they are, times in UTC: equal content gives equal text."""
    return json.dumps(_spelled(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _spelled(value: Any) -> Any:
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {tidy(str(key)): _spelled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    return value


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def is_late(*, ended_at: datetime, signed_at: datetime) -> bool:
    """Whether a signature comes over 72 hours after the session's end; exactly 72 is in time (clinical.md §9.2)."""
    return signed_at - ended_at > LATE_AFTER
