"""From answers to scores: one engine for every measure (clinical.md §2.0).

Nothing is guessed. An answer out of range is refused, an unanswered question leaves its scores null, and a flag whose
facts are missing is not raised. A score is never a diagnosis.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from casework.measures.definitions import Condition, Flag, Instrument, Item, Score
from clients.errors import InvalidInput

MAN = "man"


@dataclass(frozen=True)
class Given:
    """A measure as it was given: by item, or as a score from paper."""

    answers: Mapping[str, Any] | None = None
    scores: Mapping[str, Any] | None = None
    sex: str = ""  # “man” or “woman” where a limit depends on it and it was asked


@dataclass(frozen=True)
class Reckoning:
    """What answers come to. A null score is an incomplete one."""

    scores: Mapping[str, int | None]
    bands: Mapping[str, str]
    flags: tuple[str, ...]
    alarms: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return None not in self.scores.values()


def is_asked(item: Item, known: Mapping[str, int]) -> bool:
    """Whether the question is put, given what was answered before; one whose gate is open is."""
    return item.skip is None or item.skip.item not in known or known[item.skip.item] >= item.skip.below


def checked(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, int]:
    """The answers, each a whole number that its question allows, without those left open (None).

    Raises InvalidInput for a question that is not there, a value out of range, and an answer to a question that an
    earlier answer rules out, unless it says the same.
    """
    unknown = set(answers) - set(instrument.by_key)
    if unknown:
        raise InvalidInput(_("This measure has no question “%(key)s”.") % {"key": sorted(unknown)[0]})
    known: dict[str, int] = {}
    for item in instrument.items:
        value = answers.get(item.key)
        if value is None:
            continue
        if type(value) is not int or value not in item.allowed:
            raise InvalidInput(_out_of_range(item), field=item.key)
        if not is_asked(item, filled(instrument, known)) and item.skip and value != item.skip.counts_as:
            raise InvalidInput(
                _(
                    "Your answer to an earlier question rules this one out: leave it empty, or change that one."
                ),
                field=item.key,
            )
        known[item.key] = value
    return known


def _out_of_range(item: Item) -> str:
    if item.options:
        return _("Choose one of the answers.")
    return _("Give a whole number from %(lowest)s to %(highest)s.") % {
        "lowest": item.lowest,
        "highest": item.highest,
    }


def filled(instrument: Instrument, answers: Mapping[str, int]) -> dict[str, int]:
    """The answers, with what stands for questions that were not to be asked."""
    known: dict[str, int] = {}
    for item in instrument.items:
        if item.key in answers:
            known[item.key] = answers[item.key]
        elif item.skip and not is_asked(item, known) and item.skip.counts_as is not None:
            known[item.key] = item.skip.counts_as
    return known


def unanswered(instrument: Instrument, answers: Mapping[str, int]) -> list[Item]:
    """The questions that were to be asked and have no answer."""
    known = filled(instrument, answers)
    return [one for one in instrument.items if one.key not in known and is_asked(one, known)]


def reckon(instrument: Instrument, answers: Mapping[str, int], *, sex: str = "") -> Reckoning:
    """Score answers that were `checked`. `sex` is “man”, “woman” or nothing, where a limit depends on it."""
    known = filled(instrument, answers)
    return _result(
        instrument, {one.key: _value(instrument, one, known) for one in instrument.scores}, known, sex
    )


def entered(instrument: Instrument, scores: Mapping[str, Any]) -> Reckoning:
    """The same for a measure of which only the score is entered. Raises InvalidInput out of range."""
    kept: dict[str, int | None] = {}
    for one in instrument.scores:
        value = scores.get(one.key)
        if type(value) is not int or not one.lowest <= value <= one.highest:
            raise InvalidInput(
                _("Give a whole number from %(lowest)s to %(highest)s.")
                % {"lowest": one.lowest, "highest": one.highest},
                field=one.key,
            )
        kept[one.key] = value
    return _result(instrument, kept, {}, "")


def _value(instrument: Instrument, score: Score, known: Mapping[str, int]) -> int | None:
    """Null unless every item of the score is known: nothing is pro-rated."""
    if not set(score.items) <= set(known):
        return None
    if score.rule == "count":
        return sum(known[key] >= score.exceptions.get(key, score.at_least) for key in score.items)
    return sum(
        _turned(instrument.by_key[key], known[key], key in score.reversed_items) for key in score.items
    )


def _turned(item: Item, value: int, turned: bool) -> int:
    return min(item.allowed) + max(item.allowed) - value if turned else value


def _result(
    instrument: Instrument, scores: dict[str, int | None], known: Mapping[str, int], sex: str
) -> Reckoning:
    raised = [flag for flag in instrument.flags if _is_raised(flag, scores, known, sex)]
    return Reckoning(
        scores=scores,
        bands={one.key: band for one in instrument.scores if (band := one.band(scores[one.key]))},
        flags=tuple(flag.key for flag in raised),
        alarms=tuple(flag.key for flag in raised if flag.alarm),
    )


def _is_raised(flag: Flag, scores: Mapping[str, int | None], known: Mapping[str, int], sex: str) -> bool:
    return all(_holds(one, flag, scores, known, sex) for one in flag.when)


def _holds(
    one: Condition, flag: Flag, scores: Mapping[str, int | None], known: Mapping[str, int], sex: str
) -> bool:
    value = scores[one.score] if one.score else known.get(one.item)
    if value is None:
        return False
    at_least = one.at_least_men if sex == MAN and one.at_least_men is not None else one.at_least
    at_least = _cut_off(flag.setting) if flag.setting else at_least
    return (at_least is None or value >= at_least) and (one.at_most is None or value <= one.at_most)


def _cut_off(setting: str) -> int:
    """A limit that the practice chooses within the range that the literature gives (clinical.md §2.3)."""
    return int(settings.MEASURE_CUT_OFFS[setting])
