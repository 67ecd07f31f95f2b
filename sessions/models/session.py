"""A counseling session: when, where, with whom, and how it went."""

from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify

LONGEST = timedelta(hours=12)


class State(models.TextChoices):
    """Where a session stands. The last three tell why there was none."""

    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    ATTENDED = "attended", _("Attended")
    NO_SHOW = "no_show", _("Missed")
    LATE_CANCEL = "late_cancel", _("Cancelled late")
    CANCELLED = "cancelled", _("Cancelled")


# A person is taken up by what is planned, running or was held; what fell through leaves the time free again.
OCCUPYING = (State.SCHEDULED, State.IN_PROGRESS, State.ATTENDED)
# A client who missed a session may still come late: a missed session can be started after all.
TRANSITIONS = {
    State.SCHEDULED: frozenset(
        {State.IN_PROGRESS, State.ATTENDED, State.NO_SHOW, State.LATE_CANCEL, State.CANCELLED}
    ),
    State.IN_PROGRESS: frozenset({State.ATTENDED, State.CANCELLED}),
    State.NO_SHOW: frozenset({State.IN_PROGRESS, State.ATTENDED}),
    State.ATTENDED: frozenset(),
    State.LATE_CANCEL: frozenset(),
    State.CANCELLED: frozenset(),
}


class Kind(models.TextChoices):
    """Who takes part."""

    INDIVIDUAL = "individual", _("Individual")
    FAMILY = "family", _("Family")
    GROUP = "group", _("Group")


class Modality(models.TextChoices):
    """How people meet."""

    IN_PERSON = "in_person", _("In person")
    PHONE = "phone", _("By phone")
    VIDEO = "video", _("By video")


# Of a note's columns, those whose text no list needs.
NOTE_WORDS = ("content", "carried", "place", "attendees", "late_reason", "void_reason")


class CancelledBy(models.TextChoices):
    """Whose change of plans it was; only a client's can be late."""

    CLIENT = "client", _("The client")
    PRACTICE = "practice", _("The practice")


class SessionQuerySet(ClientOwnedQuerySet):
    """Sessions as a day, a desk or a chart asks for them."""

    def overlapping(self, *, starts_at: datetime, ends_at: datetime) -> Self:
        """Sessions that take up any of the half-open time [starts_at, ends_at)."""
        return self.filter(state__in=OCCUPYING, starts_at__lt=ends_at, ends_at__gt=starts_at)

    def awaiting_note(self) -> Self:
        """Held sessions without a signed note, and every draft (clinical.md §7.3 I-07, §9.2)."""
        begun = Q(note__state__in=["draft", "returned"], note__author_unavailable_at=None)
        return self.filter(Q(state=State.ATTENDED, note=None) | begun)

    def for_rows(self) -> Self:
        """With everything that a list row shows, in one query, and without the notes' words."""
        rows = self.select_related("client", "counselor", "room", "note")
        return rows.defer(*(f"note__{words}" for words in NOTE_WORDS))


def _one_at_a_time(what: str, *conditions: Q) -> ExclusionConstraint:
    # A range of one number overlaps only itself: equality under GiST without the btree_gist extension.
    same = Func(F(what), F(what), Value("[]"), function="int8range")
    time = Func(F("starts_at"), F("ends_at"), RangeBoundary(), function="tstzrange")
    return ExclusionConstraint(
        name=f"one_session_at_a_time_per_{what}",
        expressions=[(same, RangeOperators.OVERLAPS), (time, RangeOperators.OVERLAPS)],
        condition=reduce(and_, conditions, Q(state__in=OCCUPYING)),
    )


