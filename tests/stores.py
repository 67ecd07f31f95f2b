"""Starts a private PostgreSQL and a private Valkey for one run of the tests, before Django reads its settings."""

import os
from collections.abc import Generator

import pytest

from casework.local import postgres, stores
from casework.local.errors import LocalError
from casework.local.places import ROOT

RUNNING = pytest.StashKey[stores.Stores]()
SECRETS = {
    "SECRET_KEY": "only-for-tests-and-as-long-as-django-wants-it-to-be-0123456789",
    "FIELD_KEYS": "dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtbG9uZyE=",
    "STATIC_FROM_SOURCE": "1",  # pages find their files where they are written
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    for name, value in SECRETS.items():
        os.environ.setdefault(name, value)
    # A worker of xdist inherits the servers of the process that started it, and takes a keyspace of its own: two
    # workers whose people have the same ids would else count against each other's rate limits.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and "REDIS_URL" in os.environ:
        os.environ["REDIS_URL"] = keyspace(os.environ["REDIS_URL"], 1 + int(worker.removeprefix("gw")))
    if not worker:
        try:
            start(early_config)
        except LocalError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def keyspace(url: str, number: int) -> str:
    """The same server by its numbered database; an address that names none is left as it is."""
    return url.replace("db=0", f"db={number}")


def start(config: pytest.Config) -> None:
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
    if stores.given():
        return
    running = stores.start(options=postgres.HASTY)
    config.stash[RUNNING] = running
    config.add_cleanup(running.stop)
    os.environ.update(running.environment(postgres.OWNER))
