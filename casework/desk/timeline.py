"""What happened with a client, newest first, from every room; a page at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.desk.addresses import to
from casework.followup.models import ContactAttempt, FollowUpPlan, InboundMessage, Message, ToDo
from casework.measures import packs
from casework.measures.models import MeasureResult
from casework.relapse.models import LearningReview, PreventionPlan, RelapseReport, StageAssessment
from clients.access import Verb, can
from clients.models import Client, StatusChange
from clients.together import Asker, alone
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
    return alone(asked(client, user=user, before=before, kinds=kinds))


def asked(client: Client, *, user: Any, before: datetime, kinds: Iterable[str] = ()) -> Asker[Page]:
    """The same, for a page that asks for more."""
    wanted = [SOURCES[kind] for kind in kinds if kind in SOURCES] or list(SOURCES.values())
    parts = [part for source in wanted for part in source.parts]
    read = [part.newest(client, before) for part in parts]
    yield read
    about = About(client, words=can(user, Verb.READ_INBOX))
    entries = (part.entry(row, about) for part, rows in zip(parts, read, strict=True) for row in rows)
    found = sorted(entries, key=lambda entry: entry.at, reverse=True)
    shown = found[:PAGE]
    shown += [entry for entry in found[PAGE:] if entry.at == shown[-1].at]
    return Page(shown, shown[-1].at if len(found) > len(shown) else None)


@dataclass(frozen=True)
class About:
    """Whose entries they are, and whether the person who looks may read what was written."""

    client: Client
    words: bool

    @property
    def plan(self) -> str:
        return to("followup:plan", uid=self.client.uid)


@dataclass(frozen=True)
class Part:
    """Rows of one sort, the field that says when each happened, and what is told of one."""

    rows: Callable[[Client], QuerySet[Any]]
    when: str
    entry: Callable[[Any, About], Entry]

    def newest(self, client: Client, before: datetime) -> QuerySet[Any]:
        """A page of them and one more, which tells that older ones follow."""
        rows = self.rows(client).filter(**{f"{self.when}__lt": before})
        return rows.order_by(f"-{self.when}", "-pk")[: PAGE + 1]


def _session(one: Session, about: About) -> Entry:
    note = getattr(one, "note", None)
    return Entry(
        at=one.starts_at,
        kind="session",
        what=_("Session, %(how)s") % {"how": one.get_modality_display().lower()},
        url=to("counseling:session", uid=one.uid),
        who=one.counselor.short_name,
        pill=one.get_state_display(),
        tone="done" if one.state == Session.State.ATTENDED else "plain",
        text=_("Note signed") if note is not None and note.is_signed else "",
    )


def _measure(one: MeasureResult, about: About) -> Entry:
    known = packs.known(one.measure)
    return Entry(
        at=one.taken_at,
        kind="measure",
        what=known.title if known else one.measure,
        url=to("desk:measure", uid=one.uid),
        who=one.recorded_by.short_name if one.recorded_by else "",
        pill=_("Marked as a mistake") if one.voided_at else one.get_mode_display(),
    )


def _assessed(client: Client) -> QuerySet[Any]:
    rows = StageAssessment.objects.of(client).exclude(state=StageAssessment.State.DRAFT)
    return rows.select_related("assessor")


def _assessment(one: StageAssessment, about: About) -> Entry:
    wrong = one.state == StageAssessment.State.ENTERED_IN_ERROR
    why = _("Other than suggested: %(why)s") % {"why": one.override_reason}
    return Entry(
        at=one.assessed_at,
        kind="assessment",
        what=_("Stage assessed"),
        url=to("relapse:assessment", uid=one.uid),
        who=one.assessor.short_name if one.assessor else "",
        stage=one.counselor_stage,
        pill=one.get_state_display() if wrong else "",
        text=why if one.override_reason else "",
    )


def _report(one: RelapseReport, about: About) -> Entry:
    return Entry(
        at=one.reported_at,
        kind="report",
        what=_("Relapse reported, %(source)s") % {"source": one.get_source_display().lower()},
        url=about.plan,
        who=one.by.short_name if one.by else "",
        stage=one.stage,
        pill=_("To be confirmed") if one.needs_confirmation else _changed(one),
        tone="attention" if one.needs_confirmation else "plain",
        text=one.narrative,
    )


def _changed(report: RelapseReport) -> str:
    return "" if report.state == RelapseReport.State.REPORTED else str(report.get_state_display())


def _reviewed(client: Client) -> QuerySet[Any]:
    rows = LearningReview.objects.of(client).finished().select_related("finished_by", "report")
    return rows.only("uid", "finished_at", "finished_by", "report__stage")


def _review(one: Any, about: About) -> Entry:
    return Entry(
        at=one.finished_at,
        kind="review",
        what=_("Looked back together"),
        url=to("relapse:review", uid=one.uid),
        who=one.finished_by.short_name if one.finished_by else "",
        stage=one.report.stage,
    )


def _agreed(client: Client) -> QuerySet[Any]:
    return PreventionPlan.objects.of(client).only("uid", "number", "signed_at", "saved_at")


def _plan_signed(one: PreventionPlan, about: About) -> Entry:
    return Entry(
        at=one.signed_at or one.saved_at,
        kind="plan",
        what=_("Prevention plan signed by both, version %(number)s") % {"number": one.number},
        url=to("relapse:prevention_version", uid=one.uid),
    )


def _plan_started(one: FollowUpPlan, about: About) -> Entry:
    return Entry(
        at=one.starts_at, kind="plan", what=_("Follow-up plan started"), stage=one.stage, url=about.plan
    )


def _plan_ended(one: Any, about: About) -> Entry:
    what, pill = _("Follow-up plan ended"), one.get_state_display()
    return Entry(at=one.closed_at, kind="plan", what=what, pill=pill, url=about.plan)


def _sent(one: Any, about: About) -> Entry:
    return Entry(
        at=one.sent_at,
        kind="message",
        what=_("Message to %(name)s") % {"name": about.client.first_name},
        url=to("followup:message", uid=one.uid) if about.words else "",
        pill=str(one.get_status_display()).capitalize(),
        tone="done" if one.status == Message.Status.DELIVERED else "plain",
        text=one.body if about.words else "",
    )


def _heard(one: InboundMessage, about: About) -> Entry:
    return Entry(
        at=one.received_at,
        kind="message",
        what=_("%(name)s wrote") % {"name": about.client.first_name},
        pill=str(one.get_kind_display()).capitalize(),
        tone="danger" if one.crisis else "accent",
        text=one.body if about.words else "",
    )


def _contact(one: ContactAttempt, about: About) -> Entry:
    return Entry(
        at=one.at,
        kind="contact",
        what=one.get_channel_display(),
        who=one.by.short_name if one.by else "",
        pill=one.get_outcome_display(),
        tone="done" if one.outcome == ContactAttempt.Outcome.REACHED else "plain",
        text=one.note,
    )


def _todo(one: Any, about: About) -> Entry:
    return Entry(
        at=one.done_at,
        kind="todo",
        what=one.said,
        who=one.done_by.short_name if one.done_by else "",
        url=to("followup:todo", uid=one.uid),
        pill=one.get_state_display(),
        tone="done",
        text=one.outcome_said,
    )


def _moved(client: Client) -> QuerySet[Any]:
    return StatusChange.objects.filter(client__in=client.record_ids).select_related("by")


def _status(one: StatusChange, about: About) -> Entry:
    return Entry(
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
    parts: tuple[Part, ...]


SOURCES = {
    "sessions": Source(
        gettext_lazy("Sessions"),
        (Part(lambda client: Session.objects.of(client).for_rows(), "starts_at", _session),),
    ),
    "assessments": Source(gettext_lazy("Assessments"), (Part(_assessed, "assessed_at", _assessment),)),
    "measures": Source(
        gettext_lazy("Measures"),
        (
            Part(
                lambda client: MeasureResult.objects.of(client).select_related("recorded_by"),
                "taken_at",
                _measure,
            ),
        ),
    ),
    "reports": Source(
        gettext_lazy("Reports"),
        (Part(lambda client: RelapseReport.objects.of(client).select_related("by"), "reported_at", _report),),
    ),
    "reviews": Source(gettext_lazy("What was learned"), (Part(_reviewed, "finished_at", _review),)),
    "plans": Source(
        gettext_lazy("Plans"),
        (
            Part(FollowUpPlan.objects.of, "starts_at", _plan_started),
            Part(FollowUpPlan.objects.of, "closed_at", _plan_ended),
            Part(_agreed, "signed_at", _plan_signed),
        ),
    ),
    "messages": Source(
        gettext_lazy("Messages"),
        (
            Part(Message.objects.of, "sent_at", _sent),
            Part(InboundMessage.objects.of, "received_at", _heard),
        ),
    ),
    "contacts": Source(
        gettext_lazy("Contacts"),
        (Part(lambda client: ContactAttempt.objects.of(client).select_related("by"), "at", _contact),),
    ),
    "todos": Source(
        gettext_lazy("To-dos"),
        (Part(lambda client: ToDo.objects.of(client).select_related("done_by"), "done_at", _todo),),
    ),
    "status": Source(gettext_lazy("Status"), (Part(_moved, "at", _status),)),
}
