"""The clock stands still where pages are opened."""

import pytest
import time_machine

from tests.conftest import NOW


@pytest.fixture
def frozen():
    """Pages read the clock; here it says NOW."""
    with time_machine.travel(NOW, tick=False):
        yield NOW
