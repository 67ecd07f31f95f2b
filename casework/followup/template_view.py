"""A template as a person reads it: its days in order, and on each what is sent and what is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.followup import plan_texts
from casework.followup.models import TemplateStep, TemplateVersion
from casework.followup.plan_check import Problem
from casework.followup.plan_templates import ChannelRule, ToDoKind
from casework.followup.risk import RiskTier
from casework.followup.wording import purpose

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One step, or a checkup (which has no key)."""

    key: str
    is_message: bool
    what: str
    notes: Sequence[str] = ()
    words: Sequence[str] = ()  # in every language, where the text goes first
    wrong: Sequence[str] = ()


@dataclass(frozen=True)
class TemplateDay:
    """A day of the plan and what falls on it. Day 0 is the day of the report."""

    number: int
    entries: Sequence[Entry]


def days_of(version: TemplateVersion, problems: Sequence[Problem] = ()) -> list[TemplateDay]:
    """The days that have something, in order; texts last on a day, to-dos by their time."""
    wrong: dict[str, list[str]] = {}
    for problem in problems:
        wrong.setdefault(problem.step, []).append(problem.says)
    known = dict(plan_texts.wordings())
    rows = sorted(version.steps.order_by("pk"), key=_order)
    found: dict[int, list[Entry]] = {}
    for row in rows:
        said = known.pop(row.text, {}).values()
        found.setdefault(_order(row)[0], []).append(_entry(row, tuple(said), wrong.get(row.key, ())))
    for day in version.checkups:
        checkup = Entry(key="", is_message=False, what=str(ToDoKind.CHECKUP.label))
        found.setdefault(day, []).append(checkup)
    return [TemplateDay(number, found[number]) for number in sorted(found)]


def _order(row: TemplateStep) -> tuple[int, bool, timedelta, int]:
    """A time within a whole number of days falls on the last of them, any other on the day it has begun."""
    within = row.within or timedelta(0)
    return (row.day if row.day is not None else within // DAY), row.is_message, within, row.pk


def _entry(row: TemplateStep, words: Sequence[str], wrong: Sequence[str]) -> Entry:
    notes = list(_notes(row))
    if not row.is_message:
        return Entry(
            key=row.key, is_message=False, what=str(ToDoKind(row.todo).label), notes=notes, wrong=wrong
        )
    return Entry(key=row.key, is_message=True, what=purpose(row.text), notes=notes, words=words, wrong=wrong)


def _notes(row: TemplateStep) -> Sequence[str]:
    notes = []
    if row.within is not None:
        notes.append(_("within %(time)s of the report") % {"time": span(row.within)})
    if row.grace:
        notes.append(_("%(time)s of grace") % {"time": span(row.grace)})
    if row.tiers:
        tiers = ", ".join(str(RiskTier(tier).label).lower() for tier in row.tiers)
        notes.append(_("only at risk tier %(tiers)s") % {"tiers": tiers})
    if row.asks:
        notes.append(_("asks for an answer"))
    if row.channel:
        notes.append(str(ChannelRule(row.channel).label))
    return notes


def span(time: timedelta) -> str:
    """ "3 days", "90 minutes": in the largest unit that makes it whole; up to three days in hours."""
    if time % DAY == timedelta(0) and time > 3 * DAY:
        return ngettext("%(n)s day", "%(n)s days", time // DAY) % {"n": time // DAY}
    if time % HOUR == timedelta(0):
        return ngettext("%(n)s hour", "%(n)s hours", time // HOUR) % {"n": time // HOUR}
    return ngettext("%(n)s minute", "%(n)s minutes", time // MINUTE) % {"n": time // MINUTE}
