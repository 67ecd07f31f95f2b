"""The clock of the first contact: 24 hours of the clock from the report, weekends included (clinical.md §4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.followup.models import ContactAttempt, FollowUpPlan, SafetyChecklist
from sessions.models import Session

WITHIN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class ContactClock:
    """When the clock began and by when it asks for a contact, and the first one that was made."""

    began_at: datetime
    until: datetime
    made_at: datetime | None

    @property
    def is_met(self) -> bool:
        """Made in time; at exactly the limit is in time."""
        return self.made_at is not None and self.made_at <= self.until

    def is_over(self, at: datetime) -> bool:
        """Whether it counts by then, met or not: only a clock that has run out is counted."""
        return self.until <= at

    def is_missed(self, at: datetime) -> bool:
        return not self.is_met and at > self.until


def contact_clock(began_at: datetime, contacts: Iterable[datetime]) -> ContactClock:
    """The clock of a report made at `began_at`; contacts before it do not count."""
    after = [at for at in contacts if at >= began_at]
    return ContactClock(began_at=began_at, until=began_at + WITHIN, made_at=min(after, default=None))


def clock_of(plan: FollowUpPlan) -> ContactClock:
    """A plan's clock, from the talks, answers and sessions on record. Three queries at most.

    A session that was under way when the report was made in it is not the contact after it, unless the first contact
    was done in it and its safety checklist is filled in (clinical.md §7.3 I-10).
    """
    began, client = plan.reported_at, plan.client
    talks = ContactAttempt.objects.of(client).reached().filter(at__gte=began).order_by("at")
    held = Session.objects.of(client).filter(state=Session.State.ATTENDED, starts_at__gte=began)
    contacts = [
        *talks.values_list("at", flat=True)[:1],
        *[one.over_at for one in held.order_by("starts_at")[:1]],
    ]
    if plan.report.handled_in_contact:
        checked = SafetyChecklist.objects.filter(plan=plan, completed_at__gte=began).order_by("completed_at")
        contacts += checked.values_list("completed_at", flat=True)[:1]
    return contact_clock(began, contacts)
