"""What happened with a client, newest first, from every room; a page at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.desk.addresses import to
from casework.followup.models import ContactAttempt, FollowUpPlan, InboundMessage, Message, ToDo
from casework.relapse.models import LearningReview, RelapseReport, StageAssessment
from clients.access import Verb, can
from clients.models import Client, StatusChange
from sessions.models import Session

PAGE = 30


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    kind: str
    what: str
    url: str = ""
    who: str = ""
    pill: str | Promise = ""
    tone: str = "plain"
    stage: str = ""
    text: str = ""


@dataclass(frozen=True)
class Page:
    """Some entries, and where the older ones begin."""

    entries: list[Entry]
    older_than: datetime | None


def timeline(client: Client, *, user: Any, before: datetime, kinds: Iterable[str] = ()) -> Page:
    """At most 30 entries earlier than `before` (more when several share the last moment), of some kinds or of all."""
    wanted = [SOURCES[kind] for kind in kinds if kind in SOURCES] or list(SOURCES.values())
    found = sorted(
        (entry for source in wanted for entry in source.read(client, user, before)),
        key=lambda entry: entry.at,
        reverse=True,
    )
    shown = found[:PAGE]
    shown += [entry for entry in found[PAGE:] if entry.at == shown[-1].at]
    return Page(shown, shown[-1].at if len(found) > len(shown) else None)


def _newest(rows: Any, field: str, before: datetime) -> Any:
    return rows.filter(**{f"{field}__lt": before}).order_by(f"-{field}", "-pk")[: PAGE + 1]


def _sessions(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    rows = Session.objects.of(client).select_related("counselor", "note")
    for one in _newest(rows, "starts_at", before):
        note = getattr(one, "note", None)
        signed = _("Note signed") if note is not None and note.is_signed else ""
        yield Entry(
            at=one.starts_at,
            kind="session",
            what=_("Session, %(how)s") % {"how": one.get_modality_display().lower()},
            url=to("counseling:session", uid=one.uid),
            who=one.counselor.short_name,
            pill=one.get_state_display(),
            tone="done" if one.state == Session.State.ATTENDED else "plain",
            text=signed,
        )


def _assessments(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    rows = StageAssessment.objects.of(client).exclude(state=StageAssessment.State.DRAFT)
    for one in _newest(rows.select_related("assessor"), "assessed_at", before):
        wrong = one.state == StageAssessment.State.ENTERED_IN_ERROR
        yield Entry(
            at=one.assessed_at,
            kind="assessment",
            what=_("Stage assessed"),
            url=to("relapse:assessment", uid=one.uid),
            who=one.assessor.short_name if one.assessor else "",
            stage=one.counselor_stage,
            pill=one.get_state_display() if wrong else "",
            text=_("Other than suggested: %(why)s") % {"why": one.override_reason}
            if one.override_reason
            else "",
        )


def _reports(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    for one in _newest(RelapseReport.objects.of(client).select_related("by"), "reported_at", before):
        yield Entry(
            at=one.reported_at,
            kind="report",
            what=_("Relapse reported, %(source)s") % {"source": one.get_source_display().lower()},
            url=_plan(client),
            who=one.by.short_name if one.by else "",
            stage=one.stage,
            pill=_("To be confirmed") if one.needs_confirmation else _changed(one),
            tone="attention" if one.needs_confirmation else "plain",
            text=one.narrative,
        )


def _changed(report: RelapseReport) -> str:
    return "" if report.state == RelapseReport.State.REPORTED else str(report.get_state_display())


def _reviews(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    rows = LearningReview.objects.of(client).finished().select_related("finished_by", "report")
    for one in _newest(
        rows.only("uid", "finished_at", "finished_by", "report__stage"), "finished_at", before
    ):
        yield Entry(
            at=one.finished_at,
            kind="review",
            what=_("Looked back together"),
            url=to("relapse:review", uid=one.uid),
            who=one.finished_by.short_name if one.finished_by else "",
            stage=one.report.stage,
        )


def _plans(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    plans = FollowUpPlan.objects.of(client)
    for one in _newest(plans, "starts_at", before):
        yield Entry(
            at=one.starts_at,
            kind="plan",
            what=_("Follow-up plan started"),
            stage=one.stage,
            url=_plan(client),
        )
    for one in _newest(plans.filter(closed_at__isnull=False), "closed_at", before):
        yield Entry(
            at=one.closed_at,
            kind="plan",
            what=_("Follow-up plan ended"),
            pill=one.get_state_display(),
            url=_plan(client),
        )


def _plan(client: Client) -> str:
    return to("followup:plan", uid=client.uid)


def _messages(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    words = can(user, Verb.READ_INBOX)
    sent = Message.objects.of(client).filter(sent_at__isnull=False)
    for one in _newest(sent, "sent_at", before):
        yield Entry(
            at=one.sent_at,
            kind="message",
            what=_("Message to %(name)s") % {"name": client.first_name},
            url=to("followup:message", uid=one.uid) if words else "",
            pill=str(one.get_status_display()).capitalize(),
            tone="done" if one.status == Message.Status.DELIVERED else "plain",
            text=one.body if words else "",
        )
    for one in _newest(InboundMessage.objects.of(client), "received_at", before):
        yield Entry(
            at=one.received_at,
            kind="message",
            what=_("%(name)s wrote") % {"name": client.first_name},
            pill=str(one.get_kind_display()).capitalize(),
            tone="danger" if one.crisis else "accent",
            text=one.body if words else "",
        )


def _contacts(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    rows = ContactAttempt.objects.of(client).select_related("by")
    for one in _newest(rows, "at", before):
        yield Entry(
            at=one.at,
            kind="contact",
            what=one.get_channel_display(),
            who=one.by.short_name if one.by else "",
            pill=one.get_outcome_display(),
            tone="done" if one.outcome == ContactAttempt.Outcome.REACHED else "plain",
            text=one.note,
        )


def _todos(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    rows = ToDo.objects.of(client).filter(done_at__isnull=False).select_related("done_by")
    for one in _newest(rows, "done_at", before):
        yield Entry(
            at=one.done_at,
            kind="todo",
            what=one.said,
            who=one.done_by.short_name if one.done_by else "",
            url=to("followup:todo", uid=one.uid),
            pill=one.get_state_display(),
            tone="done",
            text=one.outcome_said,
        )


def _changes(client: Client, user: Any, before: datetime) -> Iterator[Entry]:
    for one in _newest(
        StatusChange.objects.filter(client__in=client.record_ids).select_related("by"), "at", before
    ):
        yield Entry(
            at=one.at,
            kind="status",
            what=_("Status: %(state)s") % {"state": one.get_to_state_display().lower()},
            who=one.by.short_name if one.by else "",
            text=one.reason_words,
        )


@dataclass(frozen=True)
class Source:
    """A sort of entry that one can ask for alone."""

    label: str | Promise
    read: Callable[[Client, Any, datetime], Iterator[Entry]]


SOURCES = {
    "sessions": Source(gettext_lazy("Sessions"), _sessions),
    "assessments": Source(gettext_lazy("Assessments"), _assessments),
    "reports": Source(gettext_lazy("Reports"), _reports),
    "reviews": Source(gettext_lazy("What was learned"), _reviews),
    "plans": Source(gettext_lazy("Plans"), _plans),
    "messages": Source(gettext_lazy("Messages"), _messages),
    "contacts": Source(gettext_lazy("Contacts"), _contacts),
    "todos": Source(gettext_lazy("To-dos"), _todos),
    "status": Source(gettext_lazy("Status"), _changes),
}
