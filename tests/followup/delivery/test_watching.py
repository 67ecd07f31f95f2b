"""Who wakes the deliverer, who watches, and what is seen from outside."""

import base64
import json
import signal
import threading
import time
from datetime import timedelta

import pytest
import redis
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.utils import timezone
from kombu import Connection

from casework.followup import dead_man, delivery, heartbeats, tasks
from casework.followup.management.commands.watch import Command
from casework.followup.models import Attempt, Heartbeat, Message
from casework.followup.views import health
from tests.followup.delivery.conftest import fresh

pytestmark = pytest.mark.django_db
EVERYBODY = (heartbeats.WORKER, heartbeats.BEAT, heartbeats.WATCH)


@pytest.fixture(autouse=True)
def _broker_not_given_up(monkeypatch):
    monkeypatch.setitem(tasks._broker, "away_until", 0.0)


def silent_for(seconds, name):
    Heartbeat.objects.filter(name=name).update(beat_at=timezone.now() - timedelta(seconds=seconds))


# --- waking ------------------------------------------------------------------------------------------------------


def test_waking_carries_nothing(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "_line", lambda: Connection("memory://"))
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda *args, **options: sent.append((args, options)))

    tasks.wake()

    ((args, options),) = sent
    assert args == ()
    assert set(options) == {"producer", "retry", "expires"}


def test_waking_reaches_the_broker(settings):
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("celery")

    tasks.wake()

    (told,) = broker.lrange("celery", 0, -1)
    assert json.loads(base64.b64decode(json.loads(told)["body"]))[:2] == [[], {}]
    broker.delete("celery")
    broker.close()


def test_without_a_broker_waking_is_quick_and_says_nothing_to_the_person(monkeypatch):
    nobody = Connection("redis://127.0.0.1:9/0", transport_options=tasks.IMPATIENT)
    monkeypatch.setattr(tasks, "_line", lambda: nobody)

    began = time.monotonic()
    tasks.wake()
    first = time.monotonic() - began
    monkeypatch.setattr(tasks, "_line", lambda: 1 / 0)
    tasks.wake()

    assert first < 2
    assert tasks._broker["away_until"] > time.monotonic() + 5, (
        "a broker just found away is not asked again at once"
    )


def test_a_sweep_delivers_and_leaves_a_sign_of_life_of_worker_and_beat(provider, write):
    message = write()

    tasks.sweep()

    assert fresh(message).status == Message.Status.SENT
    alive = Heartbeat.objects.filter(name__in=EVERYBODY).values_list("name", flat=True)
    assert set(alive) == {heartbeats.WORKER, heartbeats.BEAT}


def test_a_wake_up_delivers_too(provider, write):
    message = write()

    tasks.deliver()

    assert fresh(message).status == Message.Status.SENT
    assert Heartbeat.objects.get(name__in=EVERYBODY).name == heartbeats.WORKER


def test_no_more_than_so_many_deliver_at_once(provider, write, pace):
    pace.FOLLOWUP_LANES = 0
    message = write()

    tasks.sweep()

    assert fresh(message).status == Message.Status.PLANNED


def test_the_lane_is_free_again_when_delivering_fails(provider, monkeypatch):
    monkeypatch.setattr(delivery, "deliver_due", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        tasks.sweep()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [tasks.LANE]
        )
        assert cursor.fetchone()[0] == 0


def test_tidying_asks_the_plans(monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.plan_upkeep, "complete_finished", asked.append)

    tasks.tidy()

    assert len(asked) == 1


# --- the watchman ------------------------------------------------------------------------------------------------


def test_the_watchman_delivers_what_others_left(provider, write):
    left, new = write(seconds=8), write(seconds=1)

    Command().round(frozenset())

    assert fresh(left).status == Message.Status.SENT
    assert fresh(new).status == Message.Status.PLANNED
    assert Heartbeat.objects.get(name__in=EVERYBODY).name == heartbeats.WATCH


def test_the_watchman_raises_the_alarm_and_calls_it_off(provider):
    raised = Command().round(frozenset())
    assert raised == {"no_worker", "no_beat"}

    heartbeats.beat(*EVERYBODY)

    assert Command().round(raised) == frozenset()


def test_the_watchman_outlives_a_database_that_goes_away(monkeypatch):
    def away(*names):
        raise OperationalError("gone")

    monkeypatch.setattr(heartbeats, "beat", away)
    monkeypatch.setattr(connection, "close", lambda: None)

    assert Command().round(frozenset({"late"})) == {"late"}


def test_what_takes_long_keeps_no_message_waiting(monkeypatch):
    """After a standstill every plan has something to catch up on; what is due leaves meanwhile."""
    stop, rounds = threading.Event(), []
    monkeypatch.setattr(tasks, "alert", lambda: None)
    monkeypatch.setattr(tasks, "tidy", lambda: stop.wait(20))
    monkeypatch.setattr(connection, "close", lambda: None)
    beside = threading.Thread(target=Command().look_after, args=(stop,))
    beside.start()
    rounds.append(Command().round(frozenset()))
    assert beside.is_alive()
    stop.set()
    beside.join(timeout=5)
    assert not beside.is_alive()
    assert rounds == [{"no_worker", "no_beat"}]


