"""The demo as one whole: up, healthy, tended, and gone without a trace."""

import os
import signal
import socket
import urllib.request

import psycopg
import pytest

from casework.local import ports
from tests.local.small_practice import SmallPractice, alive, command_of, descendants


@pytest.fixture
def practice(tmp_path):
    return SmallPractice(tmp_path)


@pytest.fixture
def port():
    return ports.free(20000 + os.getpid() % 20000)[0]


def test_it_prints_an_address_that_answers_and_who_can_sign_in_and_stops_without_a_trace(practice, port):
    demo = practice.start(port=port)
    practice.ready(demo)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        assert answer.status == 200
    for word in (f"http://127.0.0.1:{port}/", "dana@demo.example", "sam@demo.example", "ada@demo.example"):
        assert word in practice.said
    assert "migrated as turnaround_owner loaded as turnaround_app" in practice.said
    started = descendants(demo.pid)
    assert len(started) > 8
    practice.stop(demo)
    assert demo.returncode == 0
    assert not alive(started)
    assert practice.said.rstrip().endswith("All stopped.")
    assert not (practice.root / "var/demo/environment.json").exists()


def test_killing_the_supervisor_leaves_nothing_and_the_next_start_works(practice, port):
    demo = practice.start(port=port)
    practice.ready(demo)
    started = descendants(demo.pid)
    demo.kill()
    demo.wait()
    practice.until(lambda: not alive(started))
    again = practice.start(port=port)
    practice.ready(again)
    practice.stop(again)
    assert again.returncode == 0


def test_whatever_dies_is_started_again_and_the_address_stays(practice, port):
    demo = practice.start(port=port)
    practice.ready(demo)
    for word in ("manage.py watch", "gunicorn"):
        victim = min(pid for pid in descendants(demo.pid) if word in command_of(pid))
        os.kill(victim, signal.SIGKILL)
    practice.until(
        lambda: "watchman ended (exit -9)" in practice.said and "web ended (exit -9)" in practice.said
    )

    def answers() -> bool:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200
        except OSError:
            return False

    practice.until(answers)
    practice.stop(demo)


def test_a_taken_port_is_said_at_once_with_the_way_out(practice):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        demo = practice.start(port=number)
        assert demo.wait(timeout=60) == 1
    assert f"Port {number} cannot be used" in practice.said
    assert "make demo PORT=" in practice.said


def test_a_second_demo_in_the_same_folder_is_refused(practice, port):
    demo = practice.start(port=port)
    practice.ready(demo)
    first = practice.output
    practice.output = practice.root / "second.txt"
    second = practice.start(port=port + 7)
    assert second.wait(timeout=60) == 1
    assert "already running" in practice.said
    practice.output = first
    practice.stop(demo)


def test_a_failed_migration_is_shown_and_nothing_stays(practice, port):
    demo = practice.start(port=port, FAIL="migrate")
    assert demo.wait(timeout=60) == 1
    assert "manage.py migrate failed" in practice.said
    assert "it went wrong here" in practice.said
    assert not alive(descendants(demo.pid))


def test_ctrl_c_while_loading_stops_cleanly(practice, port):
    demo = practice.start(port=port)
    practice.until(lambda: "Loading the demo practice" in practice.said)
    started = descendants(demo.pid)
    practice.stop(demo)
    assert demo.returncode == 0
    assert not alive(started)


def test_servers_that_the_caller_names_are_used_and_none_are_started(practice, port):
    named = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    demo = practice.start(port=port, **named)
    practice.ready(demo)
    assert "Using the servers that DATABASE_URL and REDIS_URL name." in practice.said
    words = [command_of(pid) for pid in descendants(demo.pid)]
    practice.stop(demo)
    assert not [each for each in words if "valkey-server" in each or "bin/postgres" in each]
    with psycopg.connect(named["DATABASE_URL"]) as owner:
        owner.execute("DROP TABLE migrated")
