"""One set of real processes for the quick faults; each has clients and messages of its own."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.test import override_settings

from casework.local.places import Den
from tests.faults.ground import Ground
from tests.faults.pace import PACE
from tests.faults.scene import lead_django
from tests.faults.stack import Stack
from tests.own_database import _migrated

# The quick faults have less time still.
SHORTER = {"FOLLOWUP_LEASE": "4", "FOLLOWUP_PROVIDER_TIMEOUT": "1.5", "FOLLOWUP_LOOKUP_DELAY": "2"}


@pytest.fixture(scope="module")
def stack(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stack]:
    """Servers and processes of their own, started once."""
    den = Den()
    folder = den.folder("s")
    with django_db_blocker.unblock(), _migrated() as database:
        ground = own_ground(folder, database)
        before = lead_django(ground)
        patience = override_settings(
            FOLLOWUP_DEAD_MAN=float(PACE["FOLLOWUP_DEAD_MAN"]),
            FOLLOWUP_SILENCE=float(PACE["FOLLOWUP_SILENCE"]),
        )
        patience.enable()
        stack = Stack(folder, ground=ground, **SHORTER)
        try:
            yield stack
        finally:
            connection.close()
            stack.stop_all()
            patience.disable()
            connections["default"].settings_dict.update(before)
            den.remove()


def own_ground(folder: Any, database: str) -> Ground:
    """A copy of the test server; where it may not be copied, a new server."""
    socket = connections["default"].settings_dict["HOST"]
    connection.close()
    try:
        return Ground.backup_of(socket, folder, database=database)
    except subprocess.CalledProcessError:
        return Ground.fresh(folder)
