"""Prompts for the counselor, from what is on record (clinical.md §3.2 S-2 to S-4).

They name no dose, and no client ever gets them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from casework.followup.actions.pausing import TOLERANCE
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.risk import RiskReason
from casework.relapse.current import last_use_asked
from casework.relapse.models import StageAssessment
from casework.relapse.signs import RedFlag
from clients.models import Client, ClientSubstance, Substance
from clients.together import Asker, reading, side_by_side

RECENT_DAYS = 14
Klass = Substance.Klass


@dataclass(frozen=True)
class Prompt:
    """What to know before talking with the client."""

    code: str
    title: str
    text: str
    tone: str = "attention"


@dataclass(frozen=True)
class Known:
    """What of the record the prompts rest on, beside the substances and the plan."""

    told_of_stopping: bool  # by an open to-do, or a red flag of the last 14 days
    tolerance_asked: bool  # by a to-do that is open since the client came back from jail
    reported: dict[int, date]  # by substance, the last use that was reported


def asked(client: Client, today: date) -> Asker[Known]:
    """What `prompts` rests on, for a page that asks for more."""
    todos = ToDo.objects.of(client).open()
    stopped = todos.filter(kind=ToDoKind.MEDICAL)[:1]
    back = todos.filter(step_key__startswith=TOLERANCE)[:1]
    last = StageAssessment.objects.of(client).final()[:1]
    (reported, _rows) = yield from side_by_side(last_use_asked(client), reading(stopped, back, last))
    flagged = any(
        RedFlag.SUDDEN_STOP in one.red_flags and (today - one.assessed_at.date()).days <= RECENT_DAYS
        for one in last
    )
    return Known(bool(stopped) or flagged, bool(back), reported)


def prompts(
    known: Known, *, substances: Iterable[ClientSubstance], plan: FollowUpPlan | None, today: date
) -> list[Prompt]:
    """The prompts that hold for the client on that day, gravest first."""
    held = list(substances)
    found = []
    told = _("a sedative or alcohol") if known.told_of_stopping else ""
    if stopped := stopped_lately(held, today) or told:
        found.append(sudden_stop(stopped))
    if raises_overdose_risk(one.substance.klass for one in held):
        found.append(overdose_risk())
    if known.tolerance_asked:
        found.append(tolerance_after_jail())
    elif plan is not None and RiskReason.LOST_TOLERANCE in plan.risk_reasons:
        found.append(lost_tolerance())
    return found


def bring_up_to_date(substances: Iterable[ClientSubstance], reported: Mapping[int, date]) -> None:
    """Let the rows, as they will be shown, know of use that was reported after they were last written."""
    for one in substances:
        days = [day for day in (one.last_used_on, reported.get(one.substance_id)) if day is not None]
        one.last_used_on = max(days, default=None)


def stopped_lately(substances: Iterable[ClientSubstance], today: date) -> str:
    """The names of substances, dangerous to stop, whose last use lies 1 to 14 days back; empty when there is none."""
    names = [
        one.substance.name
        for one in substances
        if one.substance.sudden_stop_danger
        and one.last_used_on is not None
        and 1 <= (today - one.last_used_on).days <= RECENT_DAYS
    ]
    return ", ".join(names)


def raises_overdose_risk(classes: Iterable[Any]) -> bool:
    """A sedative together with an opioid or alcohol."""
    held = set(classes)
    return Klass.SEDATIVE in held and bool(held & {Klass.OPIOID, Klass.ALCOHOL})


def sudden_stop(what: str) -> Prompt:
    return Prompt(
        "sudden_stop",
        _("Sudden stop can cause seizures"),
        _(
            "The last use of %(what)s on record lies within 14 days. If the client stopped or ran out: medical contact"
            " the same day. Do not advise stopping."
        )
        % {"what": what},
    )


def overdose_risk() -> Prompt:
    return Prompt(
        "high_overdose_risk",
        _("High overdose risk"),
        _(
            "A sedative together with an opioid or alcohol slows breathing. Ask whether naloxone is at hand and who"
            " would be there; go through overdose education."
        ),
    )


def lost_tolerance() -> Prompt:
    return Prompt(
        "lost_tolerance",
        _("Tolerance may be lost"),
        _(
            "There was a week or more without use before this report: what was usual before can now be too much."
            " Go through the safety checklist in the first talk."
        ),
    )


def tolerance_after_jail() -> Prompt:
    return Prompt(
        "lost_tolerance",
        _("Tolerance may be lost"),
        _(
            "After jail or prison what was usual before can now be too much. Ask whether naloxone is at hand, and go"
            " through the safety checklist in the first talk."
        ),
    )
