"""What can be done to the record. Each act locks, decides, writes and is audited in one transaction.

Acts that reach further than this room are in `clients.lower`.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Role, Verb, require
from clients.dates import check_past
from clients.errors import Conflict, InvalidInput
from clients.jurisdiction import jurisdiction
from clients.models import (
    CareTeamMember,
    Client,
    ClientSubstance,
    ClientSummary,
    ContactPoint,
    EpisodeOfCare,
    Permission,
    Practice,
    StatusChange,
)
from clients.phones import to_address, to_e164
from clients.record_numbers import next_record_number

EDITABLE = (
    "given_name",
    "family_name",
    "chosen_name",
    "pronouns",
    "date_of_birth",
    "language",
    "time_zone",
    "preferred_channel",
)
# What the client agreed to was agreed for the number or address of that time.
PERMISSION_BY: dict[str, str] = {
    ContactPoint.Kind.MOBILE: Permission.Channel.TEXT,
    ContactPoint.Kind.EMAIL: Permission.Channel.EMAIL,
}


def locked(client_id: int) -> Client:
    """The client's row, held until the transaction ends: whoever changes what belongs to it takes this first.

    Of a merged record, the one that stands for it: whatever is done to the old one is done to that.
    """
    client = Client.objects.select_for_update(of=("self",)).select_related("summary").get(pk=client_id)
    return client if client.merged_into_id is None else locked(client.merged_into_id)


@transaction.atomic
def register_client(*, team: Any, by: Any, now: datetime, counselor: Any = None, **fields: Any) -> Client:
    """Open a record. A counselor becomes the new client's primary counselor unless another is named."""
    require(by, Verb.REGISTER_CLIENT)
    _check_names(fields)
    client = Client(
        team=team, record_number=next_record_number(), registered_at=now, registered_by=by, **fields
    )
    check_past(zone=client.zone, now=now, date_of_birth=client.date_of_birth)
    client.save()
    ClientSummary.objects.create(client=client)
    _note_status(client, came_from="", reason="", on=timezone.localdate(now), by=by, now=now)
    audit.record("client.registered", by=by, at=now, client_id=client.pk, target=client)
    counselor = counselor or (by if by is not None and by.role == Role.COUNSELOR else None)
    if counselor is not None:
        _place(client, counselor, role=CareTeamMember.Role.PRIMARY, by=by, now=now)
    return client


def _check_names(fields: dict[str, Any]) -> None:
    if not fields.get("given_name", "").strip():
        raise InvalidInput(
            _("A given name is needed, even if it is only what the person goes by."), field="given_name"
        )


@transaction.atomic
def update_client(*, client_id: int, by: Any, now: datetime, **fields: Any) -> Client:
    """Change names, language, zone and the like. Raises InvalidInput for a field that is not editable so."""
    require(by, Verb.EDIT_CLIENT)
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise InvalidInput(_("“%(field)s” cannot be changed here.") % {"field": sorted(unknown)[0]})
    client = locked(client_id)
    changed = [name for name, value in fields.items() if getattr(client, name) != value]
    for name in changed:
        setattr(client, name, fields[name])
    _check_names({"given_name": client.given_name})
    check_past(zone=client.zone, now=now, date_of_birth=client.date_of_birth)
    client.save(update_fields=changed)
    audit.record("client.updated", by=by, at=now, client_id=client.pk, target=client, fields=sorted(changed))
    return client


# --- in touch or not ---
def _note_status(client: Client, *, came_from: str, reason: str, on: date, by: Any, now: datetime) -> None:
    StatusChange.objects.create(
        client=client,
        from_state=came_from,
        to_state=client.state,
        reason=reason,
        effective_on=on,
        at=now,
        by=by,
    )


def move_client(client: Client, state: str, *, reason: str, on: date, by: Any, now: datetime) -> None:
    """Change the status and keep why and since when. For the acts of this room; the caller holds the row."""
    if on > timezone.localdate(now, client.zone):
        raise InvalidInput(_("This date lies in the future. Give the day it happened."), field="on")
    check_past(zone=client.zone, now=now, on=on)
    before = client.state
    client.move_to(state)
    client.state_reason, client.state_on = reason, on
    client.save(update_fields=["state", "state_reason", "state_on"])
    _note_status(client, came_from=before, reason=reason, on=on, by=by, now=now)
    audit.record(f"client.{state}", by=by, at=now, client_id=client.pk, target=client, on=on.isoformat())


