"""Looking back at a return to use: kept as it is told, finished once, and taken into the prevention plan (§1.8).

`finish_review` is a lower verb: casework.followup calls it and closes what had asked for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.relapse import learning, reporting
from casework.relapse.learning import Link, Told
from casework.relapse.models import LearningReview, RelapseReport, ReviewLink
from casework.relapse.models.review import (
    MOST_LINKS,
    RATINGS,
    SIGN_STAGES,
    Company,
    Vulnerability,
)
from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.actions import PlanChange
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.models import Client
from clients.stage import Stage

REVIEWABLE = (Stage.MENTAL, Stage.PHYSICAL)  # offered after the one, due after the other (clinical.md §4.3)
# Errors of the plan, at the field that they come from.
FIELD_OF_PART = {"helps": "coping_steps", "people": "people"}


class StaleReview(Conflict):
    """The draft has moved on since the writer last saw it. `stored` is the draft as it is now."""

    code = "stale_draft"

    def __init__(self, review: LearningReview) -> None:
        super().__init__(
            _("This was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = review


class IncompleteReview(InvalidInput):
    """Parts that make it complete are empty; `missing` says which and what to do, by field."""

    code = "incomplete"

    def __init__(self, missing: dict[str, str]) -> None:
        super().__init__(_("Some parts are still open. They are marked."), field=next(iter(missing)))
        self.missing = missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The review as it stands for good, and what it changed in the prevention plan, if it did."""

    review: LearningReview
    change: PlanChange | None


@transaction.atomic
def save_review(*, report_id: int, version: int, told: Told, by: Any, now: datetime) -> LearningReview:
    """Keep what was told so far. `version` is the one last seen, 0 for none yet; raises StaleReview when it moved on.

    Words already stored (an answer lost on the way) are no conflict. Raises InvalidTransition once it is finished and
    for a report that nobody looks back at, InvalidInput for what cannot be right.
    """
    require(by, Verb.RUN_PLAN)
    client, report, review = _held(report_id)
    _check_alive(client)
    check_reviewable(report)
    if review is not None and review.is_finished:
        raise InvalidTransition(_("This is finished and stays as it was told."))
    told = _checked(told)
    if review is not None and _told(review) == told:
        return review
    if version != (review.version if review is not None else 0):
        if review is None:
            raise Conflict(_("There is no such draft yet. Reload the page."))
        raise StaleReview(review)
    return _keep(report, review, told, by=by, now=now)


def _held(report_id: int) -> tuple[Client, RelapseReport, LearningReview | None]:
    client = locked(RelapseReport.objects.values_list("client", flat=True).get(pk=report_id))
    report = RelapseReport.objects.get(pk=report_id)
    rows = LearningReview.objects.select_for_update(of=("self",)).select_related("report")
    return client, report, rows.filter(report=report).first()


def _check_alive(client: Client) -> None:
    if client.state == Client.State.DECEASED:
        raise InvalidTransition(
            _("%(first)s has died: this is only read now.") % {"first": client.first_name}
        )


def check_reviewable(report: RelapseReport) -> None:
    """Raises InvalidTransition, in words, for a report at which one does not look back."""
    if report.state not in reporting.STANDING:
        raise InvalidTransition(_("This report was taken back: there is nothing to look back at."))
    if report.needs_confirmation:
        raise InvalidTransition(_("Talk with the client first; then confirm the report or take it back."))
    if report.stage not in REVIEWABLE:
        raise InvalidTransition(_("One looks back together after the mental or the physical stage."))


def _told(review: LearningReview) -> Told:
    return learning.told_of(review, review.links.all())


def _keep(
    report: RelapseReport, review: LearningReview | None, told: Told, *, by: Any, now: datetime
) -> LearningReview:
    if review is None:
        review = LearningReview(
            client_id=report.client_id, report=report, version=0, started_at=now, started_by=by
        )
    review.vulnerabilities = list(told.vulnerabilities)
    for name, value in {**told.words, **told.ratings, **told.answers}.items():
        setattr(review, name, value)
    review.version, review.saved_at, review.saved_by = review.version + 1, now, by
    review.save()
    review.links.all().delete()
    ReviewLink.objects.bulk_create(
        ReviewLink(review=review, position=place, kind=link.kind, text=link.text)
        for place, link in enumerate(told.links, start=1)
    )
    audit.record(
        "review.saved", by=by, at=now, client_id=review.client_id, target=review, version=review.version
    )
    return review


