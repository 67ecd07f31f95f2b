"""Away and covered: what may be arranged, who sees whom meanwhile, and that it all comes back by the clock."""

import threading
from datetime import date, timedelta

import pytest
from django.db import DataError, IntegrityError, close_old_connections, transaction
from django.utils import timezone

from clients import absences
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import Absence, AuditEvent, Client, ContactPoint, Supervision
from tests import factories

pytestmark = pytest.mark.django_db

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def lee(team):
    """Lee, a counselor of Dana's team."""
    return factories.counselor("Lee Park", team=team)


@pytest.fixture
def noor(team):
    """Noor, who supervises the team beside Sam."""
    return factories.supervisor("Noor Aziz", team=team)


def stand_in(user, at):
    return absences.stand_in(user, absences.away([user.pk], at).get(user.pk))


def away(user, cover, now, *, by=None, start=None, end=None, note=""):
    return absences.arrange_absence(
        user=user,
        cover=cover,
        starts_at=start or now,
        ends_at=end or now + 2 * DAY,
        by=by or user,
        now=now,
        note=note,
    )


def seen(user, at):
    return set(Client.objects.visible_to(user, at=at))


# --- who sees whom ---
def test_the_cover_sees_the_clients_from_the_first_second_to_the_last(dana, lee, alex, now):
    row = away(dana, lee, now, start=now + HOUR)
    assert seen(lee, row.starts_at - SECOND) == set()
    assert seen(lee, row.starts_at) == {alex}
    assert seen(lee, row.ends_at - SECOND) == {alex}
    assert seen(lee, row.ends_at) == set()


def test_who_is_away_still_sees_the_own_clients(dana, lee, alex, now):
    away(dana, lee, now)
    assert seen(dana, now) == {alex}


def test_what_belongs_to_the_clients_follows(dana, lee, alex, now):
    away(dana, lee, now)
    assert ContactPoint.objects.visible_to(lee, at=now).count() == 1
    assert not ContactPoint.objects.visible_to(lee, at=now + 2 * DAY).exists()


def test_a_covered_supervisors_teams_are_seen_by_who_covers(sam, dana, alex, practice, now):
    other = factories.supervisor("Noor Aziz", team=factories.TeamFactory(site__practice=practice))
    assert seen(other, now) == set()
    away(sam, other, now)
    assert seen(other, now) == {alex}
    assert seen(other, now + 2 * DAY) == set()


def test_those_whom_an_absent_supervisor_supervises_in_person_are_seen_too(robin, practice, now):
    theirs = factories.client_of(robin, team=factories.TeamFactory(site__practice=practice))
    first = factories.supervisor("Ines", team=factories.TeamFactory(site__practice=practice))
    second = factories.supervisor("Noor", team=factories.TeamFactory(site__practice=practice))
    Supervision.objects.create(supervisor=first, supervisee=robin, from_on=date(2026, 1, 1))
    away(first, second, now)
    assert seen(second, now) == {theirs}


def test_cover_is_not_handed_on(dana, lee, robin, alex, now):
    """Robin stands in for Lee only after Lee's own cover for Dana has ended."""
    away(dana, lee, now)
    away(lee, robin, now, start=now + 2 * DAY, end=now + 3 * DAY)
    assert seen(robin, now + 2 * DAY + HOUR) == set()


def test_the_cover_finds_the_client_by_name_while_it_lasts(dana, lee, alex, now):
    away(dana, lee, now)
    assert list(Client.objects.visible_to(lee, at=now).matching("Moreno")) == [alex]
    assert not Client.objects.visible_to(lee, at=now + 2 * DAY).matching("Moreno").exists()


# --- who may arrange it ---
def test_the_supervisor_arranges_it_and_the_trail_says_who(dana, lee, sam, now):
    row = away(dana, lee, now, by=sam, note="  Ill. ")
    event = AuditEvent.objects.get(verb="absence.arranged")
    assert (row.made_by, row.note) == (sam, "Ill.")
    assert (event.actor_id, event.detail["user"], event.detail["cover"]) == (sam.pk, dana.pk, lee.pk)
    assert "Ill" not in str(event.detail)


def test_a_supervisor_in_person_may_arrange_it_too(dana, lee, practice, now):
    other = factories.supervisor("Noor", team=factories.TeamFactory(site__practice=practice))
    with pytest.raises(NotAllowed):
        away(dana, lee, now, by=other)
    Supervision.objects.create(supervisor=other, supervisee=dana, from_on=date(2026, 1, 1))
    assert away(dana, lee, now, by=other).user == dana


@pytest.mark.parametrize("who", ["robin", "lee", "audrey", "ada"])
def test_nobody_else_does(request, dana, lee, now, who):
    with pytest.raises(NotAllowed):
        away(dana, lee, now, by=request.getfixturevalue(who))
    assert not Absence.objects.exists()