@transaction.atomic
def admit(
    *, client_id: int, on: date, by: Any, now: datetime, programme: Any = None, source: str = "staff"
) -> EpisodeOfCare:
    """Open an episode of care; a discharged client becomes active again. Raises Conflict while one is open."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    if EpisodeOfCare.objects.of(client).filter(discharged_on=None).exists():
        raise Conflict(_("An episode of care is already open. Discharge from it first."))
    check_past(zone=client.zone, now=now, admitted_on=on)
    episode = EpisodeOfCare.objects.create(client=client, programme=programme, admitted_on=on, source=source)
    if client.state == Client.State.DISCHARGED:
        move_client(client, Client.State.ACTIVE, reason=_("Admitted again"), on=on, by=by, now=now)
    remember_first_admission(client)
    audit.record("client.admitted", by=by, at=now, client_id=client.pk, target=episode)
    return episode


def remember_first_admission(client: Client) -> None:
    """Bring the summary's first admission up to date after episodes have been added."""
    episodes = EpisodeOfCare.objects.of(client).order_by("admitted_on")
    first = episodes.values_list("admitted_on", flat=True).first()
    ClientSummary.objects.filter(client=client).update(first_admitted_on=first)


# --- ways to reach the client ---
def _takes_the_place(client: Client, kind: str) -> bool:
    """Whether messages of this kind had a number, and have none left that works."""
    if kind not in PERMISSION_BY:
        return False
    earlier = list(ContactPoint.objects.of(client).filter(kind=kind))
    bad = ContactPoint.State.BAD
    return bool(earlier) and all(one.retired_at is not None or one.state == bad for one in earlier)


@transaction.atomic
def add_contact_point(
    *,
    client_id: int,
    kind: str,
    value: str,
    by: Any,
    now: datetime,
    is_shared: bool = False,
    verified: bool = False,
) -> ContactPoint:
    """Add a number or address. Raises InvalidInput when it cannot be one, Conflict when it is there already.

    In place of one that is no longer used or does not work, it asks for the permission anew (clinical.md §4.6).
    """
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    region = jurisdiction(Practice.current().jurisdiction).phone_region
    normalized = to_address(value) if kind == ContactPoint.Kind.EMAIL else to_e164(value, region=region)
    if ContactPoint.objects.of(client).current().filter(normalized=normalized).exists():
        raise Conflict(_("This number or address is on record already."), field="value")
    if _takes_the_place(client, kind):
        for permission in Permission.objects.of(client).in_force(now).filter(channel=PERMISSION_BY[kind]):
            withdraw_one(permission, by=by, now=now, how=Permission.How.STAFF)
    point = ContactPoint.objects.create(
        client=client,
        kind=kind,
        value=value.strip(),
        normalized=normalized,
        is_shared=is_shared,
        state=ContactPoint.State.VERIFIED if verified else ContactPoint.State.UNVERIFIED,
        state_at=now if verified else None,
        position=client.contact_points.count(),
    )
    audit.record("contact.added", by=by, at=now, client_id=client.pk, target=point, kind=kind)
    return point


def withdraw_one(permission: Permission, *, by: Any, now: datetime, how: str) -> None:
    """End one permission that is in force. The caller holds the client's row."""
    at = max(now, permission.granted_at)  # two hosts, two clocks
    permission.withdrawn_at, permission.withdrawn_by, permission.withdrawn_how = at, by, how
    permission.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_how"])
    audit.record(
        "permission.withdrawn",
        by=by,
        at=now,
        client_id=permission.client_id,
        target=permission,
        channel=permission.channel,
        how=how,
    )


