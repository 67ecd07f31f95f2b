"""What a person may write to a client in their own words (clinical.md §5.2 M-2, M-8). Pure, but for the count."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from clients.segments import Size, measure, outside_gsm
from clients.telling import Problem, problems

MOST_SEGMENTS = 3  # whoever has more to say calls
# Needed between two people now and then; and a stranger may read them on a lock screen.
SECOND_LOOK = frozenset({"everyday", "crisis", "link"})


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text as it would arrive: signed where it is the first of the client's day."""

    body: str
    signature: str = ""
    denied: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        return f"{self.signature}{self.body}"

    @cached_property
    def size(self) -> Size:
        return measure(self.text)

    @cached_property
    def costly(self) -> str:
        """The characters that turn the text to UCS-2, each once."""
        return outside_gsm(self.text)

    @cached_property
    def _problems(self) -> list[Problem]:
        return problems(self.body, extra_words=self.denied)

    @property
    def refused(self) -> list[str]:
        """Words of substances, stages, diagnoses and doses: they never go, whoever wrote them."""
        return _words(problem for problem in self._problems if problem.rule not in SECOND_LOOK)

    @property
    def doubtful(self) -> list[str]:
        """Everyday words that tell a stranger something in some sentences: the writer looks a second time."""
        return _words(problem for problem in self._problems if problem.rule in SECOND_LOOK)

    @property
    def is_too_long(self) -> bool:
        return self.size.segments > MOST_SEGMENTS


def _words(found: Iterable[Problem]) -> list[str]:
    return sorted({problem.found for problem in found})


def tidy(body: str) -> str:
    """As typed, without the blanks around it and the carriage returns that browsers add."""
    return re.sub(r"\r\n?", "\n", body).strip()


def signature(writer: str, sender: str) -> str:
    """How the first text of a day says who writes (clinical.md §5.2 M-5)."""
    return f"{writer}, {sender}: "
