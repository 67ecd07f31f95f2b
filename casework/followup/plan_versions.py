"""Which template a plan begins with, and the one it began with: rows that never change once they are released."""

from functools import cache

from django.db.models import QuerySet

from casework.followup.models import TemplateVersion
from casework.followup.plan_templates import PlanTemplate
from clients.stage import Stage


def newest(stage: Stage) -> tuple[int, PlanTemplate]:
    """The version that a new plan of this stage begins with. Raises KeyError for a stage that has none."""
    version = released(stage).values_list("version", flat=True).first()
    if version is None:
        raise KeyError(stage)
    return version, template_for(stage, version)


def released(stage: str) -> "QuerySet[TemplateVersion]":
    """The released versions of a stage, newest first."""
    return TemplateVersion.objects.released().filter(stage=stage).newest_first()


@cache
def template_for(stage: Stage, version: int) -> PlanTemplate:
    """A released version, kept for the life of the process: the database refuses any change to it.

    Raises KeyError for one that there is not.
    """
    found = TemplateVersion.objects.released().filter(stage=stage, version=version).first()
    if found is None:
        raise KeyError((stage, version))
    return found.as_template()
