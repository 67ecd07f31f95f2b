"""Worker, broker and provider fail at the worst moment; the provider's own ledger says what was really sent."""

import signal
import time
from collections import Counter

from casework.followup.models import Attempt, Message
from tests.faults.conftest import worker_is_seen
from tests.faults.stack import until

Status = Message.Status


def status(message: Message) -> str:
    return Message.objects.values_list("status", flat=True).get(pk=message.pk)


def sent(message: Message) -> bool:
    return status(message) == Status.SENT


def all_sent(messages: list[Message]) -> bool:
    pks = [message.pk for message in messages]
    return not Message.objects.filter(pk__in=pks).exclude(status=Status.SENT).exists()


def held_by_worker(stack, message: Message) -> bool:
    owner = Message.objects.values_list("lease_owner", flat=True).get(pk=message.pk)
    return stack.owns(owner, "worker")


def test_a_worker_killed_between_acceptance_and_settling_sends_one_message_not_two(processes, write, phone):
    processes.arrange(mode="hang_after", seconds=10, phone=phone)
    message = write()
    until(lambda: bool(processes.accepted(phone)), within=15, what="the provider accepts")
    assert held_by_worker(processes, message)
    assert Attempt.objects.get(message=message).outcome == Attempt.Outcome.STARTED

    processes.kill("worker")
    assert status(message) == Status.CLAIMED, "nothing was settled"
    processes.start("worker")

    until(lambda: sent(message), within=30, what="the message is found at the provider")
    time.sleep(2)
    assert processes.accepted(phone) == [message.body]
    attempt = Attempt.objects.get(message=message)
    assert attempt.outcome == Attempt.Outcome.ACCEPTED
    assert attempt.provider_id


def test_a_worker_killed_before_acceptance_loses_nothing(processes, write, phone):
    processes.arrange(mode="hang_before", seconds=10, phone=phone)
    message = write()
    until(lambda: held_by_worker(processes, message), within=15, what="the worker claims")

    processes.kill("worker")
    processes.start("worker")

    until(lambda: sent(message), within=30, what="the message leaves")
    assert processes.accepted(phone) == [message.body]


def test_an_error_after_acceptance_is_looked_up_and_not_repeated(processes, write, phone):
    processes.arrange(mode="error_after", times=3, phone=phone)
    messages = [write() for _ in range(3)]

    until(lambda: all_sent(messages), within=25, what="the look-up finds them")

    assert Counter(processes.accepted(phone)) == {message.body: 1 for message in messages}
    assert Attempt.objects.filter(message__in=messages).count() == 3


def test_an_error_before_acceptance_and_a_cut_line_lose_nothing(processes, write, phone):
    processes.arrange(mode="error_before", phone=phone)
    processes.arrange(mode="reset_before", phone=phone)
    processes.arrange(mode="reset_after", phone=phone)
    processes.arrange(mode="busy", seconds=1, phone=phone)
    messages = [write() for _ in range(4)]

    until(lambda: all_sent(messages), within=30, what="all leave")

    assert Counter(processes.accepted(phone)) == {message.body: 1 for message in messages}


def test_a_worker_frozen_past_its_lease_sends_nothing_when_it_wakes(processes, write, phone):
    processes.arrange(mode="hang_after", seconds=1.5, times=2, phone=phone)
    messages = [write() for _ in range(8)]
    until(lambda: len(processes.accepted(phone)) >= 2, within=15, what="the first calls")
    processes.signal("worker", signal.SIGSTOP)
    frozen = Message.objects.filter(
        pk__in=[message.pk for message in messages], status=Status.CLAIMED
    ).count()

    until(lambda: all_sent(messages), within=40, what="the watchman takes over")
    processes.signal("worker", signal.SIGCONT)
    until(worker_is_seen, within=20, what="the worker lives again")
    time.sleep(2)

    assert frozen > 0
    assert Counter(processes.accepted(phone)) == {message.body: 1 for message in messages}
    assert all_sent(messages)


def test_workers_killed_again_and_again_lose_and_double_nothing(processes, write, phone):
    messages = [write() for _ in range(40)]
    for _ in range(3):
        time.sleep(0.4)
        processes.kill("worker")
        processes.start("worker")

    until(lambda: all_sent(messages), within=60, what="all leave in the end")

    assert Counter(processes.accepted(phone)) == {message.body: 1 for message in messages}


def test_two_beats_and_two_workers_double_nothing(processes, write, phone):
    processes.start("second beat", "second worker")
    try:
        messages = [write() for _ in range(60)]
        until(lambda: all_sent(messages), within=30, what="all leave")
    finally:
        processes.stop("second beat")
        processes.stop("second worker")

    assert Counter(processes.accepted(phone)) == {message.body: 1 for message in messages}


def test_without_a_broker_a_message_leaves_within_12_seconds(processes, write, phone):
    processes.broker.stop()
    try:
        message = write()
        lateness = until(lambda: sent(message), within=12, what="the watchman delivers")
    finally:
        processes.restart_broker()
    until(worker_is_seen, within=40, what="the worker finds the broker again")

    assert lateness <= 12
    assert processes.accepted(phone) == [message.body]
