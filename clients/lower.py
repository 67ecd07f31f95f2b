"""Acts on the record that reach further than this room: lower verbs.

Only casework.followup calls them, and stops or starts in the same transaction what must stop or start; the importer
may where nothing has begun yet. A contract of the imports keeps everybody else out.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import locked, move_client, withdraw_one
from clients.dates import check_past
from clients.errors import Conflict, InvalidInput
from clients.models import Client, ContactPoint, EpisodeOfCare, Guardian, PauseReason, Permission


# --- in touch or not ---
@transaction.atomic
def discharge(*, client_id: int, reason: str, on: date, by: Any, now: datetime, note: str = "") -> Client:
    """Lower verb of followup.discharge: end the open episodes of care and mark the client discharged."""
    require(by, Verb.DISCHARGE_CLIENT)
    if reason not in EpisodeOfCare.Reason.values:
        raise InvalidInput(_("Choose a reason for the discharge."), field="reason")
    client = locked(client_id)
    _end_open_episodes(client, reason=reason, on=on)
    move_client(
        client,
        Client.State.DISCHARGED,
        reason=note or str(EpisodeOfCare.Reason(reason).label),
        on=on,
        by=by,
        now=now,
    )
    return client


@transaction.atomic
def record_death(*, client_id: int, on: date, by: Any, now: datetime, note: str = "") -> Client:
    """Lower verb of followup.record_death: end the open episodes of care and mark the client deceased."""
    require(by, Verb.RECORD_DEATH)
    client = locked(client_id)
    _end_open_episodes(client, reason=EpisodeOfCare.Reason.DECEASED, on=on)
    move_client(client, Client.State.DECEASED, reason=note, on=on, by=by, now=now)
    return client


def _end_open_episodes(client: Client, *, reason: str, on: date) -> None:
    for episode in EpisodeOfCare.objects.of(client).filter(discharged_on=None):
        episode.discharged_on, episode.discharge_reason = max(on, episode.admitted_on), reason
        episode.save(update_fields=["discharged_on", "discharge_reason"])


@transaction.atomic
def pause(*, client_id: int, reason: str, on: date, by: Any, now: datetime) -> Client:
    """Lower verb of followup.pause_client: the client cannot be reached for a while and is still ours."""
    require(by, Verb.EDIT_CLIENT)
    if reason not in PauseReason.values:
        raise InvalidInput(_("Choose a reason for the pause."), field="reason")
    client = locked(client_id)
    move_client(client, Client.State.PAUSED, reason=reason, on=on, by=by, now=now)
    return client


@transaction.atomic
def resume(*, client_id: int, on: date, by: Any, now: datetime) -> Client:
    """Lower verb of followup.resume_client: the client is back. Raises Conflict for one who is not paused."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    if client.state != Client.State.PAUSED:
        raise Conflict(_("%(first)s is not paused.") % {"first": client.first_name})
    if client.state_on is not None and on < client.state_on:
        raise InvalidInput(_("This day lies before the pause began."), field="on")
    move_client(client, Client.State.ACTIVE, reason="", on=on, by=by, now=now)
    return client


# --- ways to reach the client ---
def _point(contact_id: int) -> ContactPoint:
    """The number or address, held; its client first, as everywhere."""
    locked(ContactPoint.objects.values_list("client_id", flat=True).get(pk=contact_id))
    return ContactPoint.objects.select_for_update(of=("self",)).get(pk=contact_id)


@transaction.atomic
def set_contact_state(*, contact_id: int, state: str, by: Any, now: datetime) -> ContactPoint:
    """Lower verb of followup.mark_contact: a number or address was verified, or does not work."""
    require(by, Verb.EDIT_CLIENT)
    point = _point(contact_id)
    point.state, point.state_at = ContactPoint.State(state), now
    point.save(update_fields=["state", "state_at"])
    audit.record(f"contact.{state}", by=by, at=now, client_id=point.client_id, target=point)
    return point


@transaction.atomic
def review_shared(*, contact_id: int, by: Any, now: datetime) -> ContactPoint:
    """Lower verb of followup.review_shared: somebody has talked the shared phone over with the client."""
    require(by, Verb.EDIT_CLIENT)
    point = _point(contact_id)
    point.shared_reviewed_at = now
    point.save(update_fields=["shared_reviewed_at"])
    audit.record("contact.shared_reviewed", by=by, at=now, client_id=point.client_id, target=point)
    return point


