"""Being away and being covered: the verbs, and who stands in for whom at an instant.

Cover is never written into a client's rows: it is asked for by the clock, so that it begins and ends by itself.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Role, Verb, require
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import Absence, Supervision, TeamMembership
from clients.models.absence import AbsenceQuerySet

COVERS = frozenset({Role.COUNSELOR, Role.SUPERVISOR})


def away(users: Iterable[Any], at: datetime) -> dict[int, Absence]:
    """Who of these (people or their numbers) is away at that instant, and how it is arranged. One query."""
    rows = Absence.objects.in_force(at).filter(user__in=list(users)).select_related("user", "cover")
    return {row.user_id: row for row in rows.order_by("pk")}


def stand_in(user: Any, absence: Absence | None) -> Any:
    """Who answers for this person: they, or the cover of their absence; None when they are away without one."""
    person = user if absence is None else absence.cover
    return person if person is not None and person.is_active else None


def covered_by(user: Any, at: datetime) -> Any:
    """The absences in which this person covers at that instant."""
    return Absence.objects.in_force(at).filter(cover=user).select_related("user").order_by("ends_at", "pk")


def covered_people(user: Any, at: datetime) -> Any:
    """The numbers of those for whom this person covers at that instant, as a subquery."""
    return Absence.objects.in_force(at).filter(cover=user).order_by().values("user")


def unattended(at: datetime) -> Any:
    """The numbers of those who are away at that instant with nobody to cover, as a subquery."""
    nobody = Q(cover__isnull=True) | Q(cover__is_active=False)
    return Absence.objects.in_force(at).filter(nobody).order_by().values("user")


def colleagues(supervisor: Any, at: datetime) -> Any:
    """Those whose absence this supervisor may arrange: of their teams, and those whom they supervise in person."""
    day = timezone.localdate(at)
    teams = TeamMembership.objects.on(day).filter(user=supervisor, is_supervisor=True)
    members = TeamMembership.objects.on(day).filter(team__in=teams.values("team"))
    people = Supervision.objects.on(day).filter(supervisor=supervisor)
    users = get_user_model().objects
    theirs = users.filter(pk__in=members.values("user")) | users.filter(pk__in=people.values("supervisee"))
    return theirs.filter(is_active=True, role__in=COVERS).order_by("full_name", "pk")


def known_to(user: Any, at: datetime) -> AbsenceQuerySet:
    """One's own absences, those in which one covers, and those of the people whom one supervises."""
    return _of(user, at, Q(cover=user))


def arranged_by(user: Any, at: datetime) -> AbsenceQuerySet:
    """The absences that this person may change: their own, and those of the people whom they supervise."""
    return _of(user, at, Q(pk__in=[]))


def _of(user: Any, at: datetime, others: Q) -> AbsenceQuerySet:
    theirs = colleagues(user, at).order_by().values("pk")
    return Absence.objects.filter(Q(user=user) | Q(user__in=theirs) | others).select_related("user", "cover")


def may_arrange(by: Any, user: Any, at: datetime) -> bool:
    """The person themselves, and whoever supervises them."""
    return by is None or by.pk == user.pk or colleagues(by, at).filter(pk=user.pk).exists()


@transaction.atomic
def arrange_absence(
    *,
    user: Any,
    starts_at: datetime,
    ends_at: datetime,
    by: Any,
    now: datetime,
    cover: Any = None,
    note: str = "",
) -> Absence:
    """Say that somebody is away and who covers. Raises InvalidInput naming the field, NotAllowed for a stranger."""
    require(by, Verb.ARRANGE_ABSENCE)
    _check_person(user, by=by, now=now)
    _hold(user, cover)
    _check_span(user, starts_at, ends_at, now)
    if cover is not None:
        _check_cover(user, cover, starts_at, ends_at)
    absence = Absence.objects.create(
        user=user,
        starts_at=starts_at,
        ends_at=ends_at,
        cover=cover,
        note=note.strip(),
        made_at=now,
        made_by=by or user,
    )
    audit.record(
        "absence.arranged",
        by=by,
        at=now,
        target=absence,
        user=user.pk,
        cover=cover.pk if cover is not None else None,
        starts_at=starts_at.isoformat(),
        ends_at=ends_at.isoformat(),
    )
    return absence


