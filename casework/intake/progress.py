"""A bar that says how far we are; silent where nobody watches."""

from typing import TextIO

WIDTH = 30


class Bar:
    """Draws itself on a terminal, one line that is written over; on anything else it says nothing."""

    def __init__(self, total: int, stream: TextIO, *, label: str) -> None:
        self.total, self.stream, self.label, self.done = total, stream, label, 0
        self.visible = total > 0 and stream.isatty()

    def step(self, what: str = "") -> None:
        """One more is done; `what` names it."""
        self.done += 1
        if self.visible:
            filled = WIDTH * self.done // self.total
            bar = "█" * filled + "·" * (WIDTH - filled)
            self.stream.write(f"\r\x1b[2K{self.label} {bar} {self.done}/{self.total} {what[:40]}")
            self.stream.flush()

    def clear(self) -> None:
        """Take the bar away, so that what follows starts on a clean line."""
        if self.visible:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
