"""The audit trail of what was written in bulk: a row for each, as the act would have left it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model

from clients.models import AuditEvent


@dataclass
class Trail:
    """Collects rows and saves them in the order of their time."""

    rows: list[AuditEvent] = field(default_factory=list)

    def add(self, verb: str, target: Model, *, by: Any, at: datetime, **ids: Any) -> None:
        """One act on a record that belongs to a client."""
        client_id: int = target.client_id  # type: ignore[attr-defined]
        self.rows.append(
            AuditEvent(
                verb=verb,
                at=at,
                actor_id=getattr(by, "pk", None),
                client_id=client_id,
                target_type=target._meta.label,
                target_id=str(target.pk),
                detail=ids,
            )
        )

    def save(self) -> None:
        AuditEvent.objects.bulk_create(sorted(self.rows, key=lambda row: row.at))
        self.rows.clear()
