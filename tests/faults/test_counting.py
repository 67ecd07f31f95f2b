"""The one who counts must be able to find each error: from ledgers made by hand."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from casework.followup.models import Attempt, Message
from tests.faults import checker, report
from tests.faults.scene import Result
from tests.faults.world import Wanted, World, zone_at
from tests.followup.delivery.conftest import due

DUE = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


@pytest.fixture
def world():
    world = World(2, 1, random.Random(1))
    world.wanted = [
        Wanted(1, phone(world, 1), "Hi one.", DUE),
        Wanted(2, phone(world, 2), "", DUE),
        Wanted(3, phone(world, 3), "The same.", DUE),
        Wanted(4, phone(world, 3), "The same.", DUE),
    ]
    world.forbidden = {phone(world, 9): "opted out"}
    return world


def phone(world, number):
    return f"{world.phones}{number:04d}"


def row(world, number, body, *, seconds=1.0):
    at = (DUE + timedelta(seconds=seconds)).isoformat()
    return {
        "phone": phone(world, number),
        "body": body,
        "created_at": at,
        "sid": f"SM{number}",
        "kind": "sms",
    }


def all_well(world):
    return [
        row(world, 1, "Hi one."),
        row(world, 2, "Any words of ours."),
        row(world, 3, "The same.", seconds=2),
        row(world, 3, "The same.", seconds=9),
    ]


def numbers(world, ledger):
    counted = checker.compare(world, ledger)
    return counted.sent, counted.lost, counted.doubled, counted.wrong


def test_when_all_is_well_nothing_is_found(world):
    assert numbers(world, all_well(world)) == (4, 0, 0, 0)


def test_what_was_not_accepted_is_lost_also_one_of_two_twins(world):
    assert numbers(world, all_well(world)[1:]) == (3, 1, 0, 0)
    assert numbers(world, all_well(world)[:-1]) == (3, 1, 0, 0)


def test_a_second_time_is_doubled_also_of_words_we_do_not_know(world):
    assert numbers(world, [*all_well(world), row(world, 1, "Hi one.")]) == (5, 0, 1, 0)
    assert numbers(world, [*all_well(world), row(world, 2, "Other words of ours.")]) == (5, 0, 1, 0)


def test_a_text_to_somebody_who_must_get_none_is_wrong_and_says_why(world):
    counted = checker.compare(world, [*all_well(world), row(world, 9, "Hi nine.")])
    assert counted.wrong == 1
    assert "opted out" in counted.says[0]


def test_the_words_of_one_on_the_phone_of_another_are_lost_and_wrong(world):
    ledger = [row(world, 1, "The same."), *all_well(world)[1:]]
    assert numbers(world, ledger)[1:] == (1, 0, 1)


def test_other_faults_on_the_same_provider_do_not_count(world):
    stranger = {**row(world, 1, "Hi one."), "phone": "+15550001111"}
    assert numbers(world, [*all_well(world), stranger]) == (4, 0, 0, 0)


def test_lateness_counts_from_due_to_accepted(world):
    counted = checker.compare(world, all_well(world))
    assert (counted.p50, counted.p99) == (2, 9)


def test_a_name_or_a_number_in_a_log_is_a_leak(world, tmp_path):
    (tmp_path / "worker.log").write_text(f"sent to {phone(world, 1)}")
    (tmp_path / "watch.log").write_text("sent to somebody")
    found = checker.leaks(
        world, logs=tmp_path, broker="unix:///nowhere", heard=b"", metrics=world.token + "ala"
    )
    assert found == ["worker.log: 1", "metrics"]


@pytest.mark.django_db
@pytest.mark.parametrize(("numbers", "silent"), [(["SM1", "SM2"], True), (["SM1", "SM1"], False)])
def test_two_acceptances_are_a_silent_double_unless_the_provider_gave_them_one_number(alex, numbers, silent):
    message = due(alex, status=Message.Status.SENT, sent_at=DUE)
    for n, number in enumerate(numbers, start=1):
        Attempt.objects.create(
            message=message,
            n=n,
            fence=n,
            started_at=DUE,
            settled_at=DUE,
            outcome="accepted",
            provider_id=number,
        )
    assert bool(checker.half_states([message.pk])) is silent


def test_hours_are_told_apart_by_zones():
    assert zone_at(14, DUE.replace(hour=14)) == "UTC"
    assert zone_at(2, DUE.replace(hour=14)) == "Etc/GMT+12"
    assert zone_at(16, DUE.replace(hour=14)) == "Etc/GMT-2"


GOOD = dict.fromkeys(("lost", "doubled", "flagged", "wrong", "untrue", "leaks"), 0) | {"sent": 500}


@pytest.mark.parametrize(
    ("counted", "passed"),
    [
        ({}, True),
        ({"lost": 1}, False),
        ({"wrong": 1}, False),
        ({"untrue": 1}, False),
        ({"leaks": 1}, False),
        ({"doubled": 1}, False),
        ({"doubled": 1, "flagged": 1}, True),
        ({"doubled": 2, "flagged": 2}, False),
    ],
)
def test_a_run_passes_only_without_loss_wrong_lie_leak_or_silent_double(counted, passed):
    result = Result(2, "killed", 1, counted={**GOOD, **counted})
    assert result.passed is passed


def test_a_broken_promise_an_error_or_a_machine_that_cannot_is_not_passed():
    assert not Result(2, "killed", 1, counted=GOOD, checks=[("in time", False)]).passed
    assert not Result(2, "killed", 1, counted=GOOD, error="too long").passed
    assert not Result(2, "killed", 1, counted=GOOD, cannot="no such library").passed
    assert not Result(2, "killed", 1).passed


def test_the_table_shows_ours_beside_the_naive_ways():
    ours = {
        **Result(2, "killed", 1, counted={**GOOD, "ambiguous": 4, "unresolved": 1}).as_dict(),
        "drained": 10.0,
    }
    eta = Result(
        2, "killed", 1, product="eta", counted={**GOOD, "lost": 500, "ambiguous": 0, "unresolved": 0}
    )
    text = report.table([ours, eta.as_dict()])
    assert "| 2 | killed | 1 | 500 | 0 | 0 | 0 | passed | 500 / 0 | – |" in text
    assert "H = 1 of 1 played" in text
    assert "75% of 4 doubts" in text
