"""What follows from an outcome, as pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.followup.channels import About, DeliveryError
from casework.followup.delivery import retry
from casework.followup.models import Attempt, Message

Status, Outcome = Message.Status, Attempt.Outcome


@given(st.integers(min_value=1, max_value=40))
def test_the_wait_is_jittered_under_a_doubling_bound_with_a_cap(attempts):
    assert 0 <= retry.backoff(attempts) <= min(1800, 30 * 2 ** (attempts - 1))


def test_waits_differ_so_that_a_crowd_does_not_return_at_once():
    assert len({retry.backoff(5) for _ in range(50)}) > 40


@given(st.integers(min_value=1, max_value=40), st.floats(min_value=0, max_value=3600))
def test_nobody_returns_before_the_provider_s_wish(attempts, wish):
    assert retry.backoff(attempts, retry_after=wish) >= wish


def test_an_unclear_answer_waits_for_the_look_up_whatever_else_it_says():
    following = retry.after_error(DeliveryError("x", ambiguous=True, permanent=True), attempts=99)

    assert (following.outcome, following.status) == (Outcome.UNKNOWN, Status.UNKNOWN)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        (About.RECIPIENT, "unreachable_number"),
        (About.OPT_OUT, "provider_blocked"),
        (About.MESSAGE, "provider_refused"),
    ],
)
def test_a_refusal_for_good_ends_it_and_says_why(about, reason):
    following = retry.after_error(DeliveryError("21610", permanent=True, about=about), attempts=1)

    assert (following.status, following.reason, following.delay) == (Status.DEAD, reason, None)


def test_the_last_attempt_is_the_last(settings):
    settings.FOLLOWUP_ATTEMPTS = 3

    assert retry.after_error(DeliveryError("x"), attempts=2).status == Status.FAILED
    assert retry.after_error(DeliveryError("x"), attempts=3).status == Status.DEAD
