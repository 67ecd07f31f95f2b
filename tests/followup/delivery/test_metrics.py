"""What Prometheus reads: lateness, backlog, attempts, breakers and rates, all without a client."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from casework.followup import dead_man, delivery, heartbeats
from casework.followup.channels import DeliveryError
from casework.followup.delivery import pace as pacing
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.tally import STEPS, Tally
from casework.followup.models import Message, Priority
from casework.followup.models import Tally as Sum
from tests.followup.delivery.conftest import make_due, open_it

pytestmark = pytest.mark.django_db
Status = Message.Status
SMS = Route("fake", "sms")


@pytest.fixture
def scraped(settings):
    """What /metrics says now, by line."""
    settings.DEMO = True

    def read():
        lines = Browser().get("/metrics").content.decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    return read


def test_lateness_is_a_histogram_from_due_to_accepted(provider, write, scraped):
    write(seconds=4)
    write(seconds=40, priority=Priority.HIGH)

    delivery.deliver_due()

    found = scraped()
    assert found['followup_lateness_seconds_bucket{le="2.0",priority="usual"}'] == "0.0"
    assert found['followup_lateness_seconds_bucket{le="+Inf",priority="usual"}'] == "1.0"
    assert found['followup_lateness_seconds_bucket{le="30.0",priority="high"}'] == "0.0"
    assert found['followup_lateness_seconds_bucket{le="60.0",priority="high"}'] == "1.0"
    assert 40 <= float(found['followup_lateness_seconds_sum{priority="high"}']) < 60


def test_lateness_counts_from_when_only_we_kept_it(provider, write, scraped):
    write(seconds=1, ready_at=timezone.now() - timedelta(seconds=100))

    delivery.deliver_due()

    assert float(scraped()['followup_lateness_seconds_sum{priority="usual"}']) >= 100


def test_attempts_only_grow(provider, write, scraped):
    refused, fine = write(seconds=90), write(seconds=10)
    provider.script.append(DeliveryError("21617", permanent=True))
    delivery.deliver_due()
    write()
    delivery.deliver_due()

    found = scraped()

    assert found['followup_attempts_total{channel="sms",outcome="rejected",provider="fake"}'] == "1.0"
    assert found['followup_attempts_total{channel="sms",outcome="accepted",provider="fake"}'] == "2.0"
    assert Message.objects.get(pk=refused.pk).status == Status.DEAD
    assert Message.objects.get(pk=fine.pk).status == Status.SENT


def test_the_backlog_is_told_by_priority(write, scraped):
    write()
    write()
    write(priority=Priority.CRISIS)
    write(seconds=-60)

    found = scraped()

    assert found['followup_due{priority="usual"}'] == "2.0"
    assert found['followup_due{priority="crisis"}'] == "1.0"
    assert found['followup_due{priority="high"}'] == "0.0"
    assert 60 <= float(found["followup_oldest_due_seconds"]) < 90


def test_breaker_held_and_behind(provider, write, scraped):
    write(seconds=600)
    open_it(since=700)
    delivery.deliver_due()

    found = scraped()

    assert found['followup_breaker{channel="sms",provider="fake"}'] == "2.0"
    assert found['followup_held{reason="provider_away"}'] == "1.0"
    assert float(found["followup_behind_seconds"]) >= 600
    assert found['followup_alarm{name="provider_away"}'] == "1.0"
    assert 'followup_alarm{name="behind"}' not in found


def test_rates_and_tokens(provider, write, scraped):
    pacing.limit(SMS, provider.sender, 0.1)
    for _ in range(5):
        write()
    claim(owner="worker", watermark=Watermark())

    found = scraped()

    assert found['followup_rate_per_second{channel="sms",provider="fake"}'] == "0.1"
    assert 0 <= float(found['followup_rate_tokens{channel="sms",provider="fake"}']) <= 1
    assert float(found['followup_rate_queue_seconds{channel="sms",provider="fake"}']) > 5
    assert provider.sender not in str(found)


def test_what_is_unclear_has_an_age(provider, write, scraped):
    message = write(seconds=50)
    provider.script.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()

    found = scraped()

    assert found["followup_unclear"] == "1.0"
    assert float(found["followup_oldest_unclear_seconds"]) >= 50
    make_due(message)
    delivery.deliver_due()
    assert scraped()["followup_unclear"] == "0.0"


def test_signs_of_life_have_ages(scraped):
    heartbeats.beat(heartbeats.WATCH)

    found = scraped()

    assert float(found['followup_silence_seconds{name="watch"}']) < 30
    assert found['followup_silence_seconds{name="worker"}'] == "+Inf"


def test_two_processes_add_to_the_same_sums(provider, write):
    for _ in range(2):
        write()
        delivery.deliver_due()

    assert Sum.objects.get(measure="attempt").number == 2


def test_nothing_counted_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        Tally().write()


def test_a_busy_deliverer_writes_every_few_seconds_only(django_assert_num_queries):
    tally = Tally()
    tally._numbers["attempt", "fake:sms:accepted"] = 3

    with django_assert_num_queries(0):
        tally.write_if_due()
    tally._next = 0.0
    tally.write_if_due()

    assert Sum.objects.get().number == 3


def test_the_steps_rise():
    assert list(STEPS) == sorted(set(STEPS))


def test_the_pulse_costs_few_queries(write, django_assert_max_num_queries):
    for _ in range(20):
        write()
    with django_assert_max_num_queries(6):
        assert dead_man.vitals().due == 20


def test_the_dead_man_switch_names_what_is_away(write):
    open_it()

    answer = Browser().get("/healthz/followup")

    assert answer.status_code == 503
    assert answer.json()["away"] == ["fake:sms"]
    assert "provider_away" in answer.json()["alarms"]