@transaction.atomic
def retire_contact_point(*, contact_id: int, by: Any, now: datetime) -> ContactPoint:
    """Lower verb of followup.retire_contact_point: a number or address is no longer used, and stays on record."""
    require(by, Verb.EDIT_CLIENT)
    point = _point(contact_id)
    point.retired_at = point.retired_at or now
    point.save(update_fields=["retired_at"])
    audit.record("contact.retired", by=by, at=now, client_id=point.client_id, target=point)
    return point


@transaction.atomic
def withdraw_permission(
    *, client_id: int, channel: str, by: Any, now: datetime, how: str = "staff"
) -> Permission | None:
    """Lower verb of followup.withdraw_permission: the client no longer wants to be reached this way. At once."""
    require(by, Verb.MANAGE_PERMISSIONS)
    client = locked(client_id)
    # Also one that was given "later", by a clock that ran ahead of ours: a no is never too early.
    held = list(Permission.objects.of(client).standing().filter(channel=channel))
    for permission in held:  # each merged record may have brought one
        withdraw_one(permission, by=by, now=now, how=how)
    return held[0] if held else None


# --- who decides for the client ---
@transaction.atomic
def add_guardian(
    *,
    client_id: int,
    name: str,
    relationship: str,
    from_on: date,
    by: Any,
    now: datetime,
    contact: str = "",
    consent_rechecked: bool = False,
) -> Guardian:
    """Lower verb of followup.add_guardian: from a day on somebody decides for the client."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    if not name.strip():
        raise InvalidInput(_("Give the guardian's name."), field="name")
    if relationship not in Guardian.Relationship.values:
        raise InvalidInput(_("Say who the guardian is to the client."), field="relationship")
    check_past(zone=client.zone, now=now, from_on=from_on)
    guardian = Guardian.objects.create(
        client=client,
        name=name.strip(),
        relationship=relationship,
        contact=contact.strip(),
        from_on=from_on,
        changed_at=now,
        changed_by=by,
        consent_rechecked_at=now if consent_rechecked else None,
        consent_rechecked_by=by if consent_rechecked else None,
    )
    audit.record(
        "guardian.added",
        by=by,
        at=now,
        client_id=client.pk,
        target=guardian,
        consent_rechecked=bool(consent_rechecked),
    )
    return guardian


@transaction.atomic
def end_guardian(*, guardian_id: int, on: date, by: Any, now: datetime) -> Guardian:
    """Lower verb of followup.end_guardian: the client came of age, or somebody else decides from now on."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(Guardian.objects.values_list("client_id", flat=True).get(pk=guardian_id))
    guardian = Guardian.objects.select_for_update(of=("self",)).get(pk=guardian_id)
    if guardian.to_on is not None:
        raise Conflict(_("This has ended already."))
    if on < guardian.from_on:
        raise InvalidInput(_("This day lies before it began."), field="on")
    check_past(zone=client.zone, now=now, on=on)
    guardian.to_on, guardian.changed_at, guardian.changed_by = on, now, by
    guardian.save(update_fields=["to_on", "changed_at", "changed_by"])
    audit.record("guardian.ended", by=by, at=now, client_id=guardian.client_id, target=guardian)
    return guardian


@transaction.atomic
def recheck_consent(*, client_id: int, by: Any, now: datetime) -> list[Guardian]:
    """Lower verb of followup.recheck_consent: whoever decides now has gone through the consent. Returns the changes."""
    require(by, Verb.MANAGE_PERMISSIONS)
    client = locked(client_id)
    changed = list(Guardian.objects.of(client).to_recheck().order_by("pk"))
    for guardian in changed:
        guardian.consent_rechecked_at, guardian.consent_rechecked_by = now, by
        guardian.save(update_fields=["consent_rechecked_at", "consent_rechecked_by"])
        audit.record(
            "guardian.consent_rechecked", by=by, at=now, client_id=guardian.client_id, target=guardian
        )
    return changed
