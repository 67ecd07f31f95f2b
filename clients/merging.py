"""Two records of one person are made one, and parted again: lower verbs, called by casework.followup alone.

Nothing that was signed changes hands. The merged record stays as it is and points to the one that stands for it; who
reads that one reads the rows of both. Where the two differ in what the client allows, the stricter word holds.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import remember_first_admission, withdraw_one
from clients.errors import Conflict, InvalidInput
from clients.models import Client, ClientMerge, ContactPoint, Permission

State = Client.State
STRICT = ("state", "state_at", "is_shared", "shared_reviewed_at", "retired_at")


def held_together(*client_ids: int) -> list[Client]:
    """The rows of several clients and of all that were merged into them, held in one order; the named ones return."""
    wanted = Client.objects.filter(pk__in=client_ids)
    group = {pk for one in wanted for pk in one.record_ids}
    rows = Client.objects.select_for_update(of=("self",)).select_related("summary").filter(pk__in=group)
    by_id = {one.pk: one for one in rows.order_by("pk")}
    return [by_id[pk] for pk in client_ids]


@transaction.atomic
def merge(*, survivor_id: int, merged_id: int, reason: str, by: Any, now: datetime) -> ClientMerge:
    """Lower verb of followup.merge_clients: from now on the survivor stands for both.

    Raises InvalidInput without a reason or for a record and itself, Conflict when one is merged already or when what
    is known of the two cannot both be so.
    """
    require(by, Verb.MERGE_CLIENTS)
    if survivor_id == merged_id:
        raise InvalidInput(_("This is the same record. Choose another one."), field="other")
    if not reason.strip():
        raise InvalidInput(_("Say how you know that both are the same person."), field="reason")
    survivor, merged = held_together(survivor_id, merged_id)
    check_mergeable(survivor, merged)
    done = ClientMerge.objects.create(
        survivor=survivor, merged=merged, at=now, by=by, reason=reason.strip(), moved={}
    )
    done.moved = {
        "absorbed": list(merged.absorbed),
        "permissions": _stricter_permissions(survivor, merged, by=by, now=now),
        "contact_points": _stricter_contacts(survivor, merged, now),
    }
    done.save(update_fields=["moved"])
    _point(survivor, merged, merged.record_ids)
    remember_first_admission(survivor)
    for one in (survivor, merged):
        audit.record(
            "client.merged",
            by=by,
            at=now,
            client_id=one.pk,
            target=done,
            survivor=survivor.pk,
            merged=merged.pk,
        )
    return done


def check_mergeable(survivor: Client, merged: Client) -> None:
    """Raises Conflict, in words that say what to do first, when the two cannot be made one."""
    for one in (survivor, merged):
        if one.merged_into_id is not None:
            raise Conflict(
                _("%(number)s was merged into another record already.") % {"number": one.record_number}
            )
    if (survivor.state == State.DECEASED) != (merged.state == State.DECEASED):
        raise Conflict(
            _(
                "Only one of the two records says that the client has died. Find out first; both must say the same."
            )
        )
    if merged.is_in_touch and not survivor.is_in_touch:
        raise Conflict(_("Keep the record that is in care: merge the discharged one into it."))
    if survivor.is_in_touch and merged.is_in_touch and survivor.state != merged.state:
        raise Conflict(
            _(
                "One of the two is paused and the other is not. Pause or resume one of them first, so that both agree."
            )
        )


def _point(survivor: Client, merged: Client, group: list[int]) -> None:
    """Both ends of the same fact."""
    merged.absorbed = []
    merged.save(update_fields=["absorbed"])
    Client.objects.filter(pk__in=group).update(merged_into=survivor)
    merged.merged_into = survivor
    survivor.absorbed = sorted({*survivor.absorbed, *group})
    survivor.save(update_fields=["absorbed"])


def _stricter_permissions(
    survivor: Client, merged: Client, *, by: Any, now: datetime
) -> list[dict[str, Any]]:
    """A word taken back on either record is taken back on both. Returns what was withdrawn for it."""
    withdrawn = []
    for one, other in ((survivor, merged), (merged, survivor)):
        for permission in Permission.objects.of(one).in_force(now).order_by("pk"):
            opposed = _opted_out(other, permission.channel, now)
            if opposed is not None:
                withdraw_one(permission, by=by, now=now, how=opposed.withdrawn_how)
                withdrawn.append({"id": permission.pk, "channel": permission.channel})
    return withdrawn


def _opted_out(client: Client, channel: str, now: datetime) -> Permission | None:
    """The last withdrawal, when the channel was agreed to once on this record and is not any more."""
    rows = Permission.objects.of(client).filter(channel=channel)
    if rows.in_force(now).exists():
        return None
    return rows.filter(withdrawn_at__isnull=False).order_by("-withdrawn_at", "-pk").first()


def _stricter_contacts(survivor: Client, merged: Client, now: datetime) -> list[dict[str, Any]]:
    """A number that both records hold is kept once, with the more careful of what is known about it."""
    theirs = {one.normalized: one for one in ContactPoint.objects.of(merged).current().order_by("-pk")}
    changed: list[dict[str, Any]] = []
    for own in ContactPoint.objects.of(survivor).current().order_by("pk"):
        twin = theirs.get(own.normalized)
        if twin is None:
            continue
        changed += [_as_it_was(own), _as_it_was(twin)]
        if ContactPoint.State.BAD in {own.state, twin.state}:
            own.state, own.state_at = ContactPoint.State.BAD, now
        unreviewed = any(one.is_shared and one.shared_reviewed_at is None for one in (own, twin))
        own.is_shared = own.is_shared or twin.is_shared
        own.shared_reviewed_at = None if unreviewed else own.shared_reviewed_at or twin.shared_reviewed_at
        own.save(update_fields=list(STRICT))
        twin.retired_at = now
        twin.save(update_fields=["retired_at"])
    return changed


def _as_it_was(point: ContactPoint) -> dict[str, Any]:
    kept = {name: getattr(point, name) for name in STRICT}
    return {"id": point.pk} | {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept.items()
    }


@transaction.atomic
def unmerge(*, merge_id: int, by: Any, now: datetime) -> ClientMerge:
    """Lower verb of followup.undo_merge: the two stand apart again, with the permissions and numbers they had.

    Raises Conflict when it was undone before, when the 30 days have passed, or when the survivor was merged itself.
    """
    require(by, Verb.MERGE_CLIENTS)
    found = ClientMerge.objects.get(pk=merge_id)
    survivor, merged = held_together(found.survivor_id, found.merged_id)
    done = ClientMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    _check_undo(done, survivor, now)
    children = done.moved["absorbed"]
    survivor.absorbed = [pk for pk in survivor.absorbed if pk not in {merged.pk, *children}]
    survivor.save(update_fields=["absorbed"])
    merged.merged_into, merged.absorbed = None, children
    merged.save(update_fields=["merged_into", "absorbed"])
    Client.objects.filter(pk__in=children).update(merged_into=merged)
    _give_permissions_back(done)
    _give_contacts_back(done)
    done.undone_at, done.undone_by = now, by
    done.save(update_fields=["undone_at", "undone_by"])
    done.survivor, done.merged = survivor, merged
    for one in (survivor, merged):
        remember_first_admission(one)
        audit.record("client.merge_undone", by=by, at=now, client_id=one.pk, target=done)
    return done


def _check_undo(done: ClientMerge, survivor: Client, now: datetime) -> None:
    if done.undone_at is not None:
        raise Conflict(_("This merge was undone before."))
    if survivor.merged_into_id is not None:
        raise Conflict(_("The record that stands for both was merged itself. Undo that merge first."))
    if not done.can_be_undone(now):
        raise Conflict(
            _(
                "A merge can be undone for 30 days. These have passed: register the second person anew instead."
            )
        )


def _give_permissions_back(done: ClientMerge) -> None:
    """What was withdrawn only because the other record said so, unless the client has spoken since."""
    for kept in done.moved["permissions"]:
        permission = Permission.objects.get(pk=kept["id"])
        later = Permission.objects.filter(client=permission.client_id, channel=permission.channel)
        if permission.withdrawn_at == done.at and not later.filter(granted_at__gt=done.at).exists():
            permission.withdrawn_at, permission.withdrawn_by, permission.withdrawn_how = None, None, ""
            permission.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_how"])


def _give_contacts_back(done: ClientMerge) -> None:
    """Both numbers as they were; what was said of one since the merge stays said."""
    for kept in done.moved["contact_points"]:
        point = ContactPoint.objects.get(pk=kept["id"])
        if point.retired_at not in {None, done.at}:
            continue
        if point.state_at is None or point.state_at <= done.at:
            point.state, point.state_at = kept["state"], _moment(kept["state_at"])
        point.is_shared, point.retired_at = kept["is_shared"], _moment(kept["retired_at"])
        point.shared_reviewed_at = _moment(kept["shared_reviewed_at"])
        point.save(update_fields=list(STRICT))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