@transaction.atomic
def grant_permission(
    *, client_id: int, channel: str, by: Any, now: datetime, version: str = "1", language: str = "en"
) -> Permission:
    """Record that the client agreed to be reached this way. Granting what is in force gives back the same row."""
    require(by, Verb.MANAGE_PERMISSIONS)
    client = locked(client_id)
    held = Permission.objects.of(client).in_force(now).filter(channel=channel).first()
    if held is not None:
        return held
    permission = Permission.objects.create(
        client=client,
        channel=Permission.Channel(channel),
        version=version,
        language=language,
        granted_at=now,
        granted_by=by,
    )
    audit.record("permission.granted", by=by, at=now, client_id=client.pk, target=permission, channel=channel)
    return permission


# --- substances ---
@transaction.atomic
def set_substance(
    *, client_id: int, substance: Any, by: Any, now: datetime, source: str = "staff", **facts: Any
) -> ClientSubstance:
    """Add one of the client's substances, or correct what is known of it. A new primary replaces the old one."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    first, last = facts.get("first_used_on"), facts.get("last_used_on")
    check_past(zone=client.zone, now=now, first_used_on=first, last_used_on=last)
    if first and last and last < first:
        raise InvalidInput(_("Last use lies before first use. Check the two dates."), field="last_used_on")
    if facts.get("is_primary"):
        client.substances.exclude(substance=substance).update(is_primary=False)
    row, _created = ClientSubstance.objects.update_or_create(
        client=client,
        substance=substance,
        defaults=facts,
        create_defaults={**facts, "source": source, "recorded_at": now},
    )
    audit.record("substance.recorded", by=by, at=now, client_id=client.pk, target=row)
    return row


@transaction.atomic
def remove_substance(*, client_substance_id: int, by: Any, now: datetime) -> None:
    """Take back a substance that was recorded by mistake; the trail keeps that it was there."""
    require(by, Verb.EDIT_CLIENT)
    row = ClientSubstance.objects.select_for_update(of=("self",)).get(pk=client_substance_id)
    audit.record(
        "substance.removed", by=by, at=now, client_id=row.client_id, target=row, substance=row.substance_id
    )
    row.delete()


# --- who cares for the client ---
def _place(
    client: Client, user: Any, *, role: str, by: Any, now: datetime, until: datetime | None = None
) -> CareTeamMember:
    member = CareTeamMember.objects.create(
        client=client, user=user, role=role, starts_at=now, ends_at=until, assigned_by=by
    )
    if role == CareTeamMember.Role.PRIMARY:
        ClientSummary.objects.filter(client=client).update(assigned_at=now)
    audit.record(
        "care_team.joined", by=by, at=now, client_id=client.pk, target=member, user=user.pk, role=role
    )
    return member


@transaction.atomic
def assign_counselor(*, client_id: int, counselor: Any, by: Any, now: datetime) -> CareTeamMember:
    """Make somebody the primary counselor from now on; the one before them leaves the care team."""
    require(by, Verb.ASSIGN_COUNSELOR)
    client = locked(client_id)
    primary = client.care_team.filter(role=CareTeamMember.Role.PRIMARY, ends_at=None)
    present = primary.first()
    if present is not None and present.user_id == counselor.pk:
        return present
    primary.update(ends_at=now)
    return _place(client, counselor, role=CareTeamMember.Role.PRIMARY, by=by, now=now)


@transaction.atomic
def add_cover(
    *, client_id: int, counselor: Any, until: datetime | None, by: Any, now: datetime
) -> CareTeamMember:
    """Let somebody cover for the primary counselor, until a moment or until ended."""
    require(by, Verb.ASSIGN_COUNSELOR)
    if until is not None and until <= now:
        raise InvalidInput(_("Cover must end later than now."), field="until")
    client = locked(client_id)
    return _place(client, counselor, role=CareTeamMember.Role.COVERING, by=by, now=now, until=until)


@transaction.atomic
def end_cover(*, member_id: int, by: Any, now: datetime) -> CareTeamMember:
    """End a cover now."""
    require(by, Verb.ASSIGN_COUNSELOR)
    member = CareTeamMember.objects.select_for_update(of=("self",)).get(pk=member_id)
    if member.role != CareTeamMember.Role.COVERING:
        raise InvalidInput(_("Only cover can be ended so. Assign another primary counselor instead."))
    member.ends_at = max(now, member.starts_at + timedelta(seconds=1))
    member.save(update_fields=["ends_at"])
    audit.record("care_team.left", by=by, at=now, client_id=member.client_id, target=member)
    return member
