"""What the demo's processes are told."""

import pytest

from casework.local import surroundings


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setattr(surroundings, "HOME", tmp_path)
    for name in ("SECRET_KEY", "FIELD_KEYS", "TIME_ZONE", "EMAIL_URL"):
        monkeypatch.delenv(name, raising=False)


def test_everything_points_at_this_machine():
    env = surroundings.surroundings(18000)
    assert env["PUBLIC_URL"] == "http://127.0.0.1:18000"
    assert env["EMAIL_URL"] == f"smtp://127.0.0.1:{env['SANDBOX_SMTP_PORT']}"
    assert env["SANDBOX_URL"].startswith("http://127.0.0.1:")
    assert len({"18000", env["SANDBOX_URL"].rpartition(":")[2], env["SANDBOX_SMTP_PORT"]}) == 3


def test_it_says_that_it_is_the_demo():
    assert surroundings.surroundings(18000)["DEMO"] == "1"


def test_what_the_caller_sets_wins(monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "America/Phoenix")
    monkeypatch.setenv("SECRET_KEY", "mine")
    env = surroundings.surroundings(18000)
    assert env["TIME_ZONE"] == "America/Phoenix"
    assert env["SECRET_KEY"] == "mine"


def test_each_run_has_a_name_of_its_own():
    assert surroundings.surroundings(18000)["RUN_ID"] != surroundings.surroundings(18000)["RUN_ID"]


def test_certificates_and_the_like_reach_the_processes(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/mine.pem")
    assert surroundings.surroundings(18000)["SSL_CERT_FILE"] == "/etc/ssl/mine.pem"


def test_later_commands_get_what_the_demo_made_and_not_the_callers_own(monkeypatch):
    monkeypatch.setenv("CALLERS_OWN", "1")
    env = surroundings.surroundings(18000)
    kept = surroundings.for_later_commands({**env, "DATABASE_URL": "postgres://demo"})
    assert kept["SECRET_KEY"] == env["SECRET_KEY"]
    assert kept["DATABASE_URL"] == "postgres://demo"
    assert "CALLERS_OWN" not in kept
