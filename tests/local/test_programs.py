"""Programs that run together: the dead are started again, all are stopped in the end."""

import os
import signal
import time
from pathlib import Path

import pytest

from casework.local.programs import SLOWEST, STEADY, Program, Supervisor, backoff


class Stage:
    """A supervisor of small shell programs, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def supervise(self, **scripts: str) -> Supervisor:
        programs = [
            Program(name, ["sh", "-c", text], self.folder / f"{name}.log") for name, text in scripts.items()
        ]
        return Supervisor(programs, env=dict(os.environ), cwd=self.folder, say=self.said.append)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def wait_dead(program: Program, *, within: float = 15.0) -> None:
    give_up = time.monotonic() + within
    while program.alive:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_pauses_double_up_to_half_a_minute():
    assert [backoff(deaths) for deaths in (1, 2, 3, 4)] == [0.5, 1, 2, 4]
    assert backoff(50) == SLOWEST


def test_all_start_where_they_should_and_with_the_environment_given(stage, tmp_path):
    supervisor = stage.supervise(one='pwd; echo "$CAST"; exec sleep 60')
    supervisor.env = {**os.environ, "CAST": "Dana"}
    supervisor.start()
    give_up = time.monotonic() + 15
    while "Dana" not in (tmp_path / "one.log").read_text():
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert str(tmp_path) in (tmp_path / "one.log").read_text()
    supervisor.stop()


def test_a_dead_program_is_started_again_after_its_pause_and_not_before(stage):
    supervisor = stage.supervise(worker="exec sleep 60")
    supervisor.start()
    program = supervisor.programs[0]
    assert program.child is not None
    first = program.child.pid
    os.kill(first, signal.SIGKILL)
    wait_dead(program)
    now = program.started + 1
    supervisor.tend(now=now)
    assert program.child is None
    supervisor.tend(now=now + 0.4)
    assert program.child is None
    supervisor.tend(now=now + 0.6)
    assert program.alive
    assert program.child is not None
    assert program.child.pid != first
    supervisor.stop()


def test_a_death_is_told_with_the_exit_code_the_pause_and_the_log(stage, tmp_path):
    supervisor = stage.supervise(worker="exit 4")
    supervisor.start()
    wait_dead(supervisor.programs[0])
    supervisor.tend(now=time.monotonic())
    assert stage.said == [
        f"worker ended (exit 4); starting it again in 0.5 s. Log: {tmp_path / 'worker.log'}"
    ]
    supervisor.stop()


def test_one_that_keeps_dying_is_tried_ever_more_rarely(stage):
    supervisor = stage.supervise(worker="exit 1")
    supervisor.start()
    program = supervisor.programs[0]
    now = program.started
    for deaths in (1, 2, 3):
        wait_dead(program)
        supervisor.tend(now=now)
        assert program.deaths == deaths
        assert program.restart_at == now + backoff(deaths)
        now = program.restart_at
        supervisor.tend(now=now)
    supervisor.stop()


def test_one_that_ran_well_for_a_while_starts_again_quickly(stage):
    supervisor = stage.supervise(worker="exit 1")
    supervisor.start()
    program = supervisor.programs[0]
    program.deaths = 6
    wait_dead(program)
    now = program.started + STEADY + 1
    supervisor.tend(now=now)
    assert program.deaths == 1
    supervisor.stop()


def test_the_living_are_left_alone(stage):
    supervisor = stage.supervise(web="exec sleep 60", worker="exit 1")
    supervisor.start()
    web, worker = supervisor.programs
    before = web.child
    wait_dead(worker)
    supervisor.tend(now=time.monotonic())
    assert web.child is before
    assert web.alive
    supervisor.stop()


def test_a_restart_adds_to_the_log_and_a_new_run_begins_a_new_one(stage, tmp_path):
    (tmp_path / "worker.log").write_text("yesterday\n")
    supervisor = stage.supervise(worker="echo today")
    supervisor.start()
    program = supervisor.programs[0]
    wait_dead(program)
    supervisor.tend(now=program.started)
    supervisor.tend(now=program.restart_at)
    wait_dead(program)
    assert (tmp_path / "worker.log").read_text() == "today\ntoday\n"
    supervisor.stop()


def test_stopping_ends_all_and_tells_the_last_started_first(stage, tmp_path):
    order = tmp_path / "order"
    script = f"trap 'echo $0 >> {order}; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    supervisor = stage.supervise(first=script, second=script)
    supervisor.start()
    give_up = time.monotonic() + 15
    while not all((tmp_path / f"{name}.log").read_text() for name in ("first", "second")):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    pids = [program.child.pid for program in supervisor.programs if program.child]
    supervisor.stop()
    assert len(order.read_text().splitlines()) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_stopping_before_the_start_is_harmless(stage):
    supervisor = stage.supervise(web="exec sleep 60")
    supervisor.stop()
    assert supervisor.programs[0].child is None
