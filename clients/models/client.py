"""The client: who, where in the world, and whether we are in touch."""

import zoneinfo
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.access import Role, may_see_clients
from clients.base import Lifecycle, Record, classify
from clients.models.absence import Absence
from clients.models.care import CareTeamMember
from clients.models.practice import Practice, Supervision, Team, TeamMembership, validate_zone
from clients.phones import digits_of


def and_those_covered(user: Any, at: datetime) -> Any:
    """The number of the person and of everybody for whom they cover at that instant.

    A union and not an "or": the database then begins at these few people, not at every row of a care team.
    """
    covered = Absence.objects.in_force(at).filter(cover=user).order_by().values("user")
    return get_user_model().objects.filter(pk=user.pk).order_by().values("pk").union(covered, all=True)


class ClientQuerySet(models.QuerySet["Client"]):
    """The protected records. Every page, search and API call starts at `visible_to`."""

    def visible_to(self, user: Any, *, at: datetime) -> Self:
        """The clients that `user` may see at `at`.

        A counselor: those on whose care team they are at that moment. A supervisor: those of the teams they supervise
        and those of the counselors they supervise. Who covers for somebody away sees what that person sees, by the
        clock. An auditor: all, to read. An administrator: none. A record that was merged into another is nobody's to
        list: it is seen through the one that stands for it.
        """
        if not may_see_clients(user):
            return self.none()
        standing = self.standing()
        if user.role == Role.AUDITOR:
            return standing
        selves = and_those_covered(user, at)
        on_care_team = CareTeamMember.objects.in_force(at).filter(user__in=selves)
        if user.role == Role.COUNSELOR:
            return standing.filter(pk__in=on_care_team.values("client"))
        day = timezone.localdate(at)
        teams = TeamMembership.objects.on(day).filter(user__in=selves, is_supervisor=True)
        people = Supervision.objects.on(day).filter(supervisor__in=selves)
        theirs = CareTeamMember.objects.in_force(at).filter(user__in=people.values("supervisee"))
        return standing.filter(
            Q(team__in=teams.values("team"))
            | Q(pk__in=theirs.values("client"))
            | Q(pk__in=on_care_team.values("client"))
        )

    def standing(self) -> Self:
        """Without those that were merged into another record. Every list of clients begins here."""
        return self.filter(merged_into__isnull=True)

    def readable_to(self, user: Any, *, at: datetime) -> Self:
        """The clients whose rows `user` may read: the visible ones, and those merged into them."""
        visible = self.visible_to(user, at=at).order_by().values("pk")
        return self.filter(pk__in=visible.union(self.filter(merged_into__in=visible).order_by().values("pk")))

    def matching(self, words: str) -> Self:
        """Search by name, phone or record number; every word must match somewhere. Empty words match nothing.

        Who was merged is found by the old name and number too, as the record that stands for them.
        """
        merged = _matching(Client.objects.filter(merged_into__isnull=False), words)
        own = _matching(self, words).order_by().values("pk")
        return self.filter(pk__in=own.union(merged.order_by().values("merged_into")))

    def in_touch(self) -> Self:
        """Those whom we are working with: active or paused."""
        return self.filter(state__in=[Client.State.ACTIVE, Client.State.PAUSED])

    def for_list(self) -> Self:
        """With what every list row shows, so that no row asks again."""
        return self.select_related("summary", "team")


def _matching(found: ClientQuerySet, words: str) -> ClientQuerySet:
    words = words.replace("\0", " ")  # which no column can hold
    terms = words.split()
    if not terms:
        return found.none()
    number = digits_of(words)
    if len(number) >= 4 and len(number) >= len(words.replace(" ", "")) - 5:
        by_phone = Q(contact_points__normalized__contains=number, contact_points__retired_at__isnull=True)
        return found.filter(by_phone | Q(record_number__iendswith=number)).distinct()
    for term in terms:
        found = found.filter(
            Q(given_name__icontains=term)
            | Q(family_name__icontains=term)
            | Q(chosen_name__icontains=term)
            | Q(record_number__iexact=term)
        )
    return found


class PauseReason(models.TextChoices):
    """Why we cannot reach a client for a while."""

    INCARCERATED = "incarcerated", _("In jail or prison")
    HOSPITAL = "hospital", _("In hospital or residential care")
    AWAY = "away", _("Away for a while")
    CONSENT = "consent", _("Guardian changed: consent to be gone through again")
    OTHER = "other", _("Another reason")


