"""A kept assessment as a page shows it: words instead of codes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.relapse.models import AssessedSign, StageAssessment
from casework.relapse.signs import BY_CODE, Halt, Protective, RedFlag, Source, Trigger, of_stage
from casework.relapse.stage import INDEXED
from clients.stage import Stage

Words = str | Promise

STRENGTH: tuple[Words, ...] = (
    gettext_lazy("Absent"),
    gettext_lazy("Mild"),
    gettext_lazy("Moderate"),
    gettext_lazy("Marked"),
)
HOW_MUCH: tuple[Words, ...] = (
    gettext_lazy("Absent"),
    gettext_lazy("Once"),
    gettext_lazy("Repeated"),
    gettext_lazy("Continuing"),
)


def severity_words(stage: Stage) -> tuple[Words, ...]:
    """What 0 to 3 mean for the signs of a stage (clinical.md §1.2)."""
    return HOW_MUCH if stage == Stage.PHYSICAL else STRENGTH


@dataclass(frozen=True, slots=True)
class Row:
    """One sign that was asked, or has a note."""

    label: str
    severity: Words
    sources: list[Words]
    note: str


@dataclass(frozen=True, slots=True)
class Group:
    """The signs of a stage and its index, 0–100 or None."""

    stage: Stage
    index: int | None
    rows: list[Row]


def groups(assessment: StageAssessment) -> list[Group]:
    """What was asked, stage by stage, in the catalogue's order."""
    kept = {one.sign_code: one for one in assessment.signs.all()}
    return [
        Group(
            stage,
            assessment.indices[stage],
            [_row(kept[sign.code]) for sign in of_stage(stage) if sign.code in kept],
        )
        for stage in INDEXED
    ]


def _row(kept: AssessedSign) -> Row:
    sign = BY_CODE[kept.sign_code]
    said = _("Not asked") if kept.severity is None else severity_words(sign.stage)[kept.severity]
    return Row(sign.label, said, _words(Source, kept.sources), kept.note)


def lists(assessment: StageAssessment) -> list[tuple[str, list[Words]]]:
    """The ticked lists, each with its name."""
    halt = [one.value for one in Halt if assessment.halt[one.value]]
    return [
        (_("Hungry, angry, lonely, tired"), _words(Halt, halt)),
        (_("Triggers"), _words(Trigger, assessment.triggers)),
        (_("What helps"), _words(Protective, assessment.protective)),
        (_("Red flags"), _words(RedFlag, assessment.red_flags)),
    ]


def _words(kind: type[TextChoices], values: Iterable[str]) -> list[Words]:
    return [kind(value).label for value in values]
