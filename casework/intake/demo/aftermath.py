"""What followed a report: real plans begun by the real acts at their own time, and what became of their steps since."""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from casework.followup import actions
from casework.followup.actions.checklist import Education
from casework.followup.actions.sessions import missed_key
from casework.followup.checklist import EDUCATION, NO, QUESTIONS, YES
from casework.followup.inbox import receive
from casework.followup.messages.render import render
from casework.followup.models import Attempt, FollowUpPlan, InboundMessage, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.intake.demo import roster, timeline
from casework.intake.demo.recovery import looked_back
from casework.intake.demo.registration import Case
from casework.intake.demo.words import EARLY_NARRATIVES, NARRATIVES, answers, unread
from clients.models import Substance
from clients.stage import Stage

PROVIDER = "sandbox"
LONG_ENOUGH = timedelta(minutes=5)
SOON = timedelta(seconds=30)
APART = timedelta(seconds=28)  # twenty messages in about ten minutes
DONE_IN_TIME = timedelta(hours=3)
QUICK = {ToDoKind.FIRST_CONTACT, ToDoKind.SAFETY_CHECKLIST}

PROMISES = (Message.Kind.AWAY_REPLY, Message.Kind.CHANGE_REPLY)


@dataclass
class Aftermath:
    """Plays what followed, client by client, in the order of time."""

    now: datetime
    home: ZoneInfo
    rng: random.Random
    due: list[Message] = field(default_factory=list)

    def report(self, case: Case) -> FollowUpPlan | None:
        """Report the relapse of this course when it was told, and play what followed until now."""
        story = case.course.story
        if story.kind == roster.COLLATERAL:
            self._told_by_somebody_else(case)
        if story.stage is None or story.reported is None:
            return None
        told_at = self.told_at(case)
        plan = self._reported(case, told_at)
        if story.kind == roster.DUE_NOW:
            self.due.append(self._todays(plan, case))
        self._first_contact(case, plan)
        self._what_was_sent(case, plan)
        if story.kind == roster.OPTED_OUT:
            self._stops(case)
        self._what_was_done(case, plan)
        return plan

    def told_at(self, case: Case) -> datetime:
        """Within the last hour for what is told today; else at the client's hour of that day."""
        days = case.course.story.reported or 0.0
        if days < 1:
            return self.now - timedelta(minutes=4 + 6 * (case.course.number % 8))
        local = self.now.astimezone(case.client.zone)
        day = local.date() - timedelta(days=int(days))
        return datetime.combine(day, time(case.place.hour, 50), case.client.zone).astimezone(UTC)

    def _reported(self, case: Case, told_at: datetime) -> FollowUpPlan:
        stage = case.course.story.stage or Stage.MENTAL
        today = told_at.astimezone(case.client.zone).date()
        used = timeline.use_days(case.course, self.now.astimezone(self.home).date())
        days = [min(day, today) for day in used]
        told = actions.report_relapse(
            client_id=case.client.pk,
            stage=stage.value,
            source=self.rng.choice(("self_call", "self_call", "self_message")),
            by=case.counselor,
            now=told_at,
            occurred_on=days[-1] if days else None,
            use=self._use(case, days) if stage == Stage.PHYSICAL else None,
            narrative=self.rng.choice(NARRATIVES if stage == Stage.PHYSICAL else EARLY_NARRATIVES),
        )
        if told.plan is None:
            raise RuntimeError("a report by the client starts a plan")
        return told.plan

    def _use(self, case: Case, days: list[Any]) -> dict[str, Any]:
        substances = {
            one.key: one for one in Substance.objects.filter(key__in=case.course.substances).order_by("key")
        }
        used = [substances[key] for key in case.course.substances if key != "buprenorphine"]
        return {
            "use_type": "alcohol" if used[0].key == "alcohol" else "illicit",
            "days": days,
            "substance": used[0],
            "also_used": used[1:] if case.course.number % 2 else [],
        }

    def _told_by_somebody_else(self, case: Case) -> None:
        told_at = self.now - timedelta(hours=5)
        actions.report_relapse(
            client_id=case.client.pk,
            stage=Stage.PHYSICAL.value,
            source="collateral",
            by=case.counselor,
            now=told_at,
            narrative="A sister called, worried: saw bottles in the kitchen on Sunday. Talk first, without pressing.",
        )

    def _todays(self, plan: FollowUpPlan, case: Case) -> Message:
        """The message of today; until it is spread out it lies ahead, whatever its hour was."""
        local = self.now.astimezone(case.client.zone)
        message: Message = plan.messages.filter(local_date=local.date()).order_by("due_at")[0]
        message.due_at = self.now + LONG_ENOUGH
        message.save(update_fields=["due_at"])
        return message

    # --- people ---
    def _first_contact(self, case: Case, plan: FollowUpPlan) -> None:
        """A talk within hours as a rule; now and then one is still owed."""
        waited = self.now - plan.reported_at
        hours = self.rng.choice((1, 2, 3, 5)) if plan.stage == Stage.PHYSICAL else self.rng.choice((3, 8, 20))
        at = plan.reported_at + timedelta(hours=hours, minutes=self.rng.randint(0, 50))
        if at >= self.now or (plan.stage == Stage.MENTAL and timedelta(days=1) <= waited < timedelta(days=2)):
            return
        common: dict[str, Any] = {"client_id": case.client.pk, "by": case.counselor}
        if self.rng.random() < 0.4:
            tried = plan.reported_at + timedelta(minutes=35)
            actions.log_contact(**common, channel="phone", outcome="voicemail", now=tried)
        actions.log_contact(
            **common,
            channel="phone",
            outcome="reached",
            now=at,
            note="Talked for a quarter of an hour. Safe, not alone.",
        )
        if plan.todos.open().filter(kind=ToDoKind.SAFETY_CHECKLIST).exists():
            answers: dict[str, Any] = {question.key: NO for question in QUESTIONS}
            actions.complete_checklist(
                **common,
                answers=answers | {"naloxone": YES, EDUCATION.key: YES},
                education=Education(whom="The client", outcome="Has naloxone at home, knows how to use it."),
                now=at + timedelta(minutes=9),
            )

    def _what_was_done(self, case: Case, plan: FollowUpPlan) -> None:
        """To-dos whose time has passed were done shortly before, all but those of somebody out of reach."""
        silent = case.course.story.kind == roster.SILENT
        for todo in plan.todos.open().select_related("owner").order_by("due_at", "pk"):
            done_at = min(max(todo.due_at - DONE_IN_TIME, plan.reported_at + timedelta(hours=6)), todo.due_at)
            lately = self.now - todo.due_at < timedelta(days=3)
            if (
                done_at >= self.now
                or todo.kind in QUICK
                or (silent and lately)
                or (lately and self.rng.random() < 0.3)
            ):
                continue
            if todo.kind == ToDoKind.LEARNING_REVIEW:
                looked_back(case, plan.report, at=done_at)
                continue
            actions.complete_todo(todo_id=todo.pk, by=todo.owner or case.counselor, now=done_at)

    # --- messages ---
    def _what_was_sent(self, case: Case, plan: FollowUpPlan) -> None:
        """Everything of the past was delivered; most of it answered, read and settled."""
        past = list(gone(Message.objects.filter(plan=plan), self.now))
        for number, message in enumerate(past):
            deliver(message, self.rng)
            if message.answered_at is None and self._answers(case, message, latest=number == len(past) - 1):
                self._answered(case, message)

    def _answers(self, case: Case, message: Message, *, latest: bool) -> bool:
        if case.course.story.kind == roster.SILENT:
            return message.step_key.endswith("D00-MSG")
        if case.course.story.kind == roster.OPTED_OUT and latest:
            return False
        return self.rng.random() < (0.45 if latest else 0.7)

    def _answered(self, case: Case, message: Message) -> None:
        sent_at = message.sent_at or message.due_at
        at = sent_at + timedelta(minutes=self.rng.choice((3, 12, 40, 95, 210)))
        if at >= self.now:
            return
        inbound = self.writes(case, self.rng.choice(answers(case.client.language)), at)
        read_at = at + timedelta(minutes=self.rng.choice((9, 25, 70)))
        if read_at < self.now:
            actions.mark_answer_read(inbound_id=inbound.pk, by=case.counselor, now=read_at)
            actions.mark_handled(
                inbound_id=inbound.pk, by=case.counselor, now=read_at + timedelta(seconds=50)
            )

    def writes(self, case: Case, body: str, at: datetime) -> InboundMessage:
        """A text of the client's came in; what it was answered with has arrived."""
        number = case.client.contact_points.filter(kind="mobile").values_list("normalized", flat=True)[0]
        inbound = receive(
            provider=PROVIDER,
            provider_id=_provider_id(self.rng),
            channel="sms",
            from_address=number,
            body=body,
            now=at,
        )
        for message in gone(inbound.replies.filter(kind__in=PROMISES), self.now):
            deliver(message, self.rng)
        return inbound

    # --- apart from check-ins ---
    def _stops(self, case: Case) -> None:
        """The client has answered STOP: the confirmation went out, the rest of the plan became calls."""
        last = Message.objects.filter(client=case.client, sent_at__isnull=False).order_by("-sent_at").first()
        at = (last.sent_at if last and last.sent_at else self.now - timedelta(days=1)) + timedelta(minutes=6)
        inbound = self.writes(case, "STOP", at)
        actions.mark_answer_read(inbound_id=inbound.pk, by=case.counselor, now=at + timedelta(hours=1))
        for message in gone(
            Message.objects.filter(client=case.client, kind=Message.Kind.STOP_REPLY), self.now
        ):
            deliver(message, self.rng)

    def writes_unasked(self, cases: list[Case]) -> None:
        """Some messages of the last hours nobody has read yet; one asks for a call."""
        for number, case in enumerate(cases):
            words = unread(case.client.language)
            body = "2" if number == 0 else words[number % len(words)]
            self.writes(case, body, self.now - timedelta(minutes=25 + 55 * number))

    def missed(self, case: Case) -> None:
        """Two missed sessions: one call was tried in vain, one is still owed."""
        sessions = case.client.sessions.filter(state="no_show").order_by("-starts_at")[:2]
        for number, session in enumerate(sessions):
            at = session.ends_at + timedelta(minutes=20)
            todo = ToDo.objects.create(
                client=case.client,
                kind=ToDoKind.CALL,
                title=f"Missed session: reach out to {case.client.first_name}",
                due_at=at + timedelta(hours=24),
                opened_at=at,
                owner=case.counselor,
                step_key=missed_key(session),
            )
            if number == 1:
                self._in_vain(case, todo, at + timedelta(hours=4))

    def _in_vain(self, case: Case, todo: ToDo, at: datetime) -> None:
        for outcome, later in (("no_answer", timedelta(0)), ("voicemail", timedelta(hours=20))):
            actions.log_contact(
                client_id=case.client.pk,
                channel="phone",
                outcome=outcome,
                todo_id=todo.pk,
                by=case.counselor,
                now=at + later,
            )
        actions.complete_todo(
            todo_id=todo.pk, by=case.counselor, now=at + timedelta(hours=21), outcome="Not reached"
        )


