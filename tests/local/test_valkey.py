"""The private Valkey."""

import socket as sockets

import pytest
import redis

from casework.local import valkey
from casework.local.errors import LocalError
from casework.local.places import Den


@pytest.fixture
def den():
    den = Den()
    yield den
    den.remove()


def test_it_answers_on_its_socket_and_keeps_nothing(den):
    base = den.folder("b")
    server = valkey.start(base=base, socket=den.folder("v"))
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("a", "1")
            assert client.config_get("save") == {"save": ""}
            assert client.config_get("port") == {"port": "0"}
    finally:
        server.stop()
    assert not valkey.answers(server.socket)
    assert [path.name for path in base.iterdir()] == ["valkey.log"]


def test_a_socket_left_behind_is_replaced(den):
    place = den.folder("v")
    with sockets.socket(sockets.AF_UNIX) as stale:
        stale.bind(str(place / "valkey.sock"))
    server = valkey.start(base=den.folder("b"), socket=place)
    assert valkey.answers(server.socket)
    server.stop()


def test_nobody_at_home_is_no_answer(den):
    assert not valkey.answers(den.path / "nobody.sock")


def test_an_installed_server_stands_in_for_the_package(monkeypatch):
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(
        valkey.shutil, "which", lambda name: "/usr/bin/redis-server" if "redis" in name else None
    )
    assert str(valkey.find_binary()) == "/usr/bin/redis-server"


def test_without_any_server_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(valkey.shutil, "which", lambda name: None)
    with pytest.raises(LocalError, match="apt install redis"):
        valkey.find_binary()


def test_a_binary_for_another_machine_does_not_count(tmp_path):
    foreign = tmp_path / "valkey-server"
    foreign.write_bytes(b"\x7fELF of another kind")
    foreign.chmod(0o755)
    assert not valkey.runs(foreign)
    assert not valkey.runs(tmp_path / "none")


def test_a_server_that_cannot_start_says_why(den, monkeypatch, tmp_path):
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\necho out of memory\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(valkey, "find_binary", lambda: broken)
    with pytest.raises(LocalError, match=r"(?s)Valkey did not start.*out of memory"):
        valkey.start(base=den.folder("b"), socket=den.folder("v"))