def test_only_those_with_clients_are_covered_for(ada, lee, now):
    with pytest.raises(InvalidInput) as declined:
        absences.arrange_absence(user=ada, cover=lee, starts_at=now, ends_at=now + DAY, by=None, now=now)
    assert declined.value.field == "user"


def test_colleagues_are_those_of_the_teams_and_those_supervised_in_person(sam, dana, lee, robin, ada, now):
    assert set(absences.colleagues(sam, now)) == {sam, dana, lee}
    Supervision.objects.create(supervisor=sam, supervisee=robin, from_on=date(2026, 1, 1))
    assert set(absences.colleagues(sam, now)) == {sam, dana, lee, robin}
    assert not absences.colleagues(dana, now).exists()


# --- what is declined, naming the field ---
def test_overlapping_ones_are_declined_and_back_to_back_is_none(dana, lee, now):
    first = away(dana, lee, now, start=now + DAY, end=now + 2 * DAY)
    for start, end in [
        (now, now + DAY + SECOND),
        (now + 2 * DAY - SECOND, now + 3 * DAY),
        (now, now + 4 * DAY),
        (now + 30 * HOUR, now + 31 * HOUR),
    ]:
        with pytest.raises(InvalidInput, match="Dana is away already") as declined:
            away(dana, lee, now, start=start, end=end)
        assert declined.value.field == "starts_at"
    away(dana, lee, now, start=now, end=first.starts_at)
    away(dana, lee, now, start=first.ends_at, end=now + 3 * DAY)
    assert Absence.objects.count() == 3


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [(HOUR, HOUR, "later than it begins"), (2 * HOUR, HOUR, "later"), (-2 * HOUR, -HOUR, "past")],
)
def test_an_end_that_makes_no_sense_is_declined(dana, lee, now, start, end, says):
    with pytest.raises(InvalidInput, match=says) as declined:
        away(dana, lee, now, start=now + start, end=now + end)
    assert declined.value.field == "ends_at"


def test_who_fell_ill_this_morning_is_away_since_this_morning(dana, lee, now):
    assert away(dana, lee, now, start=now - 3 * HOUR).holds(now)


def test_a_cover_who_is_away_too_is_declined_at_the_edges_as_well(dana, lee, robin, now):
    away(lee, robin, now, start=now + DAY, end=now + 2 * DAY)
    for start, end in [(now, now + DAY + SECOND), (now + 2 * DAY - SECOND, now + 3 * DAY)]:
        away_too = "Lee is away too, from 12 Mar, 11:00 until 13 Mar, 11:00"
        with timezone.override("America/New_York"), pytest.raises(InvalidInput, match=away_too) as no:
            away(dana, lee, now, start=start, end=end)
        assert no.value.field == "cover"
    assert away(dana, lee, now, start=now, end=now + DAY).cover == lee


def test_who_covers_cannot_be_away_before_somebody_else_covers(dana, lee, robin, now):
    row = away(dana, lee, now)
    with pytest.raises(InvalidInput, match="Lee covers for Dana") as declined:
        away(lee, robin, now, start=now + DAY)
    assert declined.value.field == "starts_at"
    absences.change_cover(absence_id=row.pk, cover=robin, by=dana, now=now + HOUR)
    assert away(lee, None, now, start=now + DAY).user == lee


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_only_somebody_who_cares_for_clients_can_cover(request, dana, now, who):
    with pytest.raises(InvalidInput, match="Only a counselor or a supervisor") as declined:
        away(dana, request.getfixturevalue(who), now)
    assert declined.value.field == "cover"


def test_somebody_switched_off_cannot_cover(dana, lee, now):
    lee.is_active = False
    lee.save()
    with pytest.raises(InvalidInput, match="works here"):
        away(dana, lee, now)


def test_nobody_covers_for_themselves(dana, now):
    with pytest.raises(InvalidInput, match="nobody covers") as declined:
        away(dana, dana, now)
    assert declined.value.field == "cover"


def test_a_supervisor_is_covered_by_a_supervisor(sam, dana, noor, now):
    with pytest.raises(InvalidInput, match="Choose a supervisor") as declined:
        away(sam, dana, now)
    assert declined.value.field == "cover"
    assert away(sam, noor, now).cover == noor


def test_a_supervisor_can_cover_for_a_counselor(dana, sam, alex, now):
    away(dana, sam, now)
    assert stand_in(dana, now) == sam


# --- ending ---
def test_ended_early_everything_comes_back_at_that_second(dana, lee, alex, now):
    row = away(dana, lee, now)
    back = now + HOUR
    ended = absences.end_absence(absence_id=row.pk, by=dana, now=back)
    assert (ended.ends_at, ended.ended_at, ended.ended_by) == (back, back, dana)
    assert seen(lee, back - SECOND) == {alex}
    assert seen(lee, back) == set()


