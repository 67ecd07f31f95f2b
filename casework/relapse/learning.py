"""What a look back asks, when it is complete, and what it asks for in turn (clinical.md §1.8). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.relapse.models.review import RATINGS
from clients.stage import Stage

WORDS = (
    "vulnerability_words",
    "event",
    "event_when",
    "event_where",
    "event_who",
    "use_what",
    "use_how_much",
    "use_with_what",
    "helped_stop",
    "effects_short",
    "effects_long",
    "first_sign",
)
LISTS = ("still_gives", "coping_steps", "people")  # one item a line
CHOICES = ("use_company", "first_sign_stage")
YES_NO = ("update_plan", "safety_check_done")
LONGEST = 4000
HIGH, LOW = 7, 3
CONTACT_WITHIN_HOURS = 72


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: its kind, and what it was."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """Everything that was said so far. What is missing was not asked yet."""

    vulnerabilities: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)  # WORDS, LISTS and CHOICES
    links: tuple[Link, ...] = ()
    ratings: Mapping[str, int | None] = field(default_factory=dict)
    answers: Mapping[str, bool | None] = field(default_factory=dict)  # YES_NO

    def said(self, name: str) -> str:
        return self.words.get(name, "").strip()

    def lines(self, name: str) -> tuple[str, ...]:
        return lines(self.words.get(name, ""))


def lines(text: str) -> tuple[str, ...]:
    """The items of a list that was typed one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


# What each section that has to be filled lacks, by the field to go to.
LACKS: Mapping[str, str | Promise] = {
    "event": _("Say what set it off."),
    "event_when": _("Say when that was; roughly is enough."),
    "event_where": _("Say where it was."),
    "event_who": _("Say who was there; “nobody” is an answer."),
    "links": _("Name at least one thought, feeling, body sign or act on the way."),
    "still_gives": _("Name at least one thing that the work so far still gives."),
    "coping_steps": _("Name at least one thing to do next time."),
    "people": _("Name at least one person to turn to."),
    "safety_check_done": _("Say whether the medical and naloxone check was done."),
} | dict.fromkeys(RATINGS, _("Give a number from 0 to 10."))
EVENT = ("event", "event_when", "event_where", "event_who")
KINDLESS = _("Say of each link what it was: a thought, a feeling, the body, or something done.")


def missing(told: Told) -> dict[str, str]:
    """By field, what is still to be filled before it is complete: sections 2, 3, 7, 8, 10 and 12, each whole."""
    empty = [name for name in EVENT if not told.said(name)]
    if not any(link.text.strip() for link in told.links):
        empty.append("links")
    empty += [name for name in RATINGS if told.ratings.get(name) is None]
    empty += [name for name in LISTS if not told.lines(name)]
    if told.answers.get("safety_check_done") is None:
        empty.append("safety_check_done")
    found = {name: str(LACKS[name]) for name in empty}
    if any(link.text.strip() and not link.kind for link in told.links):
        found["links"] = str(KINDLESS)
    return found


def weighs_heavily(ratings: Mapping[str, int | None]) -> bool:
    """Shame or “it is who I am” at 7 or more, or confidence at 3 or less: suggests a talk within 72 hours.

    A suggestion only: it opens nothing. What was not rated weighs nothing.
    """
    shame, who, sure = (ratings.get(name) for name in ("shame", "who_i_am", "confidence"))
    return any(one is not None and one >= HIGH for one in (shame, who)) or (sure is not None and sure <= LOW)


def for_the_plan(told: Told) -> dict[str, list[str]]:
    """What it adds to the prevention plan, by the plan's own parts: the first sign, what to do, whom to turn to."""
    found: dict[str, list[str]] = {
        "helps": list(told.lines("coping_steps")),
        "people": list(told.lines("people")),
    }
    stage = told.said("first_sign_stage")
    if stage in tuple(Stage) and told.said("first_sign"):
        found[stage] = [" ".join(told.said("first_sign").split())]
    return {part: items for part, items in found.items() if items}


def told_of(review: Any, links: Iterable[Any]) -> Told:
    """A kept review as it was told."""
    return Told(
        vulnerabilities=tuple(review.vulnerabilities),
        words={name: getattr(review, name) for name in (*WORDS, *LISTS, *CHOICES)},
        links=tuple(Link(one.kind, one.text) for one in links),
        ratings={name: getattr(review, name) for name in RATINGS},
        answers={name: getattr(review, name) for name in YES_NO},
    )
