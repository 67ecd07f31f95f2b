"""Programs that run together: started, restarted when they die, stopped in order."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from casework.local import children

STEADY = 60.0  # a program that ran this long has earned a quick restart again
SLOWEST = 30.0
Say = Callable[[str], None]


def backoff(deaths: int) -> float:
    """Return the seconds to wait before a restart: 0.5, 1, 2, … up to 30."""
    return float(min(SLOWEST, 0.5 * 2 ** (deaths - 1)))


@dataclass
class Program:
    """One long-running command and what has become of it."""

    name: str
    argv: Sequence[str]
    log: Path
    pass_fds: Sequence[int] = ()
    patience: float = 10.0
    child: children.Child | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float = field(default=0.0)

    def start(self, *, env: Mapping[str, str], cwd: Path, at: float) -> None:
        with self.log.open("ab") as output:
            self.child = children.spawn(self.argv, output=output, env=env, cwd=cwd, pass_fds=self.pass_fds)
        self.started = at

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None


class Supervisor:
    """Keeps programs running until told to stop."""

    def __init__(self, programs: Sequence[Program], *, env: Mapping[str, str], cwd: Path, say: Say) -> None:
        self.programs = programs
        self.env, self.cwd, self.say = env, cwd, say

    def start(self) -> None:
        for program in self.programs:
            program.log.write_bytes(b"")
            program.start(env=self.env, cwd=self.cwd, at=time.monotonic())

    def tend(self, *, now: float) -> None:
        """Notice who died and start again whose pause is over."""
        for program in self.programs:
            if program.child is not None and not program.alive:
                self._mourn(program, program.child, now)
            if program.child is None and now >= program.restart_at:
                program.start(env=self.env, cwd=self.cwd, at=now)

    def _mourn(self, program: Program, child: children.Child, now: float) -> None:
        children.stop(child)  # what it started may live on
        program.deaths = 1 if now - program.started > STEADY else program.deaths + 1
        pause = backoff(program.deaths)
        program.child, program.restart_at = None, now + pause
        self.say(
            f"{program.name} ended (exit {child.returncode}); starting it again in {pause:g} s. Log: {program.log}"
        )

    def stop(self) -> None:
        """Ask all to end, last started first, then wait for each as long as it may take."""
        running = [program for program in reversed(self.programs) if program.child]
        for program in running:
            if program.alive and program.child:
                program.child.terminate()
        for program in running:
            if program.child:
                children.stop(program.child, patience=program.patience)
                program.child = None