def reason_words(reason: str) -> str:
    """A reason as people read it: one that was chosen in their language, one that was written as it was written."""
    return str(PauseReason(reason).label) if reason in PauseReason.values else reason


class Client(Lifecycle, Record):
    """A person whom the practice serves."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISCHARGED = "discharged", _("Discharged")
        DECEASED = "deceased", _("Deceased")

    TRANSITIONS = {
        State.ACTIVE: {State.PAUSED, State.DISCHARGED, State.DECEASED},
        State.PAUSED: {State.ACTIVE, State.DISCHARGED, State.DECEASED},
        State.DISCHARGED: {State.ACTIVE, State.DECEASED},
        State.DECEASED: set(),
    }

    class Channel(models.TextChoices):
        SMS = "sms", _("Text message")
        EMAIL = "email", _("E-mail")
        CALL = "call", _("Phone call")

    record_number = models.CharField(_("record number"), max_length=12, unique=True, editable=False)
    given_name = models.CharField(_("given name"), max_length=80)
    family_name = models.CharField(_("family name"), max_length=80, blank=True)
    chosen_name = models.CharField(
        _("chosen name"),
        max_length=80,
        blank=True,
        help_text=_("What the person wants to be called; used in messages."),
    )
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(
        _("language"),
        max_length=12,
        default="en",
        help_text=_("Messages go in Spanish for “es”, else in English."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text=_("Where the person lives; messages keep to their day. Empty: the practice's."),
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="clients", verbose_name=_("team"))
    state = models.CharField(
        _("status"), max_length=12, choices=State.choices, default=State.ACTIVE, editable=False
    )
    state_reason = models.CharField(_("reason"), max_length=200, blank=True, editable=False)
    state_on = models.DateField(_("since"), null=True, blank=True, editable=False)
    preferred_channel = models.CharField(
        _("prefers"), max_length=8, choices=Channel.choices, default=Channel.SMS
    )
    # A merged record stays, with all that was signed in it; `absorbed` is the same fact seen from the other end.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False, db_index=False
    )
    absorbed = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    registered_at = models.DateTimeField(editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = ClientQuerySet.as_manager()

    CLASSES = classify(
        identifying="record_number given_name family_name chosen_name pronouns date_of_birth language time_zone",
        clinical="state_reason",
        operational="id uid team state state_on preferred_channel merged_into absorbed registered_at "
        "registered_by",
    )

    class Meta:
        ordering: ClassVar = ["family_name", "given_name", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["team", "state"], name="client_team_state"),
            models.Index(fields=["family_name", "given_name"], name="client_by_name"),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="client_merged_into"
            ),
            *[
                GinIndex(OpClass(Upper(field), name="gin_trgm_ops"), name=f"client_{field}_search")
                for field in ("given_name", "family_name", "chosen_name")
            ],
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(merged_into=F("pk")), name="no_record_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(absorbed=[]),
                name="merged_record_stands_for_no_other",
            ),
        ]

    def __str__(self) -> str:
        return self.record_number

    @property
    def first_name(self) -> str:
        return self.chosen_name or self.given_name

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.family_name}".strip()

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The person's zone; the practice's when none or an unknown one is on record (clinical.md §4.2)."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            return Practice.current().zone

    @property
    def primary_counselor(self) -> Any:
        """The dedicated counselor, or None."""
        member = (
            self.care_team.filter(role=CareTeamMember.Role.PRIMARY, ends_at=None)
            .select_related("user")
            .first()
        )
        return member.user if member else None

    @property
    def record_ids(self) -> list[int]:
        """The keys under which this person's rows stand: of the record that stands for them and of those merged."""
        return [self.pk, *self.absorbed] if self.merged_into is None else self.merged_into.record_ids

    @property
    def survivor(self) -> "Client":
        """The record that stands for this person: this one, unless it was merged."""
        return self if self.merged_into is None else self.merged_into

    @property
    def is_in_touch(self) -> bool:
        return self.state in {self.State.ACTIVE, self.State.PAUSED}

    @property
    def state_reason_words(self) -> str:
        return reason_words(self.state_reason)


class StatusChange(models.Model):
    """Why and when a client became active, paused, discharged or deceased."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="status_changes")
    from_state = models.CharField(max_length=12, choices=Client.State.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=Client.State.choices)
    reason = models.CharField(max_length=200, blank=True)
    effective_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    CLASSES = classify(clinical="reason", operational="id client from_state to_state effective_on at by")

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.client}: {self.to_state}"

    @property
    def reason_words(self) -> str:
        return reason_words(self.reason)
