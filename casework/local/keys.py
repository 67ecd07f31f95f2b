"""The demo's secrets: made once, kept where only their owner reads them."""

import base64
import json
import os
import secrets
from pathlib import Path


def demo_keys(path: Path) -> dict[str, str]:
    """Return SECRET_KEY, FIELD_KEYS and SANDBOX_SECRET from the file, made at the first start."""
    if not path.exists():
        keys = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "SANDBOX_SECRET": secrets.token_urlsafe(32),
        }
        write_private(path, json.dumps(keys, indent=1))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)
