"""All faults, entered into the catalogue by importing them."""

from tests.faults import brokering, calling_back, changing, killing, providing, serving, timing
from tests.faults.catalogue import FAULTS

PLAYED_BY = (killing, brokering, serving, providing, calling_back, timing, changing)
NUMBERS = frozenset(FAULTS)
