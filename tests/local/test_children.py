"""No program outlives the one that started it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from casework.local import children
from casework.local.errors import LocalError


def gone(pid: int, *, within: float = 15.0) -> bool:
    """Tell whether the process ends in time; one that nobody has buried yet counts as ended."""
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def spawn(script: str, log: Path, **options) -> children.Child:
    with log.open("wb") as output:
        return children.spawn(["sh", "-c", script], output=output, **options)


def eventually(log: Path, *, within: float = 15.0) -> str:
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        if log.exists() and log.read_text().endswith("\n"):
            return log.read_text()
        time.sleep(0.05)
    raise AssertionError("nothing was written")


def test_what_a_child_says_is_kept(tmp_path):
    child = spawn("echo out; echo err >&2", tmp_path / "log")
    assert child.wait() == 0
    assert (tmp_path / "log").read_text().split() == ["out", "err"]


def test_a_child_has_a_session_of_its_own_so_that_ctrl_c_reaches_only_us(tmp_path):
    child = spawn("exec sleep 60", tmp_path / "log")
    assert os.getsid(child.pid) == child.pid
    children.stop(child)


def test_stopping_asks_politely_first(tmp_path):
    child = spawn("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done", tmp_path / "log")
    eventually(tmp_path / "log")
    children.stop(child)
    assert child.returncode == 3
    assert "bye" in (tmp_path / "log").read_text()


def test_stopping_kills_what_does_not_listen(tmp_path):
    child = spawn("trap '' TERM; echo up; while :; do sleep 0.05; done", tmp_path / "log")
    eventually(tmp_path / "log")
    children.stop(child, patience=0.3)
    assert child.returncode == -signal.SIGKILL


def test_stopping_takes_the_grandchildren_along(tmp_path):
    child = spawn("sleep 60 & echo $!; exec sleep 60", tmp_path / "log")
    grandchild = int(eventually(tmp_path / "log"))
    children.stop(child)
    assert gone(grandchild)


def test_stopping_twice_is_harmless(tmp_path):
    child = spawn("exit 0", tmp_path / "log")
    children.stop(child)
    children.stop(child)
    assert child.returncode is not None


def test_a_killed_parent_leaves_no_child_behind(tmp_path):
    program = textwrap.dedent(
        """
        import sys, time
        from casework.local import children
        child = children.spawn(["sleep", "60"], output=open("/dev/null", "wb"))
        while open(f"/proc/{child.pid}/comm").read().strip() != "sleep":  # it asks for its end before it becomes that
            time.sleep(0.01)
        print(child.pid, flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


def test_a_missing_tool_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match=r"setpriv is missing.*util-linux"):
        spawn("true", tmp_path / "log")


def test_waiting_ends_when_it_is_ready(tmp_path):
    child = spawn("echo up; exec sleep 60", tmp_path / "log")
    children.wait_until(
        lambda: "up" in (tmp_path / "log").read_text(),
        child=child,
        log=tmp_path / "log",
        name="It",
        patience=15,
    )
    children.stop(child)


def test_waiting_for_the_dead_reports_their_last_words(tmp_path):
    child = spawn("echo no room on the disk; exit 7", tmp_path / "log")
    with pytest.raises(LocalError, match=r"(?s)It did not start \(exit 7\).*no room on the disk"):
        children.wait_until(lambda: False, child=child, log=tmp_path / "log", name="It")


def test_waiting_has_an_end(tmp_path):
    child = spawn("exec sleep 60", tmp_path / "log")
    with pytest.raises(LocalError, match="not ready after 0 s"):
        children.wait_until(lambda: False, child=child, log=tmp_path / "log", name="It", patience=0.1)
    children.stop(child)


def test_only_the_end_of_a_long_log_is_shown(tmp_path):
    log = tmp_path / "log"
    log.write_text("\n".join(str(number) for number in range(100)))
    assert children.tail(log, lines=2) == "98\n99"
    assert children.tail(tmp_path / "none") == ""
