"""Both servers together."""

import os

import pytest

from casework.local import postgres, stores, valkey
from casework.local.errors import LocalError
from casework.local.places import Den


def test_they_start_in_a_folder_of_their_own_and_leave_nothing():
    running = stores.start(options=postgres.HASTY)
    den = running.den.path
    try:
        assert postgres.answers(running.postgres)
        assert valkey.answers(running.valkey.socket)
        assert den.exists()
    finally:
        running.stop()
    assert not den.exists()
    assert not valkey.answers(running.valkey.socket)


def test_a_valkey_that_died_is_started_again_where_everybody_looks_for_it():
    running, said = stores.start(options=postgres.HASTY), []
    try:
        socket = running.valkey.socket
        running.tend(said.append)
        assert said == []
        running.valkey.child.kill()
        running.valkey.child.wait()
        running.tend(said.append)
        assert said == ["Valkey ended (exit -9); starting it again."]
        assert running.valkey.socket == socket
        assert valkey.answers(socket)
    finally:
        running.stop()
    assert not valkey.answers(socket)


def test_the_environment_names_the_role_asked_for():
    den = Den()
    try:
        running = stores.Stores(
            postgres.Postgres(None, den.path), valkey.Valkey(None, den.path / "v.sock"), den
        )
        env = running.environment(postgres.APP)
        assert env["DATABASE_URL"].startswith("postgres://turnaround_app@")
        assert env["DATABASE_APP_ROLE"] == "turnaround_app"
        assert env["REDIS_URL"] == f"unix://{den.path}/v.sock?db=0"
    finally:
        den.remove()


def test_when_one_fails_the_other_does_not_stay(monkeypatch):
    started = []
    real = valkey.start

    def remember(**options):
        started.append(real(**options))
        return started[-1]

    def fail(**options):
        raise LocalError("no PostgreSQL today")

    monkeypatch.setattr(stores.valkey, "start", remember)
    monkeypatch.setattr(stores.postgres, "start", fail)
    with pytest.raises(LocalError, match="no PostgreSQL today"):
        stores.start()
    assert started[0].child.poll() is not None
    assert not started[0].socket.parent.parent.exists()


def test_servers_named_by_the_caller_are_used_instead(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://db/x")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    assert stores.given()


def test_no_names_no_servers(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    assert not stores.given()


@pytest.mark.parametrize("alone", ["DATABASE_URL", "REDIS_URL"])
def test_half_a_pair_is_a_mistake_and_is_named(monkeypatch, alone):
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(alone, "x://y")
    with pytest.raises(LocalError, match=f"Only {alone} is set"):
        stores.given()
    assert alone in os.environ
