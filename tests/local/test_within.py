"""One command within private servers."""

import json
import sys

import pytest

from casework.local import within

SHOW = "import os, json; print(json.dumps({n: os.environ.get(n) for n in ('DATABASE_URL', 'SECRET_KEY', 'REDIS_URL')}))"


@pytest.fixture(autouse=True)
def _no_servers_named(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS"):
        monkeypatch.delenv(name, raising=False)


def test_a_command_gets_servers_and_secrets(capfd):
    assert within.main([sys.executable, "-c", SHOW]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["DATABASE_URL"].startswith("postgres://turnaround_owner@")
    assert told["REDIS_URL"].startswith("unix://")
    assert told["SECRET_KEY"]


def test_the_exit_code_is_the_commands():
    assert within.main([sys.executable, "-c", "raise SystemExit(5)"]) == 5


def test_servers_named_by_the_caller_are_used(monkeypatch, capfd):
    monkeypatch.setenv("DATABASE_URL", "postgres://db/x")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    assert within.main([sys.executable, "-c", SHOW]) == 0
    assert json.loads(capfd.readouterr().out)["DATABASE_URL"] == "postgres://db/x"


def test_a_command_can_join_the_running_demo(tmp_path, monkeypatch, capfd):
    (tmp_path / "environment.json").write_text(
        json.dumps({"DATABASE_URL": "postgres://demo", "SECRET_KEY": "k"})
    )
    monkeypatch.setattr(within, "ENVIRONMENT", tmp_path / "environment.json")
    assert within.main(["--demo", sys.executable, "-c", SHOW]) == 0
    assert json.loads(capfd.readouterr().out)["DATABASE_URL"] == "postgres://demo"


def test_joining_a_demo_that_does_not_run_says_how_to_start_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(within, "ENVIRONMENT", tmp_path / "environment.json")
    assert within.main(["--demo", "true"]) == 1
    assert "make demo" in capsys.readouterr().err
