"""A private PostgreSQL that keeps its promises (fsync on), a private Valkey, and Django set up on both."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from casework.local import postgres, stores
from casework.local.keys import demo_keys
from casework.local.places import Den

# As an installation would run it on a small machine; rows are vacuumed between rounds, not during one.
OPTIONS = (
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
    "maintenance_work_mem=512MB",
    "autovacuum=off",
)
SETTINGS = "benchmarks.settings"


@contextmanager
def running(folder: Path | None = None) -> Iterator[stores.Stores]:
    """Start the servers, set Django up, migrate; end them with the block. A `folder` keeps its data."""
    den = Den(folder) if folder else Den()
    both = stores.start(base=den.folder("data"), options=OPTIONS)
    try:
        _set_up(demo_keys(den.path / "keys.json") | both.environment(postgres.OWNER))
        call_command("migrate", verbosity=0)
        yield both
    finally:
        both.stop()
        den.remove()


@contextmanager
def kept(folder: Path) -> Iterator[stores.Stores]:
    """The same, with data and keys that stay in the folder for the next run. Databases are the caller's to migrate."""
    folder.mkdir(parents=True, exist_ok=True)
    both = stores.start(base=folder / "data", options=OPTIONS)
    try:
        _set_up(demo_keys(folder / "keys.json") | both.environment(postgres.OWNER))
        yield both
    finally:
        both.stop()


def _set_up(environment: Mapping[str, str]) -> None:
    os.environ.update({**environment, "DJANGO_SETTINGS_MODULE": SETTINGS, "LOG_LEVEL": "ERROR"})
    os.environ.update(
        {"STATIC_FROM_SOURCE": "1", "CONN_MAX_AGE": "600", "SMS_PROVIDER": "sandbox", "DEMO": "1"}
    )
    django.setup()


def admin(both: stores.Stores) -> str:
    """Where the server's own administrator connects: to load without triggers, and to vacuum."""
    return both.postgres.url(postgres.ADMIN)
