"""Groups: who leads them, who belongs to them over time, what they talk about in turn, and their meetings."""

from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clients.access import Role, may_see_clients
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from clients.models import Supervision, TeamMembership
from clients.models.client import and_those_covered
from sessions.models.session import LONGEST, Modality


class GroupState(models.TextChoices):
    """Whether the group goes on. One that ended keeps everything and can be taken up again."""

    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")


class MeetingState(models.TextChoices):
    """Where a meeting stands. What was written about a cancelled one stays with who wrote it."""

    SCHEDULED = "scheduled", _("Scheduled")
    HELD = "held", pgettext_lazy("meeting", "Held")
    CANCELLED = "cancelled", _("Cancelled")


class LeaveReason(models.TextChoices):
    """Why somebody no longer belongs to a group."""

    COMPLETED = "completed", _("Completed the group")
    LEFT = "left", _("Chose to leave")
    MOVED = "moved", _("Moved to another group or setting")
    DISCHARGED = "discharged", _("Discharged")
    DECEASED = "deceased", _("Deceased")
    MERGED = "merged", _("Record merged into another")
    ENDED = "ended", _("The group ended")
    OTHER = "other", _("Another reason")


class MarkKind(models.TextChoices):
    """What one tap says about an expected member."""

    PRESENT = "present", _("Present")
    ABSENT = "absent", _("Absent")
    LATE_CANCEL = "late_cancel", _("Late cancel")


def _led_by(people: Any, day: Any, *, who: tuple[str, ...], team: str) -> Q:
    """Rows led by these people, by those whom they supervise, or belonging to a team that they supervise."""
    supervised = Supervision.objects.on(day).filter(supervisor__in=people).values("supervisee")
    teams = TeamMembership.objects.on(day).filter(user__in=people, is_supervisor=True).values("team")
    wanted = Q(**{f"{team}__in": teams})
    for field in who:
        wanted |= Q(**{f"{field}__in": supervised})
    return wanted


class GroupQuerySet(models.QuerySet["Group"]):
    """Groups. That there is one tells of no client; who belongs to it does."""

    def visible_to(self, user: Any, *, at: datetime) -> Self:
        """Those one leads or co-leads, covers the leading of, or supervises; an auditor reads all."""
        return self.filter(self.led(user, at=at)) if user.role != Role.AUDITOR else self._all_of(user)

    def _all_of(self, user: Any) -> Self:
        return self if may_see_clients(user) else self.none()

    @staticmethod
    def led(user: Any, *, at: datetime, path: str = "") -> Q:
        """What `visible_to` asks; `path` leads to the group from another model's rows."""
        if not may_see_clients(user):
            return Q(pk__in=[])
        selves = and_those_covered(user, at)
        who = (f"{path}facilitator", f"{path}co_facilitator")
        wanted = Q(**{f"{who[0]}__in": selves}) | Q(**{f"{who[1]}__in": selves})
        if user.role == Role.SUPERVISOR:
            wanted |= _led_by(selves, timezone.localdate(at), who=who, team=f"{path}team")
        return wanted

    def running(self) -> Self:
        return self.filter(state=GroupState.RUNNING)


