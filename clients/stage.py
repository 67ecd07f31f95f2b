"""The stage of relapse: the vocabulary every room shares (clinical.md §1.5)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Stage(TextChoices):
    """Where a client stands. The stages need not be passed in sequence (clinical.md §1.1)."""

    NONE = "none", _("None")
    EMOTIONAL = "emotional", _("Emotional")
    MENTAL = "mental", _("Mental")
    PHYSICAL = "physical", _("Physical")
    INDETERMINATE = "indeterminate", _("Not enough known")

    @property
    def rank(self) -> int | None:
        """0 for none up to 3 for physical; None for indeterminate, which never changes the current stage."""
        return _RANKS.get(self)


RANKED = (Stage.NONE, Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL)
_RANKS = {stage: rank for rank, stage in enumerate(RANKED)}
