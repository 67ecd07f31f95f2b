"""The invented practice, from its doors to this morning's messages: seeded, dated from now, in one transaction."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from casework.followup import actions
from casework.followup import summary as followup_summary
from casework.followup.models import Message
from casework.followup.plan_templates import ToDoKind
from casework.intake.demo import roster, timeline
from casework.intake.demo.aftermath import Aftermath, spread_out
from casework.intake.demo.assessments import Assessments
from casework.intake.demo.care_plans import make_care_plans
from casework.intake.demo.diary import places
from casework.intake.demo.encounters import Encounters
from casework.intake.demo.grouping import gather
from casework.intake.demo.measuring import give_measures
from casework.intake.demo.premises import Premises, open_practice
from casework.intake.demo.recovery import go_through_days
from casework.intake.demo.registration import Case, Registrar
from casework.intake.demo.reminding import remind
from casework.intake.demo.second_names import in_training, own_words
from casework.intake.demo.timeline import Meeting
from casework.intake.demo.trail import Trail
from casework.intake.demo.zones import awake_zones, home_zone
from casework.relapse import current
from clients.models import Client, EpisodeOfCare, Practice
from clients.stage import Stage
from sessions import summary as session_summary

SEED = 20
UNASKED = 8


class AlreadyThere(Exception):
    """There is a practice already; a demo is never mixed into one."""


@dataclass
class Demo:
    """What was made, for whoever reports it."""

    premises: Premises
    cases: list[Case] = field(default_factory=list)
    due_soon: list[Message] = field(default_factory=list)


@transaction.atomic
def generate(*, now: datetime, seed: int = SEED, step: Callable[[str], None]) -> Demo:
    """Make the whole practice. Raises AlreadyThere when there is one. Only messages of running plans come due."""
    if Practice.objects.exists() or Client.objects.exists():
        raise AlreadyThere
    rng = random.Random(seed)
    zone = home_zone(now)
    demo = Demo(open_practice(zone=zone, now=now))
    home = demo.premises.practice.zone
    registrar = Registrar(demo.premises, awake_zones(now, zone), now, rng)
    hours = [places(), places(), places()]
    for course in roster.courses(rng):
        demo.cases.append(registrar.register(course, next(hours[course.counselor])))
        step(course.person.given)
    _past(demo.cases, Encounters(now, home, rng, demo.premises.rooms), Assessments(rng), step)
    give_measures(demo.cases, now=now, seed=seed)
    gather(demo.cases, now=now, zone=home)
    make_care_plans(demo.cases, now=now)
    aftermath = Aftermath(now, home, rng)
    demo.due_soon = _since(demo.cases, aftermath, step)
    remind(demo.cases, aftermath, but_for={message.client_id for message in demo.due_soon})
    go_through_days(demo.cases, now=now)
    in_training(demo.premises, demo.cases, now=now)
    own_words(demo.premises, demo.cases, now=now)
    for case in demo.cases:
        _brought_up_to_date(case.client, now)
    spread_out(demo.due_soon, now=now)
    return demo


def number_of_steps() -> int:
    """How often `generate` calls its `step`."""
    return 3 * sum(count for count, _story in roster.STORIES)


def _past(
    cases: list[Case], encounters: Encounters, assessments: Assessments, step: Callable[[str], None]
) -> None:
    """Sessions, notes and assessments of months, in bulk."""
    now, home = encounters.now, encounters.home
    today = now.astimezone(home).date()
    stages: dict[int, Stage] = {}
    for case in cases:
        began = case.began_at.astimezone(home).date() + timedelta(days=1)
        met = timeline.meetings(case.course, case.place, began=began, today=today)
        held = encounters.past(case, met)
        assessments.made(case, held, told=_told(case, today))
        stages[case.client.pk] = _latest(met)
        encounters.ahead(case)
        step("sessions")
    encounters.today(cases, stages)
    trail = Trail()
    encounters.save(trail)
    assessments.save(trail)
    trail.save()


def _told(case: Case, today: date) -> tuple[date, Stage] | None:
    told_on, stage = timeline.reported_on(case.course, today), case.course.story.stage
    return (told_on, stage) if told_on and stage else None


def _latest(met: list[Meeting]) -> Stage:
    return met[-1].stage if met else Stage.NONE


def _since(cases: list[Case], aftermath: Aftermath, step: Callable[[str], None]) -> list[Message]:
    """Reports with what followed, endings, and what came in unasked."""
    for case in cases:
        if case.course.story.reported is not None:
            _brought_up_to_date(case.client, aftermath.told_at(case))
        aftermath.report(case)
        _ended(case, aftermath.now)
        if case.course.story.kind == roster.SILENT:
            aftermath.missed(case)
        step("follow-up")
    aftermath.writes_unasked(list(_calm(cases))[:UNASKED])
    return aftermath.due


def _calm(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        if case.course.story.kind == roster.CALM and case.client.preferred_channel == Client.Channel.SMS:
            yield case


def _ended(case: Case, now: datetime) -> None:
    """Some care has ended: completed, or by a death."""
    kind, days = case.course.story.kind, timeline.LAST_SEEN.get(case.course.story.kind, 0) - 1
    at = now - timedelta(days=days)
    on = at.astimezone(case.client.zone).date()
    common: dict[str, Any] = {"client_id": case.client.pk, "on": on, "now": at + timedelta(hours=1)}
    if kind == roster.DISCHARGED:
        actions.discharge(**common, reason=EpisodeOfCare.Reason.COMPLETED, by=case.counselor)
    elif kind == roster.DECEASED:
        actions.record_death(**common, by=case.counselor, note="Told by the family.")
        for todo in case.client.todos.open().filter(kind=ToDoKind.DEATH_REVIEW).order_by("pk"):
            actions.complete_todo(
                todo_id=todo.pk,
                by=todo.owner,
                now=at + timedelta(days=2),
                outcome="Team debriefed; family called.",
            )


def _brought_up_to_date(client: Client, at: datetime) -> None:
    """Every room's columns of the summary, as of a moment."""
    current.refresh_summary(client, at=at)
    session_summary.refresh(client.pk)
    followup_summary.refresh(client.pk)
    held = client.sessions.filter(state="attended", ended_at__lte=at).order_by("-ended_at").first()
    if held is not None:
        followup_summary.contact_made(client.pk, held.over_at)