def test_called_off_before_it_begins_it_never_holds(dana, lee, alex, now):
    row = away(dana, lee, now, start=now + DAY)
    absences.end_absence(absence_id=row.pk, by=dana, now=now + HOUR)
    row.refresh_from_db()
    assert row.starts_at == row.ends_at
    assert seen(lee, now + DAY) == set()
    away(dana, lee, now, start=now, end=now + 2 * DAY)  # and is in nobody's way


def test_what_is_over_cannot_be_ended_again(dana, lee, now):
    row = away(dana, lee, now)
    with pytest.raises(Conflict):
        absences.end_absence(absence_id=row.pk, by=dana, now=row.ends_at)
    absences.end_absence(absence_id=row.pk, by=dana, now=now + HOUR)
    with pytest.raises(Conflict):
        absences.end_absence(absence_id=row.pk, by=dana, now=now + HOUR)


def test_a_stranger_cannot_end_it(dana, lee, robin, now):
    row = away(dana, lee, now)
    with pytest.raises(NotAllowed):
        absences.end_absence(absence_id=row.pk, by=robin, now=now)


def test_another_cover_for_the_rest_keeps_who_covered_before(dana, lee, robin, alex, now):
    row = away(dana, lee, now)
    rest = absences.change_cover(absence_id=row.pk, cover=robin, by=dana, now=now + HOUR)
    assert (rest.starts_at, rest.ends_at) == (now + HOUR, now + 2 * DAY)
    assert (seen(lee, now), seen(robin, now)) == ({alex}, set())
    assert (seen(lee, now + HOUR), seen(robin, now + HOUR)) == (set(), {alex})
    assert absences.change_cover(absence_id=rest.pk, cover=robin, by=dana, now=now + HOUR) == rest


def test_a_cover_that_is_declined_changes_nothing(dana, lee, robin, now):
    away(robin, None, now)
    row = away(dana, lee, now)
    with pytest.raises(InvalidInput):
        absences.change_cover(absence_id=row.pk, cover=robin, by=dana, now=now + HOUR)
    row.refresh_from_db()
    assert (row.cover, row.ended_at, Absence.objects.filter(user=dana).count()) == (lee, None, 1)


# --- what the clock says ---
def test_who_stands_in(dana, lee, now):
    away(dana, lee, now)
    assert stand_in(dana, now) == lee
    assert stand_in(dana, now + 2 * DAY) == dana
    assert [row.user for row in absences.covered_by(lee, now)] == [dana]
    assert not absences.covered_by(lee, now + 2 * DAY).exists()


def test_away_without_cover_nobody_stands_in(dana, now):
    away(dana, None, now)
    assert stand_in(dana, now) is None


def test_a_cover_switched_off_meanwhile_no_longer_stands_in(dana, lee, alex, now):
    away(dana, lee, now)
    lee.is_active = False
    lee.save()
    assert stand_in(dana, now) is None
    assert seen(lee, now) == set()


def test_somebody_switched_off_does_not_stand_in_for_themselves(dana, now):
    dana.is_active = False
    assert stand_in(dana, now) is None


# --- the database keeps it ---
def make(user, now, start, end, **fields):
    return Absence.objects.create(
        user=user, starts_at=start, ends_at=end, made_at=now, made_by=user, **fields
    )


def test_the_database_knows_one_absence_at_a_time(dana, lee, now):
    make(dana, now, now, now + DAY)
    make(lee, now, now, now + DAY)
    make(dana, now, now + HOUR, now + HOUR)  # called off: in nobody's way
    with pytest.raises(IntegrityError, match="one_absence_at_a_time"), transaction.atomic():
        make(dana, now, now + DAY - SECOND, now + 2 * DAY)
    make(dana, now, now + DAY, now + 2 * DAY)


def test_the_database_declines_what_makes_no_sense(dana, now):
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        make(dana, now, now, now - DAY)
    with pytest.raises(IntegrityError, match="nobody_covers_themselves"), transaction.atomic():
        make(dana, now, now, now + DAY, cover=dana)
    with pytest.raises(IntegrityError, match="absence_ended_at_and_by"), transaction.atomic():
        make(dana, now, now, now + DAY, ended_at=now)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_name_each_other_at_once_one_is_told(dana, lee, now):
    """Dana names Lee while Lee goes away with Dana as cover: whoever comes second is told."""
    both, outcomes = threading.Barrier(2), []

    def arrange(user, cover):
        both.wait()
        try:
            outcomes.append(away(user, cover, now))
        except InvalidInput as declined:
            outcomes.append(declined)
        finally:
            close_old_connections()
            from django.db import connection

            connection.close()

    threads = [threading.Thread(target=arrange, args=pair) for pair in [(dana, lee), (lee, dana)]]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(type(one).__name__ for one in outcomes) == ["Absence", "InvalidInput"]
    assert Absence.objects.count() == 1
