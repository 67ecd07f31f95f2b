"""What the provider accepted and received: one SQLite file that only the provider touches."""

import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    sid TEXT PRIMARY KEY, direction TEXT NOT NULL, kind TEXT NOT NULL, phone TEXT NOT NULL, office TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '', body TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL,
    callback TEXT NOT NULL DEFAULT '', idempotency_key TEXT UNIQUE);
CREATE INDEX IF NOT EXISTS message_by_phone ON message (kind, phone, created_at);
"""
OUT, IN = "out", "in"


def new_sid() -> str:
    return "SM" + secrets.token_hex(16)


class Ledger:
    """Messages in both directions. Thread-safe: one connection, one lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / "ledger.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def _rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def add(
        self, *, direction: str, kind: str, phone: str, office: str, body: str, **more: Any
    ) -> dict[str, Any]:
        """Accept a message. The same idempotency key returns the first message again."""
        row = {
            "sid": new_sid(),
            "direction": direction,
            "kind": kind,
            "phone": phone,
            "office": office,
            "subject": "",
            "body": body,
            "status": "queued" if direction == OUT else "received",
            "created_at": datetime.now(UTC).isoformat(),
            "callback": "",
            "idempotency_key": None,
            **more,
        }
        with self._lock:
            self._db.execute(
                "INSERT INTO message VALUES (:sid, :direction, :kind, :phone, :office, :subject, :body, :status,"
                " :created_at, :callback, :idempotency_key) ON CONFLICT (idempotency_key) DO NOTHING",
                row,
            )
        if row["idempotency_key"]:
            return self._rows("SELECT * FROM message WHERE idempotency_key = ?", row["idempotency_key"])[0]
        return row

    def set_status(self, sid: str, status: str) -> None:
        self._rows("UPDATE message SET status = ? WHERE sid = ?", status, sid)

    def get(self, sid: str) -> dict[str, Any] | None:
        return next(iter(self._rows("SELECT * FROM message WHERE sid = ?", sid)), None)

    def sent_to(self, phone: str, *, limit: int) -> list[dict[str, Any]]:
        """Outgoing texts to one number, or to all when it is empty, newest first."""
        return self._rows(
            "SELECT * FROM message WHERE kind = 'sms' AND direction = 'out' AND ? IN (phone, '')"
            " ORDER BY created_at DESC LIMIT ?",
            phone,
            limit,
        )

    def everything(self) -> list[dict[str, Any]]:
        return self._rows("SELECT * FROM message ORDER BY created_at")

    def threads(self, kind: str) -> list[dict[str, Any]]:
        """The newest message of every phone or mailbox, the liveliest first."""
        return self._rows(
            "SELECT m.*, n.number FROM message AS m JOIN (SELECT phone, max(created_at) AS newest, count(*) AS number"
            " FROM message WHERE kind = ? GROUP BY phone) AS n ON n.phone = m.phone AND n.newest = m.created_at"
            " WHERE m.kind = ? ORDER BY m.created_at DESC",
            kind,
            kind,
        )

    def thread(self, kind: str, phone: str) -> list[dict[str, Any]]:
        return self._rows(
            "SELECT * FROM message WHERE kind = ? AND phone = ? ORDER BY created_at", kind, phone
        )