@transaction.atomic
def end_absence(*, absence_id: int, by: Any, now: datetime) -> Absence:
    """The person is back, or the absence is called off. Raises Conflict when it is over already."""
    absence = _own(absence_id, by=by, now=now)
    _end(absence, by=by, now=now)
    return absence


@transaction.atomic
def change_cover(*, absence_id: int, cover: Any, by: Any, now: datetime) -> Absence:
    """Name somebody else for what is left of an absence; who covered until now stays on record."""
    absence = _own(absence_id, cover, by=by, now=now)
    if cover is not None and absence.cover_id == cover.pk:
        return absence
    until = absence.ends_at
    _end(absence, by=by, now=now)
    return arrange_absence(
        user=absence.user,
        starts_at=absence.ends_at,
        ends_at=until,
        cover=cover,
        note=absence.note,
        by=by,
        now=now,
    )


def _own(absence_id: int, *others: Any, by: Any, now: datetime) -> Absence:
    require(by, Verb.ARRANGE_ABSENCE)
    absence = Absence.objects.select_related("user").get(pk=absence_id)
    _check_person(absence.user, by=by, now=now)
    _hold(absence.user, *others)
    absence.refresh_from_db()
    return absence


def _end(absence: Absence, *, by: Any, now: datetime) -> None:
    if absence.ends_at <= max(now, absence.starts_at):
        raise Conflict(_("This absence is over already."))
    absence.ends_at = max(now, absence.starts_at)
    absence.ended_at, absence.ended_by = now, by or absence.user
    absence.save(update_fields=["ends_at", "ended_at", "ended_by"])
    audit.record("absence.ended", by=by, at=now, target=absence, user=absence.user_id)


def _hold(*people: Any) -> None:
    """Nobody else arranges anything for these people until the transaction ends; in one order, so that none wait
    for each other."""
    ids = sorted({person.pk for person in people if person is not None})
    list(get_user_model().objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def _check_person(user: Any, *, by: Any, now: datetime) -> None:
    if user.role not in COVERS or not user.is_active:
        raise InvalidInput(_("Only counselors and supervisors have clients to cover for."), field="user")
    if not may_arrange(by, user, now):
        raise NotAllowed(_("An absence is arranged by the person themselves or by their supervisor."))


def _check_span(user: Any, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise InvalidInput(_("It must end later than it begins."), field="ends_at")
    if ends_at <= now:
        raise InvalidInput(_("This lies in the past. Say until when somebody has to cover."), field="ends_at")
    other = Absence.objects.touching(starts_at, ends_at).filter(user=user).order_by("starts_at").first()
    if other is not None:
        raise InvalidInput(
            _("%(name)s is away already from %(start)s until %(end)s. Change or end that one first.")
            % {"name": user.short_name, **_said(other)},
            field="starts_at",
        )
    duty = Absence.objects.touching(starts_at, ends_at).filter(cover=user).select_related("user")
    for one in duty.order_by("starts_at")[:1]:
        raise InvalidInput(
            _("%(name)s covers for %(other)s from %(start)s until %(end)s. Name another cover there first.")
            % {"name": user.short_name, "other": one.user.short_name, **_said(one)},
            field="starts_at",
        )


def _check_cover(user: Any, cover: Any, starts_at: datetime, ends_at: datetime) -> None:
    if cover.pk == user.pk:
        raise InvalidInput(_("Name somebody else: nobody covers for themselves."), field="cover")
    if not cover.is_active or cover.role not in COVERS:
        raise InvalidInput(
            _("Only a counselor or a supervisor who works here can cover. Choose another person."),
            field="cover",
        )
    if user.role == Role.SUPERVISOR and cover.role != Role.SUPERVISOR:
        raise InvalidInput(
            _("Some decisions are a supervisor's. Choose a supervisor to cover for %(name)s.")
            % {"name": user.short_name},
            field="cover",
        )
    theirs = Absence.objects.touching(starts_at, ends_at).filter(user=cover).order_by("starts_at")
    for one in theirs[:1]:
        raise InvalidInput(
            _("%(name)s is away too, from %(start)s until %(end)s. Choose another person.")
            % {"name": cover.short_name, **_said(one)},
            field="cover",
        )


def _said(absence: Absence) -> dict[str, str]:
    """Its ends as people read them, on the practice's clock."""
    ends = {"start": absence.starts_at, "end": absence.ends_at}
    return {key: date_format(timezone.localtime(at), "j M, H:i") for key, at in ends.items()}