# --- what can be right --------------------------------------------------------------------------------------------


def _checked(told: Told) -> Told:
    """The same, tidied and whole. Raises InvalidInput that names the field."""
    words = {name: _text(name, told.words.get(name, "")) for name in (*learning.WORDS, *learning.LISTS)}
    return Told(
        vulnerabilities=_known("vulnerabilities", told.vulnerabilities, Vulnerability.values),
        words=words | {name: _choice(name, told.words.get(name, "")) for name in learning.CHOICES},
        links=_links(told.links),
        ratings={name: _rating(name, told.ratings.get(name)) for name in RATINGS},
        answers={name: told.answers.get(name) for name in learning.YES_NO},
    )


def _text(name: str, text: str) -> str:
    if len(text) > learning.LONGEST or "\x00" in text:
        message = _("At most %(most)s characters here.") % {"most": learning.LONGEST}
        raise InvalidInput(message, field=name)
    return text.replace("\r\n", "\n").strip()


def _known(name: str, given: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    chosen = set(given)
    if unknown := chosen - set(allowed):
        message = _("“%(value)s” is not one of the choices.") % {"value": sorted(unknown)[0]}
        raise InvalidInput(message, field=name)
    return tuple(one for one in allowed if one in chosen)


def _choice(name: str, value: str) -> str:
    allowed = Company.values if name == "use_company" else [stage for stage, _label in SIGN_STAGES]
    return _known(name, [value], allowed)[0] if value else ""


def _rating(name: str, value: int | None) -> int | None:
    if value is not None and not 0 <= value <= 10:
        raise InvalidInput(_("Give a number from 0 to 10."), field=name)
    return value


def _links(given: Iterable[Link]) -> tuple[Link, ...]:
    links = tuple(Link(link.kind, _text("links", link.text)) for link in given if link.text.strip())
    if len(links) > MOST_LINKS:
        raise InvalidInput(_("A chain has at most 12 links. Keep those that matter."), field="links")
    _known("links", (link.kind for link in links if link.kind), ReviewLink.Kind.values)
    return links


# --- finishing ----------------------------------------------------------------------------------------------------


@transaction.atomic
def finish_review(*, report_id: int, by: Any, now: datetime) -> Finished:
    """Make the draft stand for good; with a yes to section 11, take what it found into the prevention plan.

    Raises IncompleteReview for sections still open, InvalidTransition when it is finished already, when nothing was
    written yet, or when the report was taken back; InvalidInput where a part of the plan grows too long.
    """
    require(by, Verb.RUN_PLAN)
    client, report, review = _held(report_id)
    _check_alive(client)
    check_reviewable(report)
    if review is None:
        raise IncompleteReview(learning.missing(Told()))
    told = _told(review)
    review.move_to(LearningReview.State.FINISHED)
    if missing := learning.missing(told):
        raise IncompleteReview(missing)
    change = _into_the_plan(client, told, by=by, now=now) if told.answers["update_plan"] else None
    if change is not None:
        review.plan = change.plan
        review.plan_before, review.plan_after = change.before.dumped(), change.after.dumped()
    review.finished_at, review.finished_by = now, by
    review.save(update_fields=["state", "finished_at", "finished_by", "plan", "plan_before", "plan_after"])
    audit.record(
        "review.finished", by=by, at=now, client_id=client.pk, target=review, plan=change is not None
    )
    return Finished(review=review, change=change)


def _into_the_plan(client: Client, told: Told, *, by: Any, now: datetime) -> PlanChange:
    try:
        return prevention.apply_changes(
            client_id=client.pk, additions=learning.for_the_plan(told), by=by, now=now
        )
    except InvalidInput as refused:
        field = FIELD_OF_PART.get(refused.field or "", "first_sign")
        raise InvalidInput(refused.message, field=field) from refused