def spread_out(messages: Sequence[Message], *, now: datetime) -> None:
    """One after the other from a moment from now on, so that somebody who watches sees them leave."""
    for number, message in enumerate(messages):
        at = now.replace(microsecond=0) + SOON + APART * number
        local = at.astimezone(ZoneInfo(message.tz))
        Message.objects.waiting().filter(pk=message.pk).update(
            due_at=at, local_date=local.date(), local_time=local.time()
        )


def gone(messages: Any, now: datetime) -> Iterator[Message]:
    """Messages whose time lies in the past and that nothing has stopped, oldest first."""
    waiting = messages.waiting().filter(due_at__lt=now).select_related("client", "plan")
    yield from waiting.order_by("due_at", "pk")


def deliver(message: Message, rng: random.Random) -> None:
    """As the deliverer would have left it: one attempt, accepted, the words kept, delivered within seconds."""
    started = message.due_at + timedelta(seconds=rng.randint(1, 4))
    attempt = Attempt.objects.create(
        message=message,
        n=1,
        fence=message.fence + 1,
        channel="sms",
        provider=PROVIDER,
        recipient=message.client.contact_points.filter(kind="mobile").values_list("normalized", flat=True)[0],
        started_at=started,
        outcome=Attempt.Outcome.ACCEPTED,
        provider_id=_provider_id(rng),
        provider_status="delivered",
        settled_at=started + timedelta(seconds=1),
    )
    message.status, message.fence, message.attempts_made = Message.Status.DELIVERED, attempt.fence, 1
    message.sent_at = attempt.settled_at
    message.delivered_at = started + timedelta(seconds=rng.randint(2, 9))
    message.body, message.reason_code = render(message).body, "delivered"
    message.save()


def _provider_id(rng: random.Random) -> str:
    return f"SM{uuid.UUID(int=rng.getrandbits(128)).hex}"
