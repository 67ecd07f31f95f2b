"""Two records turn out to be one person's, or a merge was a mistake (clinical.md §4.6)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from casework.followup import follow_report, merging, optout, plan_changes, reminders, summary, tasks
from casework.relapse.current import refresh_summary
from clients import merging as record
from clients.access import Verb, require
from clients.models import Client, ClientMerge, ClientSummary
from sessions import summary as sessions_summary
from sessions.actions import lower as sessions
from sessions.actions import lower_groups


@transaction.atomic
def merge_clients(*, survivor_id: int, merged_id: int, reason: str, by: Any, now: datetime) -> ClientMerge:
    """Make one record stand for both: one plan, each to-do and message once, and the stricter word of the client.

    Raises InvalidInput without a reason, Conflict when the two cannot be merged as they stand.
    """
    require(by, Verb.MERGE_CLIENTS)
    done = record.merge(survivor_id=survivor_id, merged_id=merged_id, reason=reason, by=by, now=now)
    survivor, merged = done.survivor, done.merged
    done.moved["last_contact_at"] = _latest_contact(survivor, merged)
    done.moved |= merging.bring_together(survivor, merged, now=now)
    done.moved["groups"] = lower_groups.pass_memberships(survivor=survivor, merged=merged, by=by, now=now)
    done.moved["sessions"] = sessions.pass_upcoming(from_id=merged.pk, to_id=survivor.pk)
    calls = list(merging.calls_waiting(survivor).values_list("pk", flat=True))
    for channel in {one["channel"] for one in done.moved["permissions"]}:
        optout.follow(client_id=survivor.pk, channel=channel, now=now)
    done.moved["declined"] = list(merging.calls_declined().filter(pk__in=calls).values_list("pk", flat=True))
    done.save(update_fields=["moved"])
    reminders.keep(survivor.pk, now=now)
    _refresh(survivor, now)
    summary.refresh(merged.pk)
    transaction.on_commit(tasks.wake)
    return done


def _latest_contact(survivor: Client, merged: Client) -> dict[str, str | None]:
    """The last talk with either counts for the one that stands for both. Returns what the survivor had before."""
    before, theirs = survivor.summary.last_contact_at, merged.summary.last_contact_at
    if theirs is not None:
        summary.contact_made(survivor.pk, theirs)
    return {
        "before": before.isoformat() if before else None,
        "theirs": theirs.isoformat() if theirs else None,
    }


@transaction.atomic
def undo_merge(*, merge_id: int, by: Any, now: datetime) -> ClientMerge:
    """Let the two stand apart again, each with what was its own. What came since stays with the survivor.

    Raises Conflict after 30 days, when it was undone before, or when the survivor was merged itself meanwhile.
    """
    require(by, Verb.MERGE_CLIENTS)
    done = record.unmerge(merge_id=merge_id, by=by, now=now)
    survivor, merged = done.survivor, done.merged
    merging.part(survivor, merged, done.moved, now=now)
    merging.call_again(done.moved["declined"])
    lower_groups.return_memberships(done.moved.get("groups", []), by=by, now=now)
    sessions.pass_upcoming(from_id=survivor.pk, to_id=merged.pk, among=done.moved["sessions"])
    _contact_back(survivor, done.moved["last_contact_at"])
    for plan in merging.ended_for_the_other(done.moved):
        follow_report.ask_what_follows(plan.client, plan.report, by=by, now=now)
    for client in (survivor, merged):
        plan_changes.write_again(client.pk, now)
        reminders.keep(client.pk, now=now)
        _refresh(client, now)
    transaction.on_commit(tasks.wake)
    return done


def _contact_back(survivor: Client, was: dict[str, str | None]) -> None:
    """The last talk was the other person's; one since the merge stays."""
    if was["theirs"] is None:
        return
    mine = ClientSummary.objects.filter(
        client=survivor, last_contact_at=datetime.fromisoformat(was["theirs"])
    )
    mine.update(last_contact_at=datetime.fromisoformat(was["before"]) if was["before"] else None)


def _refresh(client: Client, now: datetime) -> None:
    """The latest facts of a client anew, from the rows of all their records."""
    refresh_summary(client, at=now)
    sessions_summary.refresh(client.pk)
    summary.refresh(client.pk)
