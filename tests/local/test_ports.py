"""Ports: what is wanted, what is taken, what is free."""

import socket

import pytest

from casework.local import ports
from casework.local.errors import LocalError


@pytest.fixture
def taken():
    with ports.listen(0) as listener:
        yield listener.getsockname()[1]


def test_the_port_comes_from_the_environment():
    assert ports.wanted({"PORT": "8123"}) == 8123
    assert ports.wanted({}) == ports.wanted({"PORT": ""}) == 8000


@pytest.mark.parametrize("nonsense", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused_by_name(nonsense):
    with pytest.raises(LocalError, match="PORT must be a number"):
        ports.wanted({"PORT": nonsense})


def test_a_taken_port_is_named_together_with_the_way_out(taken):
    with pytest.raises(LocalError, match=rf"Port {taken} cannot be used.*make demo PORT=8000"):
        ports.listen(taken)


def test_only_this_machine_can_reach_it():
    with ports.listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        with socket.create_connection(listener.getsockname(), timeout=5):
            pass


def test_free_ports_step_over_taken_ones(taken):
    found = ports.free(taken, count=2)
    assert taken not in found
    assert len(set(found)) == 2


def test_running_out_of_ports_is_said():
    with pytest.raises(LocalError, match="ports are free"):
        ports.free(ports.HIGHEST)
