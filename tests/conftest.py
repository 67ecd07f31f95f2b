"""The cast and the walls that every test shares."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from clients.models import Practice
from tests import emptying, factories

emptying.install()

NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # a Wednesday, 11:00 in New York, 08:00 in Phoenix


# Tests that share running processes stay together; the longest begin first, so that the two workers end together.
TOGETHER = ("tests/browser/", "tests/faults/")
ONE_BY_ONE = "tests/access/test_every_route.py"  # each of its tests takes as long as other files


def group(nodeid: str) -> str:
    """What one worker runs as a whole: a file, or a folder where processes are shared."""
    file = nodeid.partition("::")[0]
    if file == ONE_BY_ONE:
        return nodeid
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


class Together(LoadScopeScheduling):
    """Hands out whole groups. (The plugin's own groups by mark do not reach pytest 9.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """The groups, in the order of the collection."""
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffling, the longest first."""

    def place(item: pytest.Item) -> int:
        first = [*TOGETHER, ONE_BY_ONE]
        return next((at for at, name in enumerate(first) if item.nodeid.startswith(name)), len(first))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A page asked for in Spanish leaves the next test its English."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def practice(db: None) -> Practice:
    return factories.PracticeFactory()


@pytest.fixture
def team(practice: Practice):
    return factories.TeamFactory(site__practice=practice)


@pytest.fixture
def dana(team):
    """Dana, the counselor."""
    return factories.counselor("Dana Reyes", team=team)


@pytest.fixture
def sam(team):
    """Sam, who supervises Dana's team."""
    return factories.supervisor("Sam Ortiz", team=team)


@pytest.fixture
def robin(practice: Practice):
    """Robin, a counselor of another team: the stranger."""
    return factories.counselor("Robin Hale", team=factories.TeamFactory(site__practice=practice))


@pytest.fixture
def ada(practice: Practice):
    """Ada, the administrator, who sees no client."""
    return factories.UserFactory(full_name="Ada Park", role="administrator")


@pytest.fixture
def audrey(practice: Practice):
    """Audrey, the auditor, who only reads."""
    return factories.UserFactory(full_name="Audrey Lim", role="auditor")


@pytest.fixture
def alex(dana, team):
    """Alex, the client: Dana's, in Phoenix, with a phone and permission to be texted."""
    return factories.client_of(
        dana, team=team, given_name="Alex", family_name="Moreno", time_zone="America/Phoenix"
    )


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def as_dana(dana, browser: Browser) -> Browser:
    browser.force_login(dana)
    return browser


@pytest.fixture
def long_ago() -> datetime:
    return NOW - timedelta(days=400)