@pytest.mark.parametrize("gone", ["alert", "tidy"])
def test_looking_after_the_plans_outlives_a_database_that_goes_away(monkeypatch, gone):
    stop, asked = threading.Event(), []

    def away():
        asked.append(gone)
        stop.set()
        raise OperationalError("gone")

    monkeypatch.setattr(tasks, "alert", lambda: None)
    monkeypatch.setattr(tasks, gone, away)
    monkeypatch.setattr(connection, "close", lambda: None)
    Command().look_after(stop)
    assert asked == [gone]


def test_one_process_tidies_at_a_time(monkeypatch):
    asked, held, enough = [], threading.Event(), threading.Event()
    monkeypatch.setattr(tasks, "_tidy", asked.append)

    def another_process():
        with tasks._lane([tasks.TIDYING]):
            held.set()
            enough.wait(20)
        connection.close()

    other = threading.Thread(target=another_process)
    other.start()
    held.wait(20)
    tasks.tidy()
    assert asked == []
    enough.set()
    other.join()
    tasks.tidy()
    assert len(asked) == 1


def test_the_watchman_stops_when_told(monkeypatch):
    import os
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(Command, "round", lambda self, raised: os.kill(os.getpid(), signal.SIGTERM) or raised)
    try:
        Command().handle()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("breaks", [True, False])
def test_a_watchman_who_looks_after_emergencies_no_more_ends_and_says_so(monkeypatch, breaks):
    """One that only delivered would look well from outside."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(Command, "_look_until", lambda self, stop: 1 / 0 if breaks else stop.wait(1))
    monkeypatch.setattr(Command, "round", lambda self, raised: raised)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(threading, "excepthook", lambda told: None)
    try:
        if breaks:
            with pytest.raises(CommandError, match="start the watchman again"):
                Command().handle()
        else:
            Command().handle()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- the dead-man switch -------------------------------------------------------------------------------------------


def test_all_is_well_when_everybody_was_seen_and_nothing_is_late(write):
    heartbeats.beat(*EVERYBODY)
    write(seconds=200)

    assert dead_man.alarms() == []


def test_a_message_late_by_minutes_raises_the_alarm(write):
    heartbeats.beat(*EVERYBODY)
    write(seconds=400)

    assert dead_man.alarms() == ["late"]


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_long_silence_raises_the_alarm(name):
    heartbeats.beat(*EVERYBODY)
    silent_for(180, name)

    assert dead_man.alarms() == [f"no_{name}"]


def test_signs_of_life_of_an_earlier_run_do_not_count(settings):
    heartbeats.beat(*EVERYBODY)
    settings.RUN_ID = "this one"

    assert dead_man.alarms() == [f"no_{name}" for name in EVERYBODY]


def test_signs_of_life_are_written_at_most_once_a_second(django_assert_num_queries):
    heartbeats.beat(heartbeats.WORKER)
    first = Heartbeat.objects.get().beat_at

    heartbeats.beat(heartbeats.WORKER)

    assert Heartbeat.objects.get().beat_at == first


# --- what machines ask ---------------------------------------------------------------------------------------------


def test_the_process_answers():
    assert Browser().get("/healthz").content == b"ok\n"


def test_ready_means_everything_is_here():
    heartbeats.beat(*EVERYBODY)

    answer = Browser().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "broker": True,
        "database": True,
        "worker": True,
        "beat": True,
        "watch": True,
    }


def test_not_ready_says_what_is_missing(settings):
    heartbeats.beat(heartbeats.WORKER, heartbeats.WATCH)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    answer = Browser().get("/readyz")

    assert answer.status_code == 503
    assert (answer.json()["broker"], answer.json()["beat"], answer.json()["worker"]) == (False, False, True)


@pytest.mark.parametrize("path", ["/readyz", "/healthz/followup"])
def test_without_a_database_the_answer_is_no_and_not_an_error(monkeypatch, path):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(health, "vitals", away)

    assert Browser().get(path).status_code == 503


def test_the_dead_man_switch_is_seen_from_outside(write):
    heartbeats.beat(*EVERYBODY)
    assert Browser().get("/healthz/followup").status_code == 200
    write(seconds=400)

    answer = Browser().get("/healthz/followup")

    assert answer.status_code == 503
    assert answer.json()["alarms"] == ["late"]
    assert answer.json()["due"] == 1


def test_metrics_count_and_name_nobody(provider, write, settings, alex):
    settings.DEMO = True
    write(body="Hi Alex, a secret.")
    heartbeats.beat(heartbeats.WORKER)
    delivery.deliver_due()
    write(seconds=30)

    text = Browser().get("/metrics").content.decode()

    assert 'followup_attempts_total{channel="sms",outcome="accepted",provider="fake"} 1.0' in text
    assert 'followup_due{priority="usual"} 1.0' in text
    assert 'followup_silence_seconds{name="beat"} +Inf' in text
    for telling in ("Alex", "secret", alex.contact_points.get().normalized):
        assert telling not in text
    assert Attempt.objects.exists()


def test_metrics_are_closed_in_production(settings):
    settings.DEMO = settings.DEBUG = False

    assert Browser().get("/metrics").status_code == 404


def test_metrics_open_to_the_token(settings):
    settings.METRICS_TOKEN = "a-long-secret"

    assert Browser().get("/metrics").status_code == 404
    assert Browser().get("/metrics", headers={"Authorization": "Bearer a-long-secret"}).status_code == 200
