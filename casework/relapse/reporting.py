"""What a relapse report may set in motion, by where it came from and what became of it (clinical.md §1.7)."""

from datetime import datetime
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.stage import Stage

REPORTABLE = (Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL)


class ReportSource(TextChoices):
    """Who or what told us."""

    SELF_SESSION = "self_session", _("Client, in a session")
    SELF_MESSAGE = "self_message", _("Client, by message")
    SELF_CALL = "self_call", _("Client, on the phone")
    COUNSELOR_OBSERVATION = "counselor_observation", _("My own observation")
    TOXICOLOGY = "toxicology", _("Toxicology result")
    COLLATERAL = "collateral", _("Someone close to the client")
    OTHER_PROVIDER = "other_provider", _("Another provider")
    IMPORT = "import", _("Imported history")


SELF_REPORTS = frozenset({ReportSource.SELF_SESSION, ReportSource.SELF_MESSAGE, ReportSource.SELF_CALL})
TO_CONFIRM = frozenset({ReportSource.TOXICOLOGY, ReportSource.COLLATERAL})


class Precision(TextChoices):
    """How exactly the day is known."""

    DAY = "day", _("that day")
    WEEK = "week", _("that week")
    MONTH = "month", _("that month")
    UNKNOWN = "unknown", _("not known")


class ReportState(TextChoices):
    """What we hold of a report."""

    REPORTED = "reported", _("Reported")
    CORROBORATED = "corroborated", _("Confirmed")
    UNSUBSTANTIATED = "unsubstantiated", _("Not borne out")
    RETRACTED = "retracted", _("Taken back")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


# A confirmed report can still turn out to be a mistake; nothing else ever comes back.
REPORT_TRANSITIONS = {
    ReportState.REPORTED: frozenset(
        {
            ReportState.CORROBORATED,
            ReportState.UNSUBSTANTIATED,
            ReportState.RETRACTED,
            ReportState.ENTERED_IN_ERROR,
        }
    ),
    ReportState.CORROBORATED: frozenset({ReportState.RETRACTED, ReportState.ENTERED_IN_ERROR}),
    ReportState.UNSUBSTANTIATED: frozenset({ReportState.ENTERED_IN_ERROR}),
    ReportState.RETRACTED: frozenset(),
    ReportState.ENTERED_IN_ERROR: frozenset(),
}
EXCLUDED = frozenset({ReportState.RETRACTED, ReportState.ENTERED_IN_ERROR})  # from every count
STANDING = frozenset({ReportState.REPORTED, ReportState.CORROBORATED})


class Following(StrEnum):
    """What a report sets in motion."""

    PLAN = "plan"
    TALK_FIRST = "talk_first"
    NOTHING = "nothing"


def needs_confirmation(source: str) -> bool:
    """Whether a counselor has to talk with the client before anything goes out."""
    return source in TO_CONFIRM


def following(source: str, state: str) -> Following:
    """Whether the plan starts, a talk comes first, or nothing happens: history and withdrawn reports start nothing."""
    if source == ReportSource.IMPORT or state not in STANDING:
        return Following.NOTHING
    if needs_confirmation(source) and state != ReportState.CORROBORATED:
        return Following.TALK_FIRST
    return Following.PLAN


def counts_from(
    source: str, state: str, *, reported_at: datetime, confirmed_at: datetime | None
) -> datetime | None:
    """From when a report may raise the stage; None when it may not.

    An unconfirmed collateral or toxicology report and an import never set it; a confirmed one does from its
    confirmation, for only then was it known.
    """
    if following(source, state) is not Following.PLAN:
        return None
    return confirmed_at if needs_confirmation(source) else reported_at
