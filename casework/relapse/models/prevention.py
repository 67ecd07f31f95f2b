"""The plan against a return to use that the client carries: its versions, and who signed each."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.relapse.prevention.content import Content, loaded
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from sessions.integrity import content_hash


class PreventionPlanQuerySet(ClientOwnedQuerySet):
    """Versions; who may see the client may read them."""

    def signed(self) -> Self:
        """Those that both signed, the newest first: the first of them is the client's plan."""
        return self.filter(state=PreventionPlan.State.SIGNED).order_by("-signed_at", "-pk")

    def drafts(self) -> Self:
        """Those being written, the latest begun first."""
        return self.filter(state=PreventionPlan.State.DRAFT).order_by("-begun_at", "-pk")

    def in_order(self) -> Self:
        """All that were not set aside, the newest first."""
        standing = self.exclude(state=PreventionPlan.State.SET_ASIDE)
        return standing.order_by("-number", "-begun_at", "-pk")


class PreventionPlan(Lifecycle, Record):
    """One version. Signed by both, it changes no more: the database refuses too, and an edit makes the next draft."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("Signed")
        SET_ASIDE = "set_aside", _("Set aside")

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        State.DRAFT: frozenset({State.SIGNED, State.SET_ASIDE}),
        State.SIGNED: frozenset(),
        State.SET_ASIDE: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="prevention_plans")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    content = EncryptedTextField(default="{}")
    revision = models.PositiveIntegerField(default=1)  # of the draft: grows with each saving
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)
    set_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PreventionPlanQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="content",
        operational="id uid number state revision begun_at begun_by saved_at saved_by signed_at content_hash "
        "set_aside_at set_aside_by",
    )

    class Meta:
        ordering: ClassVar = ["-number", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(state="draft"), name="one_draft_prevention_plan_per_client"
            ),
            models.UniqueConstraint(
                fields=["client", "number"],
                condition=~Q(state="set_aside"),
                name="one_prevention_plan_per_client_and_number",
            ),
            models.CheckConstraint(
                name="signed_prevention_plan_is_whole",
                condition=Q(state="signed", signed_at__isnull=False, content_hash__regex="^[0-9a-f]{64}$")
                | (~Q(state="signed") & Q(signed_at=None, content_hash="")),
            ),
            models.CheckConstraint(
                name="set_aside_prevention_plan_says_when",
                condition=Q(state="set_aside", set_aside_at__isnull=False)
                | (~Q(state="set_aside") & Q(set_aside_at=None)),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["client", "-signed_at"], name="prevention_plan_of_client")]

    def __str__(self) -> str:
        return f"prevention plan {self.number} {self.uid}"

    @property
    def words(self) -> Content:
        """The client's words, part by part."""
        return loaded(self.content)

    @words.setter
    def words(self, value: Content) -> None:
        self.content = value.dumped()

    @property
    def is_signed(self) -> bool:
        return self.state == self.State.SIGNED

    def fingerprint(self) -> str:
        """The hash of everything that a signature vouches for, as it stands now."""
        told = {
            "plan": str(self.uid),
            "client": str(self.client.uid),
            "number": self.number,
            "content": self.words.spelled(),
        }
        return content_hash(told)

    @property
    def is_intact(self) -> bool:
        """Whether the words are still what was signed."""
        return self.is_signed and self.fingerprint() == self.content_hash


class PlanSignatureQuerySet(ClientOwnedQuerySet):
    """Signatures; who may see the plan's client may read them."""

    client_path = "plan__client"


class PlanSignature(Record):
    """One of the two signatures of a version, under its words as they were at that moment. Only ever added to.

    A signature under words that were changed since stands in the table and counts for nothing: its hash says so.
    """

    class Party(models.TextChoices):
        COUNSELOR = "counselor", _("Counselor")
        CLIENT = "client", _("Client")

    class Way(models.TextChoices):
        ACCOUNT = "account", _("Signed in")
        TYPED = "typed", _("Typed the name")
        ALOUD = "aloud", _("Agreed aloud")

    plan = models.ForeignKey(PreventionPlan, models.PROTECT, related_name="signatures")
    party = models.CharField(max_length=10, choices=Party.choices)
    way = models.CharField(max_length=8, choices=Way.choices)
    name = EncryptedTextField()
    credential = models.CharField(max_length=60, blank=True)
    # Who signed as the counselor, or before whose eyes and ears the client agreed.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    objects = PlanSignatureQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="name", operational="id uid plan party way credential by at content_hash"
    )

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "party", "content_hash"], name="one_signature_per_party_and_wording"
            ),
            models.CheckConstraint(
                name="each_party_signs_in_its_own_way",
                condition=Q(party="counselor", way="account") | Q(party="client", way__in=["typed", "aloud"]),
            ),
            models.CheckConstraint(
                name="plan_signature_has_hash", condition=Q(content_hash__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.uid}"
