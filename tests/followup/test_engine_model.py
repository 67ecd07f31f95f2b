"""The engine against a small model of it: whatever happens in whatever order, each message leaves once or not at all.

The database code is the real one; the provider is the fake of this process; time passes by moving every stored time
into the past.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casework.followup import delivery, optout
from casework.followup.channels import DeliveryError
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.sending import send
from casework.followup.models import Message, ToDo
from clients.models import Permission
from tests import factories
from tests.followup.delivery.conftest import pace, provider

__all__ = ["pace", "provider"]
Status = Message.Status
OPEN = (*Message.WAITING, Status.CLAIMED, Status.UNKNOWN)
TABLES = ("followup_message", "followup_attempt", "followup_breaker", "followup_pace")
ATTEMPTS, LEASE = 6, 5

OUTCOMES = {
    "accepted": None,
    "refused for now": DeliveryError("20429", retry_after=1),
    "not reached": DeliveryError("unreachable"),
    "unclear, not accepted": DeliveryError("timeout", ambiguous=True),
    "refused for good": DeliveryError("21211", permanent=True),
}
UNCLEAR_ACCEPTED = "unclear, accepted"


# --- the model ------------------------------------------------------------------------------------------------------
@dataclass
class Said:
    """What must be true of one message: nothing of how."""

    client: int
    due: float
    wanted: bool = True
    accepted: int = 0
    allowed: int = 1  # one more for each acceptance that the provider took back
    accepted_when_unwanted: int = 0

    def stop(self) -> None:
        """From now on not one more."""
        if self.wanted:
            self.wanted, self.accepted_when_unwanted = False, self.accepted


@dataclass
class Model:
    """The clock, the messages by their words, and who has opted out."""

    now: float = 0.0
    said: dict[str, Said] = field(default_factory=dict)
    opted_out: set[int] = field(default_factory=set)

    def plan(self, words: str, client: int, delay: float) -> None:
        self.said[words] = Said(client, self.now + delay, wanted=client not in self.opted_out)

    def accept(self, words: str) -> None:
        one = self.said[words]
        one.accepted += 1
        assert one.accepted <= one.allowed, f"{words} went out {one.accepted} times"
        assert one.wanted, f"{words} went out though nobody wanted it any more"
        assert one.due <= self.now + 1, f"{words} went out {one.due - self.now:.0f} s early"

    def opt_out(self, client: int) -> None:
        self.opted_out.add(client)
        for one in self.said.values():
            if one.client == client:
                one.stop()


# --- the engine, driven ---------------------------------------------------------------------------------------------
class Engine(RuleBasedStateMachine):
    """Plan, cancel, opt out, claim, outcome, crash, callback and clock, in any order."""

    fake: Any = None

    @initialize()
    def begin(self) -> None:
        self.frame = transaction.atomic()
        self.frame.__enter__()
        team = factories.TeamFactory()
        dana = factories.counselor("Dana Reyes", team=team)
        self.clients = [factories.client_of(dana, team=team, given_name="Alex") for _ in range(3)]
        self.fake.reset()
        self.model = Model()
        self.heard: set[tuple[str, str]] = set()
        self.counted = 0
        self.held: list[tuple[Any, float]] = []

    def teardown(self) -> None:
        if hasattr(self, "frame"):
            try:
                self.let_all_end()
            finally:
                transaction.set_rollback(True)
                self.frame.__exit__(None, None, None)

    # --- what people do ---

    @rule(client=st.integers(0, 2), delay=st.sampled_from([0, 0, 0, 5, 40]), urgent=st.booleans())
    def plan(self, client: int, delay: int, urgent: bool) -> None:
        words = f"Hi Alex, see you soon ({len(self.model.said)})."
        at = timezone.now() + timedelta(seconds=delay)
        Message.objects.create(
            client=self.clients[client],
            kind=Message.Kind.MANUAL,
            body=words,
            local_date=at.date(),
            local_time=at.time(),
            tz="UTC",
            due_at=at,
            priority=20 if urgent else 50,
            dedupe_key=words,
        )
        self.model.plan(words, self.clients[client].pk, delay)

    @precondition(lambda self: self.model.said)
    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        words = list(self.model.said)[which % len(self.model.said)]
        Message.objects.filter(dedupe_key=words).withdraw(reason="discarded", at=timezone.now())
        self.model.said[words].stop()

    @precondition(lambda self: len(self.model.said) > 3)
    @rule(client=st.integers(0, 1))
    def opt_out(self, client: int) -> None:
        pk = self.clients[client].pk
        optout.withdraw(
            client_id=pk,
            channel=Permission.Channel.TEXT,
            by=None,
            now=timezone.now(),
            how=Permission.How.KEYWORD,
        )
        self.model.opt_out(pk)

    # --- what machines do ---

    @rule(outcomes=st.lists(st.sampled_from([UNCLEAR_ACCEPTED, *OUTCOMES]), min_size=1, max_size=4))
    def deliver(self, outcomes: list[str]) -> None:
        self.fake.script.extend(self.step(outcome) for outcome in outcomes)
        delivery.deliver_due()
        self.fake.script.clear()
        self.count()

    @rule()
    def sweep(self) -> None:
        """As the beat asks for every second."""
        self.deliver([])

    def step(self, outcome: str) -> Any:
        return self.accept_and_be_silent if outcome == UNCLEAR_ACCEPTED else OUTCOMES[outcome]

    def accept_and_be_silent(self, outgoing: Any) -> None:
        """The provider takes it; its answer is lost."""
        self.fake.after.append(DeliveryError("timeout", ambiguous=True))

    @rule(batch=st.integers(1, 3))
    def claim(self, batch: int) -> None:
        """A sender claims, and goes on when it gets to it."""
        self.held.append((claim(owner="slow:1", watermark=Watermark(), batch=batch), self.model.now))

    @precondition(lambda self: self.held)
    @rule(outcomes=st.lists(st.sampled_from([*OUTCOMES, UNCLEAR_ACCEPTED]), max_size=3))
    def outcome(self, outcomes: list[str]) -> None:
        """A sender that has claimed before sends what is still its own."""
        claimed, at = self.held.pop(0)
        self.fake.script.extend(self.step(outcome) for outcome in outcomes)
        send(claimed, until=time.monotonic() + LEASE - (self.model.now - at))
        self.fake.script.clear()
        self.count()

    @rule(
        between=st.sampled_from(["nothing", "cancel", "opt out", "late", "crash"]),
        outcome=st.sampled_from([UNCLEAR_ACCEPTED, *OUTCOMES, UNCLEAR_ACCEPTED]),
    )
    def race(self, between: str, outcome: str) -> None:
        """A sender holds a message when something happens to it; only then does it go on."""
        self.plan(client=2 if between != "opt out" else 0, delay=0, urgent=True)
        words = list(self.model.said)[-1]
        self.claim(batch=3)
        if between == "cancel":
            self.cancel(which=len(self.model.said) - 1)
        elif between == "opt out":
            self.opt_out(client=0)
        elif between == "late":
            self.clock(seconds=8)
        while self.held and between != "crash":
            self.outcome([outcome])
        assert words in self.model.said

    @precondition(lambda self: self.held)
    @rule(after_acceptance=st.booleans())
    def crash(self, after_acceptance: bool) -> None:
        """It dies instead: before the call, or between the provider's yes and writing it down."""
        claimed, at = self.held.pop(0)
        if after_acceptance and at == self.model.now and not self.changed_since_claim():
            for one in claimed.held:
                one.channel.send(one.outgoing)
        self.count()

    def changed_since_claim(self) -> bool:
        """Whether a look at the messages would have stopped the sender before its call."""
        mine = Message.objects.filter(status=Status.CLAIMED)
        return mine.exclude(recalled="").exists()

    @precondition(lambda self: self.fake.accepted)
    @rule(which=st.integers(0, 50), word=st.sampled_from(["queued", "sent", "delivered", "undelivered"]))
    def callback(self, which: int, word: str) -> None:
        sid, outgoing, _at = self.fake.accepted[which % len(self.fake.accepted)]
        ends = {(sid, end) for end in ("delivered", "undelivered")}
        if (sid, word) in ends and self.heard & ends - {(sid, word)}:
            return  # a provider does not say both
        moved = delivery.record_status(
            attempt_id=outgoing.attempt_id, provider="fake", provider_id=sid, status=word
        )
        again = delivery.record_status(
            attempt_id=outgoing.attempt_id, provider="fake", provider_id=sid, status=word
        )
        assert not again, "the same callback counts once"
        self.heard.add((sid, word))
        if moved and word == "undelivered":
            self.model.said[outgoing.body].allowed += 1

    @rule(seconds=st.sampled_from([1, 3, 8, 30]))
    def clock(self, seconds: int) -> None:
        """Let time pass: everything stored becomes that much older."""
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                    " AND data_type = 'timestamp with time zone'",
                    [table],
                )
                moved = ", ".join(
                    f"{name} = {name} - interval '{seconds} s'" for (name,) in cursor.fetchall()
                )
                if moved:
                    cursor.execute(f"UPDATE {table} SET {moved}")
        self.fake.accepted = [
            (sid, outgoing, at - timedelta(seconds=seconds)) for sid, outgoing, at in self.fake.accepted
        ]
        self.model.now += seconds

    # --- what must hold ---

    def count(self) -> None:
        for _sid, outgoing, _at in self.fake.accepted[self.counted :]:
            self.model.accept(outgoing.body)
        self.counted = len(self.fake.accepted)

    @invariant()
    def what_is_claimed_has_an_attempt(self) -> None:
        if hasattr(self, "frame"):
            for message in Message.objects.filter(status=Status.CLAIMED).defer("body"):
                assert message.attempts.filter(pk=message.attempt_id).exists()

    @invariant()
    def what_is_called_sent_was_accepted(self) -> None:
        if hasattr(self, "frame"):
            for message in Message.objects.filter(status__in=[Status.SENT, Status.DELIVERED]):
                assert self.model.said[message.body].accepted >= 1

    def let_all_end(self) -> None:
        """Nothing more goes wrong: in the end each has left, or ended with its to-do, and the books are true."""
        self.fake.script.clear()
        for _ in range(40):
            if not Message.objects.filter(status__in=OPEN).exists():
                break
            self.clock(30)
            delivery.deliver_due()
            self.count()
        for message in Message.objects.order_by("pk"):
            self.judge(message, self.model.said[message.dedupe_key])

    def judge(self, message: Message, said: Said) -> None:
        taken_back = said.allowed - 1
        arrived = said.accepted - taken_back
        if message.status in (Status.SENT, Status.DELIVERED):
            assert arrived == 1
        elif message.status == Status.DEAD:
            assert arrived == 0
            assert ToDo.objects.filter(message=message).exists()
        else:
            assert message.status == Status.CANCELLED, message.status
            assert not said.wanted
            assert arrived == 0, "cancelled, but it had arrived"


@pytest.mark.django_db
def test_whatever_happens_each_message_leaves_once_or_not_at_all(request, practice, settings):
    Engine.fake = request.getfixturevalue("provider")
    settings.FOLLOWUP_SENDERS = 1
    settings.FOLLOWUP_ATTEMPTS = ATTEMPTS
    settings.FOLLOWUP_BACKOFF = 1
    run_state_machine_as_test(Engine, settings=BOUNDS)


BOUNDS = settings(
    max_examples=25,
    stateful_step_count=16,
    phases=[Phase.generate],  # a failing order of events is short enough to read as it is
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
