"""Notes of invented sessions, put together from the sentences in words.json."""

import json
import random
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from clients.stage import Stage

WORDS: dict[str, Any] = json.loads(resources.files(__package__).joinpath("words.json").read_text("utf-8"))
OVERRIDES: list[str] = WORDS["overrides"]
NARRATIVES: list[str] = WORDS["narratives"]["physical"]
EARLY_NARRATIVES: list[str] = WORDS["narratives"]["early"]
QUOTED = {
    Stage.NONE: 0.6,
    Stage.EMOTIONAL: 0.8,
}  # how often a note carries the person's own words; else always


def answers(language: str) -> list[str]:
    """What people write back to a check-in."""
    found: list[str] = WORDS["answers"]["es" if language == "es" else "en"]
    return found


def unread(language: str) -> list[str]:
    """What people write of their own accord."""
    found: list[str] = WORDS["unread"]["es" if language == "es" else "en"]
    return found


@dataclass
class NoteWriter:
    """Writes the notes of one client's sessions, without saying the same sentence twice in a row."""

    name: str
    language: str
    rng: random.Random
    packs: dict[str, list[str]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    def note(self, stage: Stage) -> dict[str, str]:
        """The sections of a DAP note for a session at this stage, the risk statement included."""
        data = [self._part("arrived", stage)]
        if self.language == "es" and self.rng.random() < 0.7:
            data.append(self._say(WORDS["in_spanish"]))
        data.append(self._part("topics", stage))
        if self.rng.random() < QUOTED.get(stage, 1.0):
            data.append(self._part("quotes", stage))
        data.append(self._part("did", stage))
        return {
            "data": " ".join(data),
            "assessment": self._part("means", stage),
            "plan": self._part("next", stage),
            "risk": "none",
        }

    def _part(self, part: str, stage: Stage) -> str:
        return self._say(WORDS[part][stage.value])

    def _say(self, choices: list[str]) -> str:
        """The next of a shuffled pack; a new pack never begins with the sentence that ended the one before."""
        pack = self.packs.setdefault(choices[0], [])
        if not pack:
            pack += self.rng.sample(choices, len(choices))
            if pack[-1] == self.last.get(choices[0]):
                pack.reverse()
        chosen = self.last[choices[0]] = pack.pop()
        return chosen.format(name=self.name)
