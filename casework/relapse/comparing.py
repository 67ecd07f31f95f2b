"""What changed since the last assessment, sign by sign."""

from collections.abc import Mapping
from dataclasses import dataclass

from casework.relapse.signs import SIGNS, Sign

Severities = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One sign then and now, both asked; severities 0–3."""

    sign: Sign
    then: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Signs that came, grew, eased or went, each in the catalogue's order; and how many were asked only once."""

    came: tuple[Change, ...]
    grew: tuple[Change, ...]
    eased: tuple[Change, ...]
    went: tuple[Change, ...]
    not_comparable: int

    @property
    def none(self) -> bool:
        """Whether nothing that can be compared has changed."""
        return not (self.came or self.grew or self.eased or self.went)


def changes(then: Severities, now: Severities) -> Changes:
    """Compare two assessments. A sign not asked in both is not compared: not asked is not absent.

    A sign asked neither then nor now is left out altogether.
    """
    both, once = [], 0
    for sign in SIGNS:
        before, after = then.get(sign.code), now.get(sign.code)
        if before is not None and after is not None:
            both.append(Change(sign, before, after))
        elif (before, after) != (None, None):
            once += 1
    return Changes(
        came=tuple(one for one in both if one.then == 0 < one.now),
        grew=tuple(one for one in both if 0 < one.then < one.now),
        eased=tuple(one for one in both if one.then > one.now > 0),
        went=tuple(one for one in both if one.then > 0 == one.now),
        not_comparable=once,
    )
