"""Looking back together at a return to use: what came before, what was tried, what was learned (clinical.md §1.8)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from clients.stage import Stage

DUE_AFTER = timedelta(days=7)
MOST_LINKS = 12
RATINGS = ("guilt", "shame", "who_i_am", "can_change", "confidence")
SIGN_STAGES = [(one.value, one.label) for one in (Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL)]


class Vulnerability(models.TextChoices):
    """What made the week harder before anything happened."""

    SLEEP = "sleep", _("Little or poor sleep")
    PAIN = "pain", _("Pain")
    HUNGRY = "hungry", _("Hungry")
    ANGRY = "angry", _("Angry")
    LONELY = "lonely", _("Lonely")
    TIRED = "tired", _("Tired")
    MEDICATION = "medication", _("Change of medication")


class Company(models.TextChoices):
    ALONE = "alone", _("Alone")
    WITH_OTHERS = "with_others", _("With others")
    BOTH = "both", _("Both")


class LearningReviewQuerySet(ClientOwnedQuerySet):
    def finished(self) -> Self:
        return self.filter(state=LearningReview.State.FINISHED)


class LearningReview(Lifecycle, Record):
    """One look back, at one report. A draft until it is finished; never edited after that (trigger)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        FINISHED = "finished", _("Finished")

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        State.DRAFT: frozenset({State.FINISHED}),
        State.FINISHED: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="learning_reviews")
    report = models.OneToOneField("relapse.RelapseReport", models.PROTECT, related_name="learning_review")
    # 1 that week, 2 what set it off
    vulnerabilities = ArrayField(
        models.CharField(max_length=12, choices=Vulnerability.choices), default=list, blank=True
    )
    vulnerability_words = EncryptedTextField(blank=True)
    event = EncryptedTextField(blank=True)
    event_when = EncryptedTextField(blank=True)
    event_where = EncryptedTextField(blank=True)
    event_who = EncryptedTextField(blank=True)
    # 4 the use, 5 what helped it stop, 6 what followed (3, the chain, is rows)
    use_what = EncryptedTextField(blank=True)
    use_how_much = EncryptedTextField(blank=True)
    use_company = models.CharField(max_length=12, choices=Company.choices, blank=True)
    use_with_what = EncryptedTextField(blank=True)
    helped_stop = EncryptedTextField(blank=True)
    effects_short = EncryptedTextField(blank=True)
    effects_long = EncryptedTextField(blank=True)
    # 7 how it felt afterwards, 0–10
    guilt = models.PositiveSmallIntegerField(null=True, blank=True)
    shame = models.PositiveSmallIntegerField(null=True, blank=True)
    who_i_am = models.PositiveSmallIntegerField(null=True, blank=True)
    can_change = models.PositiveSmallIntegerField(null=True, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    # 8 what the work still gives, 9 the first sign, 10 next time: lists hold one item a line
    still_gives = EncryptedTextField(blank=True)
    first_sign = EncryptedTextField(blank=True)
    first_sign_stage = models.CharField(max_length=14, choices=SIGN_STAGES, blank=True)
    coping_steps = EncryptedTextField(blank=True)
    people = EncryptedTextField(blank=True)
    # 11 whether to take it into the prevention plan, 12 whether the medical and naloxone check was done
    update_plan = models.BooleanField(null=True, blank=True)
    safety_check_done = models.BooleanField(null=True, blank=True)
    # The version of the prevention plan that finishing wrote, and its words before and after
    plan = models.ForeignKey(
        "relapse.PreventionPlan", models.PROTECT, null=True, blank=True, related_name="learning_reviews"
    )
    plan_before = EncryptedTextField(blank=True)
    plan_after = EncryptedTextField(blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = LearningReviewQuerySet.as_manager()

    CLASSES = classify(
        clinical="vulnerabilities vulnerability_words event event_when event_where event_who use_what use_how_much "
        "use_company use_with_what helped_stop effects_short effects_long guilt shame who_i_am can_change confidence "
        "still_gives first_sign first_sign_stage coping_steps people update_plan safety_check_done plan_before "
        "plan_after",
        operational="id uid client report plan state version started_at started_by saved_at saved_by finished_at "
        "finished_by",
    )

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        constraints: ClassVar = [
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lte": 10}),
                    name=f"review_{name}_is_0_to_10",
                )
                for name in RATINGS
            ),
            models.CheckConstraint(
                condition=Q(state="draft", finished_at__isnull=True)
                | Q(
                    state="finished",
                    finished_at__isnull=False,
                    safety_check_done__isnull=False,
                    **{f"{name}__isnull": False for name in RATINGS},
                ),
                name="finished_review_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"learning review {self.uid}"

    @property
    def due_at(self) -> datetime | None:
        """Seven days after a return to use was reported; None where looking back is only offered."""
        return self.report.reported_at + DUE_AFTER if self.report.stage == Stage.PHYSICAL else None

    @property
    def is_finished(self) -> bool:
        return self.state == self.State.FINISHED


class ReviewLink(models.Model):
    """One link of the chain that led there: a thought, a feeling, the body, or something done."""

    class Kind(models.TextChoices):
        THOUGHT = "thought", _("Thought")
        FEELING = "feeling", _("Feeling")
        BODY = "body", _("Body")
        ACTION = "action", _("Action")

    review = models.ForeignKey(LearningReview, models.CASCADE, related_name="links")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, blank=True)
    text = EncryptedTextField(blank=True)

    CLASSES: ClassVar[Any] = classify(clinical="kind text", operational="id review position")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "position"], name="one_link_per_place_in_the_chain"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_LINKS), name="a_chain_has_12_links_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.position} of review {self.review_id}"
