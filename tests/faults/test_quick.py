"""Those faults that need little time, with real processes: one seed, 200 messages. All 26: `make faults`."""

import pytest

from tests.faults import everything, report
from tests.faults.catalogue import FAULTS
from tests.faults.scene import Scene

MESSAGES = 200
QUICK = [number for number in sorted(everything.NUMBERS) if FAULTS[number].quick]


@pytest.mark.parametrize("number", QUICK, ids=lambda number: f"{number}: {FAULTS[number].name}")
def test_it_loses_doubles_and_missends_nothing(stack, number):
    fault = FAULTS[number]
    scene = Scene(stack, number=number, name=fault.name, seed=1, messages=MESSAGES)
    try:
        scene.begin(*fault.processes)
        fault.play(scene)
    except Exception:
        print(stack.last_words())
        raise
    finally:
        scene.end()
        stack.arrange(clear="1")
    assert scene.result.passed, report.line(scene.result.as_dict())


def test_all_26_are_there():
    assert sorted(everything.NUMBERS) == list(range(1, 27))
