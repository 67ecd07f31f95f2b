"""One fault after the other, each with a stack of its own; the results are kept as they come."""

import shutil
import signal
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from casework.local.errors import LocalError
from casework.local.places import Den
from tests.faults import everything, naive, report
from tests.faults.catalogue import FAULTS, Fault
from tests.faults.ground import Ground
from tests.faults.pace import scale
from tests.faults.scene import Cannot, Scene, lead_django
from tests.faults.stack import Stack

BASELINES = {"eta": naive.EtaScene, "mark": naive.MarkScene}


@dataclass(frozen=True)
class Asked:
    """What the person at the keyboard wants."""

    numbers: tuple[int, ...]
    seeds: tuple[int, ...]
    messages: int
    full: bool
    keys: bool
    baselines: tuple[str, ...]
    only_naive: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Asked":
        numbers = tuple(int(word) for word in env.get("FAULTS", "").replace(",", " ").split())
        return cls(
            numbers=numbers or tuple(sorted(everything.NUMBERS)),
            seeds=tuple(range(1, int(env.get("SEEDS") or 1) + 1)),
            messages=int(env.get("MESSAGES") or 500),
            full=bool(env.get("FULL")),
            keys=bool(env.get("KEYS")),
            baselines=() if env.get("BASELINES") == "0" else tuple(BASELINES),
            only_naive=env.get("BASELINES") == "only",
        )

    def runs(self) -> list[tuple[Fault, int, str]]:
        """Ours with every seed, the naive ways with the first only."""
        rows = [(FAULTS[number], seed, "turnaround") for number in self.numbers for seed in self.seeds]
        if self.only_naive:
            rows = []
        naive_ones = [number for number in self.numbers if FAULTS[number].naive and not self.keys]
        return rows + [
            (FAULTS[number], self.seeds[0], way) for number in naive_ones for way in self.baselines
        ]


class TooLong(Exception):
    """A run did not end by itself."""


def out_of_time(number: int, frame: FrameType | None) -> None:
    raise TooLong


def play_all(asked: Asked, *, den: Den, home: Path) -> int:
    """Play, keep and print; return 0 when everything of ours passed."""
    home.mkdir(parents=True, exist_ok=True)
    kept = report.Kept(home / ("results-keys.jsonl" if asked.keys else "results.jsonl"))
    signal.signal(signal.SIGALRM, out_of_time)
    waiting = [run for run in asked.runs() if not kept.has(run[0].number, run[1], run[2], asked.messages)]
    print(
        f"{len(waiting)} runs to play, {len(asked.runs()) - len(waiting)} kept. Scale: {scale()} (seconds)."
    )
    origin = None
    if waiting:
        print("Preparing the database …", flush=True)
        origin = Ground.fresh(den.folder("origin"))
        origin.stop()
    for place, (fault, seed, way) in enumerate(waiting, 1):
        assert origin is not None
        result = play(fault, seed, way, asked=asked, den=den, origin=origin, logs=home / "logs")
        kept.add(result)
        print(f"[{place}/{len(waiting)}] {report.line(result)}", flush=True)
    print(report.table(kept.rows(asked)))
    return 0 if report.all_passed(kept.rows(asked)) else 1


def play(
    fault: Fault, seed: int, way: str, *, asked: Asked, den: Den, origin: Ground, logs: Path
) -> dict[str, Any]:
    """One fault, one seed, one product, on a stack of its own."""
    folder = den.path / "stack"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    kind = BASELINES.get(way, Scene)
    ground = Ground.copy_of(origin, folder)
    stack = Stack(folder, ground=ground, **({"SANDBOX_KEYS": "1"} if asked.keys else {}))
    lead_django(ground)
    scene = kind(
        stack, number=fault.number, name=fault.name, seed=seed, messages=asked.messages, full=asked.full
    )
    signal.alarm(int(fault.limit))
    try:
        scene.begin(*(fault.processes if way == "turnaround" else ()))
        fault.play(scene)
    except Cannot as why:
        scene.result.cannot = str(why)
    except (Exception, TooLong) as error:  # noqa: BLE001 - whatever it is, it is this run's result
        signal.alarm(0)
        scene.result.error = f"{type(error).__name__}: {error}"[:600]
        (logs / "errors").mkdir(parents=True, exist_ok=True)
        (logs / "errors" / f"{way}-{fault.number}-{seed}.txt").write_text(traceback.format_exc())
    finally:
        signal.alarm(0)
        scene.end()
        put_down(scene, stack, logs / f"{way}-{fault.number}-{seed}")
    return scene.result.as_dict()


def put_down(scene: Scene, stack: Stack, logs: Path) -> None:
    """Stop everything; keep the logs of a run that did not pass."""
    from django.db import connection

    connection.close()
    try:
        stack.stop_all()
    except (LocalError, OSError) as error:
        scene.note(f"not stopped cleanly: {error}")
    shutil.rmtree(logs, ignore_errors=True)
    if not scene.result.passed and scene.product == "turnaround":
        shutil.copytree(stack.folder / "logs", logs)
    time.sleep(0.2)