class Group(Lifecycle, Record):
    """People who meet again and again with the same facilitator."""

    State = GroupState
    TRANSITIONS = {
        GroupState.RUNNING: frozenset({GroupState.ENDED}),
        GroupState.ENDED: frozenset({GroupState.RUNNING}),
    }

    name = models.CharField(_("name"), max_length=80)
    team = models.ForeignKey("clients.Team", models.PROTECT, related_name="groups")
    facilitator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="groups_led")
    co_facilitator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="groups_co_led"
    )
    modality = models.CharField(max_length=12, choices=Modality.choices, default=Modality.IN_PERSON)
    room = models.ForeignKey("counseling.Room", models.PROTECT, null=True, blank=True, related_name="groups")
    location = models.CharField(max_length=120, blank=True)
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=GroupState.choices, default=GroupState.RUNNING)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GroupQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        operational="id uid name team facilitator co_facilitator modality room location capacity state begun_at"
        " begun_by ended_at ended_by",
    )

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="group_ended_at_means_ended",
                condition=Q(state=GroupState.RUNNING, ended_at=None)
                | Q(state=GroupState.ENDED, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="group_led_by_two_different_people",
                condition=Q(co_facilitator=None) | ~Q(co_facilitator=F("facilitator")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return bool(self.state == GroupState.RUNNING)

    @property
    def leaders(self) -> list[Any]:
        """The facilitator and, if there is one, the co-facilitator."""
        return [self.facilitator, *([self.co_facilitator] if self.co_facilitator_id else [])]


class GroupTopic(Record):
    """One of the things a group talks about, in turn. One that is no longer used stays with past meetings."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="topics")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("topic"), max_length=120)
    outline = models.TextField(_("outline"), blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    CLASSES: ClassVar[Any] = classify(operational="id uid group position title outline retired_at")

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "position"],
                condition=Q(retired_at__isnull=True),
                name="one_topic_per_place_in_turn",
            )
        ]

    def __str__(self) -> str:
        return self.title


class GroupMembershipQuerySet(ClientOwnedQuerySet):
    def in_force(self, at: datetime) -> Self:
        """Of those who belong to their group at that moment; the end is not part of it."""
        return self.filter(Q(left_at__isnull=True) | Q(left_at__gt=at), joined_at__lte=at)


class GroupMembership(Record):
    """A client in a group, from one moment to another; who comes again gets a second row."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="memberships")
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="group_memberships")
    joined_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    leave_reason = models.CharField(max_length=10, choices=LeaveReason.choices, blank=True)

    objects = GroupMembershipQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="group joined_at left_at leave_reason",
        operational="id uid added_by left_by",
    )

    class Meta:
        ordering: ClassVar = ["joined_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "client"],
                condition=Q(left_at__isnull=True),
                name="one_open_place_per_client_in_a_group",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True, leave_reason="")
                | (Q(left_at__gte=F("joined_at")) & ~Q(leave_reason="")),
                name="leaving_a_group_has_date_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uid}"


class GroupMeetingQuerySet(models.QuerySet["GroupMeeting"]):
    """Meetings of groups."""

    def visible_to(self, user: Any, *, at: datetime) -> Self:
        """Those of the groups one sees, and those one leads oneself, so that what was begun can be finished."""
        if user.role == Role.AUDITOR or not may_see_clients(user):
            return self if may_see_clients(user) else self.none()
        selves = and_those_covered(user, at)
        own = Q(counselor__in=selves) | Q(co_counselor__in=selves)
        return self.filter(own | GroupQuerySet.led(user, at=at, path="group__"))

    def overlapping(self, *, starts_at: datetime, ends_at: datetime) -> Self:
        """Meetings that take up any of the half-open time [starts_at, ends_at)."""
        return self.exclude(state=MeetingState.CANCELLED).filter(starts_at__lt=ends_at, ends_at__gt=starts_at)


def _one_at_a_time(what: str, *conditions: Q) -> ExclusionConstraint:
    # As of sessions; across the two tables a trigger looks.
    same = Func(F(what), F(what), Value("[]"), function="int8range")
    time = Func(F("starts_at"), F("ends_at"), RangeBoundary(), function="tstzrange")
    return ExclusionConstraint(
        name=f"one_meeting_at_a_time_per_{what}",
        expressions=[(same, RangeOperators.OVERLAPS), (time, RangeOperators.OVERLAPS)],
        condition=reduce(and_, conditions, ~Q(state=MeetingState.CANCELLED)),
    )


