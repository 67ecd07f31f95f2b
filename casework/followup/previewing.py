"""What would follow a report that is still being typed: the same draft that saving writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casework.followup import plan_start
from casework.followup.messages.letterhead import Letterhead, letterheads
from casework.followup.messages.render import RenderRefused, fill
from casework.followup.models import FollowUpPlan
from casework.followup.plan_start import Draft, Told
from casework.followup.planner import PlannedMessage, PlannedToDo
from casework.followup.wording import CAPS, purpose
from casework.relapse.reporting import Following, ReportState, following
from clients.models import Client
from clients.stage import Stage


@dataclass(frozen=True, kw_only=True)
class PreviewStep:
    """One dated step as the page shows it."""

    at: datetime
    title: str
    is_message: bool
    text: str = ""
    note: str = ""
    urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would follow: a plan, a talk first, or a place in the plan that runs."""

    client: Client
    follows: Following
    draft: Draft
    steps: Sequence[PreviewStep]
    joins: FollowUpPlan | None = None
    replaces: FollowUpPlan | None = None
    messages_as_calls: bool = False
    no_messages: bool = False

    @property
    def reasons(self) -> list[str]:
        """Why the risk tier is what it is."""
        return [str(reason.label) for reason in self.draft.reasons]


def preview(client: Client, told: Told, *, now: datetime) -> Preview:
    """What saving this report now would begin. Writes nothing."""
    draft = plan_start.draft(client, told, now=now)
    running = FollowUpPlan.objects.running().filter(client=client).order_by("pk").first()
    lower = running is not None and (told.stage.rank or 0) < (Stage(running.stage).rank or 0)
    reachable = draft.known.may_be_messaged
    letter = letterheads([client], at=now)[client.pk]
    seen: set[str] = set()
    follows = following(told.source, ReportState.REPORTED)
    return Preview(
        client=client,
        follows=follows if client.is_in_touch or follows is Following.NOTHING else Following.TALK_FIRST,
        draft=draft,
        steps=[_shown(step, letter, seen, reachable=reachable) for step in draft.steps],
        joins=running if lower else None,
        replaces=None if lower else running,
        messages_as_calls=not reachable and draft.known.way_by_hand is not None,
        no_messages=not reachable and draft.known.way_by_hand is None,
    )


def _shown(
    step: PlannedMessage | PlannedToDo, letter: Letterhead, seen: set[str], *, reachable: bool
) -> PreviewStep:
    """The words of a text stand once, where it goes first."""
    if isinstance(step, PlannedToDo):
        return PreviewStep(at=step.due_at, title=str(step.kind.label), is_message=False, urgent=step.urgent)
    new = step.text not in seen
    seen.add(step.text)
    return PreviewStep(
        at=step.due_at,
        title=purpose(step.text),
        is_message=reachable,
        text=_words(step.text, letter) if reachable and new else "",
        note=str(CAPS.get(step.moved, "")),
    )


def _words(key: str, letter: Letterhead) -> str:
    try:
        return fill(key, letter).body
    except RenderRefused:
        return ""
