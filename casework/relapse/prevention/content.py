"""What a prevention plan consists of, and what one wording changes of another. Pure: no database, no clock."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions.integrity import tidy

SIGNS = ("emotional", "mental", "physical")
LISTS = (*SIGNS, "helps", "places", "reasons")
PEOPLE = "people"
# In the order in which one reads them, on the screen and on paper.
PARTS = (*SIGNS, "helps", PEOPLE, "places", "reasons")
LABELS: Mapping[str, Any] = {
    "emotional": gettext_lazy("Early signs: feelings and habits"),
    "mental": gettext_lazy("Signs in between: thoughts"),
    "physical": gettext_lazy("Late signs: what one does"),
    "helps": gettext_lazy("What helps"),
    "people": gettext_lazy("People"),
    "places": gettext_lazy("Places and situations to avoid"),
    "reasons": gettext_lazy("Reasons"),
}
LONGEST_LINE, MOST_LINES, MOST_PEOPLE = 300, 20, 6
LONGEST_NAME, LONGEST_PHONE = 80, 40


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to turn to. On paper only when the client agreed that the name may stand there."""

    name: str
    relation: str = ""
    phone: str = ""
    printed: bool = False

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.relation, self.phone) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The client's own words, part by part (clinical.md §1.8)."""

    emotional: tuple[str, ...] = ()
    mental: tuple[str, ...] = ()
    physical: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    places: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def part(self, key: str) -> tuple[Any, ...]:
        """The entries of one part. Raises KeyError for a part that there is not."""
        if key not in PARTS:
            raise KeyError(key)
        return getattr(self, key)

    @property
    def signs(self) -> tuple[str, ...]:
        """Warning signs of all stages."""
        return (*self.emotional, *self.mental, *self.physical)

    def spelled(self) -> dict[str, Any]:
        """Plain lists and texts, as they are stored, sent and signed."""
        return {key: list(self.part(key)) for key in LISTS} | {PEOPLE: [asdict(one) for one in self.people]}

    def dumped(self) -> str:
        return json.dumps(self.spelled(), ensure_ascii=False)


def loaded(text: str) -> Content:
    """The content that `dumped` wrote; empty text is an empty plan."""
    raw: dict[str, Any] = json.loads(text or "{}")
    lists = {key: tuple(raw.get(key, ())) for key in LISTS}
    return Content(**lists, people=tuple(Person(**one) for one in raw.get(PEOPLE, ())))


def tidied(content: Content) -> Content:
    """Without blanks at the ends, empty entries, and what stands in a part twice."""
    lists = {key: _once(content.part(key)) for key in LISTS}
    people: dict[str, Person] = {}
    for one in content.people:
        kept = Person(_line(one.name), _line(one.relation), _line(one.phone), one.printed)
        if kept.name or kept.relation or kept.phone:
            people.setdefault(f"{kept.name}|{kept.phone}".casefold(), kept)
    return Content(**lists, people=tuple(people.values()))


def _once(lines: Iterable[str]) -> tuple[str, ...]:
    """Each entry the first time it comes."""
    found: dict[str, str] = {}
    for line in lines:
        kept = _line(line)
        if kept:
            found.setdefault(kept.casefold(), kept)
    return tuple(found.values())


def _line(text: str) -> str:
    return " ".join(tidy(text).split())


def grown(
    content: Content,
    *,
    additions: Mapping[str, Iterable[Any]],
    removals: Mapping[str, Iterable[Any]] | None = None,
) -> Content:
    """The content with entries taken out and others put behind. A name alone takes out a person.

    Raises KeyError for a part that there is not. What is there already is not said twice.
    """
    changed = content
    for key, gone in (removals or {}).items():
        names = {_named(one) for one in gone}
        changed = replace(
            changed, **{key: tuple(one for one in content.part(key) if _named(one) not in names)}
        )
    for key, more in additions.items():
        new = tuple(Person(one) if key == PEOPLE and isinstance(one, str) else one for one in more)
        have = {_named(one) for one in changed.part(key)}
        new = tuple(one for one in new if _named(one) not in have)
        changed = replace(changed, **{key: (*changed.part(key), *new)})
    return tidied(changed)


def _named(entry: Any) -> str:
    return _line(entry.name if isinstance(entry, Person) else str(entry)).casefold()


@dataclass(frozen=True, slots=True)
class Difference:
    """One part before and after: what stayed, what came, what went, each in its own order."""

    part: str
    kept: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def label(self) -> str:
        return str(LABELS[self.part])

    @property
    def changed(self) -> bool:
        return bool(self.added or self.removed)


def compare(before: Content, after: Content) -> tuple[Difference, ...]:
    """All parts, in reading order, the unchanged ones among them."""
    return tuple(_difference(key, before.part(key), after.part(key)) for key in PARTS)


def _difference(key: str, before: tuple[Any, ...], after: tuple[Any, ...]) -> Difference:
    return Difference(
        key,
        kept=tuple(_shown(one) for one in after if one in before),
        added=tuple(_shown(one) for one in after if one not in before),
        removed=tuple(_shown(one) for one in before if one not in after),
    )


def _shown(entry: Any) -> str:
    if isinstance(entry, Person) and not entry.printed:
        return _("%(person)s (not on paper)") % {"person": entry}
    return str(entry)


def missing(content: Content) -> list[str]:
    """What a plan cannot be signed without: a warning sign, something that helps, and somebody to turn to."""
    empty = []
    if not content.signs:
        empty.append("emotional")
    return empty + [key for key in ("helps", PEOPLE) if not content.part(key)]