class GroupMeeting(Lifecycle, Record):
    """One meeting of a group, planned or held, and the note that its members' notes share.

    Every expected member has a session of their own beside it. The shared text is its counselor's draft until it is
    copied into the members' notes.
    """

    State = MeetingState
    TRANSITIONS = {
        MeetingState.SCHEDULED: frozenset({MeetingState.HELD, MeetingState.CANCELLED}),
        MeetingState.HELD: frozenset(),
        MeetingState.CANCELLED: frozenset(),
    }

    group = models.ForeignKey(Group, models.PROTECT, related_name="meetings")
    counselor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="meetings_led")
    co_counselor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="meetings_co_led"
    )
    modality = models.CharField(max_length=12, choices=Modality.choices, default=Modality.IN_PERSON)
    room = models.ForeignKey(
        "counseling.Room", models.PROTECT, null=True, blank=True, related_name="meetings"
    )
    location = models.CharField(max_length=120, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MeetingState.choices, default=MeetingState.SCHEDULED)
    topic = models.ForeignKey(GroupTopic, models.PROTECT, null=True, blank=True, related_name="meetings")
    topic_chosen = models.BooleanField(default=False)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    scheduled_at = models.DateTimeField()
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancel_reason = models.CharField(max_length=200, blank=True)
    shared_text = EncryptedTextField(default="")
    shared_version = models.PositiveIntegerField(default=0)
    shared_saved_at = models.DateTimeField(null=True, blank=True)
    filed_version = models.PositiveIntegerField(null=True, blank=True)
    filed_at = models.DateTimeField(null=True, blank=True)

    objects = GroupMeetingQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="location",
        clinical="shared_text subject topic topic_chosen cancel_reason",
        operational="id uid group counselor co_counselor modality room starts_at ends_at state scheduled_at"
        " scheduled_by started_at ended_at closed_at closed_by shared_version shared_saved_at filed_version filed_at",
    )

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="meeting_lasts_up_to_twelve_hours",
                condition=Q(ends_at__gt=F("starts_at")) & Q(ends_at__lte=F("starts_at") + LONGEST),
            ),
            models.CheckConstraint(
                name="held_meeting_has_both_times",
                condition=Q(started_at=None, ended_at=None)
                | (Q(ended_at__gt=F("started_at")) & Q(ended_at__lte=F("started_at") + LONGEST)),
            ),
            models.CheckConstraint(
                name="meeting_closed_at_means_closed",
                condition=Q(state=MeetingState.SCHEDULED, closed_at=None, started_at=None)
                | Q(state=MeetingState.CANCELLED, closed_at__isnull=False, started_at=None)
                | Q(state=MeetingState.HELD, closed_at__isnull=False, started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="meeting_led_by_two_different_people",
                condition=Q(co_counselor=None) | ~Q(co_counselor=F("counselor")),
            ),
            _one_at_a_time("counselor"),
            _one_at_a_time("room", Q(room__isnull=False)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["group", "starts_at"], name="meeting_group_start"),
            models.Index(fields=["counselor", "starts_at"], name="meeting_counselor_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.starts_at:%Y-%m-%d %H:%M}Z"

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
    def about(self) -> str:
        """What it is about, in words: its own subject, else its topic."""
        return self.subject or (self.topic.title if self.topic else "")


class GroupMarkQuerySet(ClientOwnedQuerySet):
    """Marks; who may see the client of the session may see them."""

    client_path = "session__client"


class GroupMark(models.Model):
    """Whether an expected member came: a tap that can be taken back until the meeting is closed."""

    Kind = MarkKind

    session = models.OneToOneField("counseling.Session", models.PROTECT, related_name="group_mark")
    mark = models.CharField(max_length=12, choices=MarkKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = GroupMarkQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(identifying="session", clinical="mark", operational="id at by")

    def __str__(self) -> str:
        return f"{self.pk}"


class NameConfirmationQuerySet(ClientOwnedQuerySet):
    """Confirmations; who may see the client who was named may see them."""


class NameConfirmation(models.Model):
    """Somebody looked: in this very text, the word that is also a member's name is only a word."""

    meeting = models.ForeignKey(GroupMeeting, models.PROTECT, related_name="name_confirmations")
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="+")
    text_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = NameConfirmationQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(identifying="client", operational="id meeting text_hash at by")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "client", "text_hash"], name="one_confirmation_per_text_and_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
