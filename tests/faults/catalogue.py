"""The faults by number: what each is called, how it is played, and who else has to stand it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Play = Callable[[Any], None]


@dataclass(frozen=True)
class Fault:
    """`naive`: the baselines are put through it too. `quick`: part of `make test`."""

    number: int
    name: str
    play: Play
    naive: bool
    quick: bool
    processes: tuple[str, ...]
    limit: float  # seconds after which the run is given up


FAULTS: dict[int, Fault] = {}


def fault(
    number: int,
    name: str,
    *,
    naive: bool = False,
    quick: bool = False,
    processes: tuple[str, ...] = (),
    limit: float = 300.0,
) -> Callable[[Play], Play]:
    """Enter a fault into the catalogue."""

    def enter(play: Play) -> Play:
        FAULTS[number] = Fault(number, name, play, naive, quick, processes, limit)
        return play

    return enter
