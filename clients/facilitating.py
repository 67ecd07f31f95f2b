"""Who leads a group in which a client takes part is on the client's care team for it, and only as long.

A facilitator counsels: they must know what is dangerous for a member, write into the member's record and call when
somebody is missing. So they see the whole record, by the same rows and the same clock as everybody on a care team, and
`visible_to` needs no word about groups.
"""

from datetime import datetime, timedelta
from typing import Any

from clients import audit
from clients.models import CareTeamMember, Client

GROUP = CareTeamMember.Role.GROUP
# Whoever still owes a note about the client sees the record until it can be written.
TO_FINISH = timedelta(days=14)


def let_facilitate(client: Client, people: Any, *, by: Any, now: datetime) -> None:
    """Put the facilitators of a group on the client's care team. The caller holds the client and has asked `require`.

    Whoever is there for a group already stays; a place that was about to end goes on.
    """
    for person in people:
        place = _places(client, person, now).first()
        if place is None:
            place = CareTeamMember.objects.create(
                client=client, user=person, role=GROUP, starts_at=now, assigned_by=by
            )
        elif place.ends_at is not None:
            place.ends_at = None
            place.save(update_fields=["ends_at"])
        else:
            continue
        audit.record(
            "care_team.joined", by=by, at=now, client_id=client.pk, target=place, user=person.pk, role=GROUP
        )


def end_facilitating(client: Client, person: Any, *, by: Any, now: datetime, owes_note: bool) -> None:
    """Take somebody off the client's care team as a facilitator: now, or in 14 days when they owe a note."""
    until = now + TO_FINISH if owes_note else now
    for place in _places(client, person, now).filter(ends_at=None):
        place.ends_at = max(until, place.starts_at + timedelta(seconds=1))
        place.save(update_fields=["ends_at"])
        audit.record(
            "care_team.left",
            by=by,
            at=now,
            client_id=client.pk,
            target=place,
            user=place.user_id,
            until=place.ends_at.isoformat(),
        )


def _places(client: Client, person: Any, now: datetime) -> Any:
    rows = CareTeamMember.objects.select_for_update(of=("self",)).in_force(now)
    return rows.filter(client=client, user=person, role=GROUP).order_by("pk")
