"""Whatever happens in whatever order: at most one reminder of a visit, and never one of what is off."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.followup import reminders as keeping
from casework.followup import schedule
from casework.followup.models import Message, NamedVisit
from clients.errors import DomainError
from clients.models import Permission
from sessions.actions import lower
from sessions.models import Session
from tests.followup.making import report, sent, texts
from tests.followup.reminding import PHOENIX, at, cancel, move, reminders, visit

DAYS, HOURS, WHICH = st.integers(0, 12), st.sampled_from([9, 11, 14, 18]), st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("plan"), DAYS, HOURS),
    st.tuples(st.just("plan"), DAYS, HOURS),
    st.tuples(st.just("move"), WHICH, DAYS, HOURS),
    st.tuples(st.just("cancel"), WHICH, st.sampled_from(["client", "practice"])),
    st.tuples(st.just("called off by another door"), WHICH),
    st.tuples(st.just("planned by another door"), DAYS, HOURS),
    st.tuples(st.just("text"), st.sampled_from(["C", "R", "STOP", "START", "hello"])),
    st.tuples(st.just("claim"), WHICH),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("report")),
)


class World:
    """Alex, Dana and a clock."""

    def __init__(self, alex, dana, now) -> None:
        self.alex, self.dana, self.now, self.texts = alex, dana, now, 0

    def do(self, step) -> None:
        name, *rest = step
        try:
            with transaction.atomic():
                getattr(self, name.replace(" ", "_"))(*rest)
        except DomainError:
            pass  # taken, over, or nothing to move
        keeping.keep(self.alex.pk, now=self.now)

    def _when(self, day, hour):
        first = self.now.astimezone(PHOENIX).date()
        return schedule.resolve(
            first + timedelta(days=day), at(1, hour).timetz().replace(tzinfo=None), PHOENIX
        )

    def _some(self, rows, number):
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def plan(self, day, hour):
        visit(self.alex, self.dana, self._when(day, hour), self.now)

    def move(self, number, day, hour):
        session = self._some(Session.objects.filter(state="scheduled"), number)
        if session is not None:
            move(session, self._when(day, hour), self.now)

    def cancel(self, number, wish):
        session = self._some(Session.objects.filter(state="scheduled"), number)
        if session is not None:
            cancel(session, self.now, wish)

    def called_off_by_another_door(self, number):
        session = self._some(Session.objects.filter(state="scheduled"), number)
        if session is not None:
            lower.cancel(session_id=session.pk, cancelled_for="practice", by=self.dana, now=self.now)

    def planned_by_another_door(self, day, hour):
        starts = self._when(day, hour)
        times = {"starts_at": starts, "ends_at": starts + timedelta(minutes=30)}
        lower.schedule(client=self.alex, counselor=self.dana, by=self.dana, now=self.now, **times)

    def text(self, body):
        self.texts += 1
        texts(self.alex, body, self.now, provider_id=f"text-{self.texts}")

    def claim(self, number):
        message = self._some(Message.objects.filter(status="planned", kind__in=["plan", "reminder"]), number)
        if message is not None:
            Message.objects.filter(pk=message.pk).update(
                status="claimed",
                lease_until=self.now + timedelta(seconds=30),
                attempt_id=message.uid,
                due_at=self.now,
            )

    def deliver(self):
        for message in Message.objects.filter(status="claimed").exclude(recalled="cancel").order_by("pk"):
            message.lease_until = None
            sent(message, self.now)
        withdrawn = Message.objects.filter(status="claimed", recalled="cancel")
        withdrawn.update(status="cancelled", lease_until=None, closed_at=self.now, reason_code="visit_off")

    def wait(self, hours):
        self.now += timedelta(hours=hours)

    def report(self):
        report(self.alex, self.dana, self.now, stage="physical")

    def check(self) -> None:
        live = reminders(self.alex)
        named = NamedVisit.objects.filter(message__in=live).select_related("session")
        assert max(Counter(one.session_id for one in named).values(), default=0) <= 1
        for one in named:
            if one.session.starts_at > self.now:
                assert one.stands
        waiting = [one for one in live if one.status == "planned"]
        assert all(one.due_at < one.session.starts_at for one in waiting)
        assert all(one.session.starts_at == min(v.starts_at for v in one.visits.all()) for one in waiting)
        assert Permission.objects.of(self.alex).in_force(self.now).exists() or not waiting
        times = [one.due_at for one in waiting] + [
            one.sent_at for one in Message.objects.filter(kind="reminder", sent_at__isnull=False)
        ]
        for end in times:
            assert sum(end - schedule.WEEK < one <= end for one in times) <= schedule.WEEKLY_CAP


@pytest.mark.django_db
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_never_two_reminders_of_a_visit_and_never_one_of_what_is_off(alex, dana, now, steps):
    outer = transaction.savepoint()
    try:
        world = World(alex, dana, now)
        for step in steps:
            world.do(step)
            world.check()
        before = [(one.pk, one.due_at, one.status) for one in reminders(alex, live=False)]
        assert keeping.keep(alex.pk, now=world.now) is False
        assert [(one.pk, one.due_at, one.status) for one in reminders(alex, live=False)] == before
    finally:
        transaction.savepoint_rollback(outer)