class Session(Lifecycle, Record):
    """One meeting of a counselor and a client, planned or held."""

    State = State
    Kind = Kind
    Modality = Modality
    CancelledBy = CancelledBy
    TRANSITIONS = TRANSITIONS

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="sessions")
    counselor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INDIVIDUAL)
    modality = models.CharField(max_length=12, choices=Modality.choices, default=Modality.IN_PERSON)
    room = models.ForeignKey(
        "counseling.Room", null=True, blank=True, on_delete=models.PROTECT, related_name="sessions"
    )
    location = models.CharField(max_length=120, blank=True)
    companions = models.CharField(max_length=120, blank=True)
    series = models.ForeignKey(
        "counseling.Series", null=True, blank=True, on_delete=models.PROTECT, related_name="sessions"
    )
    series_on = models.DateField(null=True, blank=True)
    meeting = models.ForeignKey(
        "counseling.GroupMeeting", null=True, blank=True, on_delete=models.PROTECT, related_name="sessions"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.SCHEDULED)
    scheduled_at = models.DateTimeField()
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancelled_for = models.CharField(max_length=8, choices=CancelledBy.choices, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    objects = SessionQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client location companions",
        clinical="starts_at ends_at state started_at ended_at cancelled_for cancel_reason kind modality series_on",
        operational="id uid counselor room series meeting scheduled_at scheduled_by closed_at closed_by",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="session_lasts_up_to_twelve_hours",
                condition=Q(ends_at__gt=F("starts_at")) & Q(ends_at__lte=F("starts_at") + LONGEST),
            ),
            models.CheckConstraint(
                name="held_session_lasts_up_to_twelve_hours",
                condition=Q(started_at=None)
                | Q(ended_at=None)
                | (Q(ended_at__gt=F("started_at")) & Q(ended_at__lte=F("started_at") + LONGEST)),
            ),
            models.CheckConstraint(
                name="attended_session_has_both_times",
                condition=~Q(state=State.ATTENDED) | Q(started_at__isnull=False, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="session_closed_at_means_closed",
                condition=Q(state__in=[State.SCHEDULED, State.IN_PROGRESS], closed_at=None)
                | (~Q(state__in=[State.SCHEDULED, State.IN_PROGRESS]) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="cancelled_session_says_for_whom",
                condition=(Q(state__in=[State.LATE_CANCEL, State.CANCELLED]) & ~Q(cancelled_for=""))
                | (~Q(state__in=[State.LATE_CANCEL, State.CANCELLED]) & Q(cancelled_for="")),
            ),
            models.CheckConstraint(
                name="session_of_a_series_has_its_day",
                condition=Q(series=None, series_on=None) | Q(series__isnull=False, series_on__isnull=False),
            ),
            models.UniqueConstraint(fields=["series", "series_on"], name="one_session_per_day_of_a_series"),
            _one_at_a_time("counselor", Q(meeting=None)),
            _one_at_a_time("client"),
            _one_at_a_time("room", Q(room__isnull=False, meeting=None)),
            models.UniqueConstraint(
                fields=["meeting", "client"],
                condition=~Q(state=State.CANCELLED),
                name="one_session_per_member_of_a_meeting",
            ),
            models.CheckConstraint(
                name="session_of_a_meeting_is_a_group_session",
                condition=Q(meeting=None) | Q(kind=Kind.GROUP),
            ),
        ]
        indexes = [
            models.Index(fields=["counselor", "starts_at"], name="session_counselor_start"),
            models.Index(fields=["client", "starts_at"], name="session_client_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.starts_at:%Y-%m-%d %H:%M}Z"

    @property
    def is_open(self) -> bool:
        """Whether its outcome is still to be said."""
        return self.state in (State.SCHEDULED, State.IN_PROGRESS)

    @property
    def outcome_words(self) -> str:
        """How it stands, as people say it; of a session that was called off, by whom."""
        if self.state == State.CANCELLED:
            by_client = self.cancelled_for == CancelledBy.CLIENT
            return str(_("Cancelled by the client") if by_client else _("Cancelled by the practice"))
        return str(self.get_state_display())

    @property
    def place_words(self) -> str:
        """How and where people meet, in few words. A video address is no word."""
        if self.modality == Modality.IN_PERSON and (self.room_id or self.location):
            return str(self.room or self.location)
        return str(self.get_modality_display())

    @property
    def video_link(self) -> str:
        """Where a video session is opened; nothing when its place is no address."""
        is_link = self.modality == Modality.VIDEO and self.location.startswith("https://")
        return self.location if is_link else ""

    @property
    def begins_at(self) -> datetime:
        """When it began, as far as known: the actual time, else the planned one."""
        return self.started_at or self.starts_at

    @property
    def over_at(self) -> datetime:
        """When it ended or will end: the actual time, else the planned one."""
        return self.ended_at or self.ends_at

    @property
    def minutes(self) -> int:
        """Whole minutes from begin to end."""
        return int((self.over_at - self.begins_at).total_seconds() // 60)

    @property
    def written(self) -> Any:
        """Its note, or None while nobody has begun one."""
        return getattr(self, "note", None)

    @property
    def takes_note(self) -> bool:
        """Whether there is, or was, something to write about."""
        return self.state in (State.IN_PROGRESS, State.ATTENDED, State.NO_SHOW, State.LATE_CANCEL)
