"""The plan on one sheet of paper, in a language that the client reads (clinical.md §1.8).

Nothing on it but the client's own words tells what it is about: no programme, no diagnosis, no last name, neither on
the page nor in the file.
"""

from dataclasses import dataclass

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.relapse.models import PlanSignature, PreventionPlan
from casework.relapse.prevention import content as words
from casework.relapse.prevention import paper
from casework.relapse.prevention.content import Content, Person
from casework.relapse.prevention.paper import Box, Entry, Page, Row
from clients.errors import InvalidInput
from clients.jurisdiction import jurisdiction
from clients.models import Practice

LANGUAGES = ("en", "es")
# The stage's own colour and the share of its circle, as everywhere (look: the stage).
MARKS = {"emotional": ("#8f5600", 0.25), "mental": ("#86386a", 0.5), "physical": ("#005c99", 1.0)}


@dataclass(frozen=True, slots=True)
class TooLong:
    """By how many lines a plan exceeds the sheet, and the part that takes most room."""

    part: str
    lines: int

    def __str__(self) -> str:
        return ngettext(
            "This is about %(lines)s line too long for one page. “%(part)s” takes most room: shorten it first.",
            "This is about %(lines)s lines too long for one page. “%(part)s” takes most room: shorten it first.",
            self.lines,
        ) % {"lines": self.lines, "part": words.LABELS[self.part]}


def language_for(asked: str) -> str:
    """The language asked for where the sheet speaks it, else English."""
    short = asked[:2].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def file_name(language: str) -> str:
    """How the file is called, on a desk or a phone where others look too."""
    return {"es": "mi-plan.pdf"}.get(language_for(language), "my-plan.pdf")


def too_long(content: Content) -> TooLong | None:
    """What exceeds the sheet in the language that needs more room; None when it fits in every one."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            rows = rows_of(content)
        if rows and (lines := paper.lines_over(rows)):
            found.append(TooLong(paper.tallest(rows).key, lines))
    return max(found, key=lambda one: one.lines, default=None)


def check_fits(content: Content) -> None:
    """Raises InvalidInput, naming the part to shorten, or the one with letters that would be missing on paper."""
    for key in words.PARTS:
        lost = paper.undrawable(" ".join(str(one) for one in content.part(key)))
        if lost:
            raise InvalidInput(
                _("The sheet of paper has no letters for %(letters)s. Write this in Latin letters.")
                % {"letters": lost[:20]},
                field=key,
            )
    if (excess := too_long(content)) is not None:
        raise InvalidInput(str(excess), field=excess.part)


def drawn(plan: PreventionPlan, *, language: str) -> bytes:
    """The version as a PDF of one page. Raises InvalidInput as `check_fits` does."""
    check_fits(plan.words)
    with translation.override(language_for(language)):
        page = _page(plan, language_for(language))
    size = paper.fitting_size(page.rows)
    return paper.draw(page, size or paper.SIZES[-1])


def _page(plan: PreventionPlan, language: str) -> Page:
    return Page(
        title=_("My plan"),
        under_title=_("In my own words. For a hard day, and for the days before it."),
        mark="" if plan.is_signed else _("Draft, not signed yet"),
        rows=rows_of(plan.words),
        lines_to_call=tuple(lines_to_call()),
        footer=_footer(plan),
        language=language,
    )


def rows_of(content: Content) -> tuple[Row, ...]:
    """The boxes in their places; parts that are empty take no room."""
    reasons = _box("reasons", _("Why this matters to me"), content, tinted=True)
    signs = tuple(_sign_box(key, title, content) for key, title in sign_titles() if content.part(key))
    left = _box("helps", _("What helps me"), content)
    right = (
        *_people(content),
        *_box("places", _("Places I stay away from"), content),
    )
    below = tuple(column for column in (left, right) if column)
    rows: tuple[Row, ...] = ((reasons,), tuple((box,) for box in signs), below)
    return tuple(row for row in rows if any(row))


def sign_titles() -> tuple[tuple[str, str], ...]:
    """How each group of warning signs is called to the client: by what one notices, not by a stage."""
    return (
        ("emotional", _("First: how I feel")),
        ("mental", _("Then: what I think")),
        ("physical", _("Late: what I do")),
    )


def _box(key: str, title: str, content: Content, *, tinted: bool = False) -> tuple[Box, ...]:
    lines = content.part(key)
    return (Box(key, title, tuple(Entry(one) for one in lines), tinted=tinted),) if lines else ()


def _sign_box(key: str, title: str, content: Content) -> Box:
    colour, filled = MARKS[key]
    return Box(key, title, tuple(Entry(one) for one in content.part(key)), colour=colour, filled=filled)


def _people(content: Content) -> tuple[Box, ...]:
    """Only those whom the client wants to be named on paper."""
    named = [one for one in content.people if one.printed]
    entries = tuple(Entry(one.phone, strong=one.name, quiet=_quiet(one)) for one in named)
    return (Box("people", _("People I can turn to"), entries),) if entries else ()


def _quiet(person: Person) -> str:
    return f"({person.relation})" if person.relation else ""


def lines_to_call() -> list[tuple[str, str]]:
    """What to call, and the number: ours first, then those that answer day and night."""
    practice = Practice.current()
    place = jurisdiction(practice.jurisdiction)
    ours = [(_("%(name)s, in office hours") % {"name": practice.sender_alias}, practice.phone)]
    return [
        *(ours if practice.phone else []),
        (_("to talk, day and night: call or text"), place.crisis_line),
        (_("free help line, day and night"), practice.helpline_number or place.helpline.number),
        (_("in danger"), place.emergency_number),
    ]


def _footer(plan: PreventionPlan) -> str:
    if not plan.is_signed or plan.signed_at is None:
        return _("Version %(number)s, a draft") % {"number": plan.number}
    signed_on = timezone.localdate(plan.signed_at, Practice.current().zone)  # on a phone no zone is set
    day = formats.date_format(signed_on, _("j F Y"))
    first_names = [
        one.by.full_name.split()[0] if one.party == PlanSignature.Party.COUNSELOR else plan.client.first_name
        for one in plan.signatures.filter(content_hash=plan.content_hash).select_related("by")
    ]
    return _("Agreed by %(names)s on %(day)s. Version %(number)s.") % {
        "names": _(" and ").join(sorted(first_names, key=lambda name: name != plan.client.first_name)),
        "day": day,
        "number": plan.number,
    }
