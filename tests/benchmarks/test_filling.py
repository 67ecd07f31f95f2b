"""The practice that the pages are measured with: the same in every run, and whole however often the run is stopped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import TruncWeek

from benchmarks import caseload, filling
from casework.followup.models import Message, ToDo
from casework.measures.models import MeasureResult
from casework.staff.models import User
from clients.models import CareTeamMember, Client
from sessions.models import Note, Session, Signature

pytestmark = pytest.mark.django_db

SHAPE = caseload.Shape(counselors=2, caseload=6, past=3)
EACH = {Client: 12, Session: 60, Note: 36, Signature: 36, Message: 96, MeasureResult: 48, ToDo: 48, User: 3}


@pytest.fixture
def admin(db):
    """The test's own line to the database."""
    connection.ensure_connection()
    caseload.begin()
    return connection.connection


def filled(admin, teams, shape=SHAPE):
    tables = caseload.tables(filling.made_at(admin), shape)
    return filling.fill(admin, tables, teams, say=str, tidy=False)


def counted():
    return {model: model.objects.count() for model in EACH}


def test_a_practice_holds_what_its_shape_says(admin):
    assert filled(admin, 2) == 2
    assert counted() == {model: 2 * number for model, number in EACH.items()}
    assert Note.objects.filter(session__counselor=1).count() == 0
    places = CareTeamMember.objects.values("user").annotate(number=Count("pk")).order_by("user")
    assert [(one["user"], one["number"]) for one in places] == [(2, 6), (3, 6), (5, 6), (6, 6)]


def test_a_stopped_run_goes_on_where_it_stopped(admin, monkeypatch):
    real, calls = filling.load, []

    def stopping(*given):
        calls.append(given)
        if len(calls) == 25:  # in the middle of the second team
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(filling, "load", stopping)
    with pytest.raises(KeyboardInterrupt):
        filled(admin, 3)
    assert counted() == EACH
    monkeypatch.setattr(filling, "load", real)
    assert filled(admin, 3) == 2
    assert counted() == {model: 3 * number for model, number in EACH.items()}


def test_filling_again_adds_nothing_and_filling_more_only_the_rest(admin):
    filled(admin, 1)
    before = counted()
    assert filled(admin, 1) == 0
    assert counted() == before
    assert filled(admin, 2) == 1


def test_two_runs_make_the_same_people(admin):
    def people():
        filled(admin, 1)
        found = list(Client.objects.order_by("pk").values_list("uid", "given_name", "family_name"))
        transaction.set_rollback(True)
        return found

    with transaction.atomic():
        first = people()
    with transaction.atomic():
        assert people() == first


def test_notes_open_and_are_what_was_signed(admin):
    filled(admin, 1)
    notes = list(Note.objects.select_related("session", "client", "author").order_by("pk")[:5])
    assert all(note.is_intact and note.sections["data"] for note in notes)
    assert {note.content_hash for note in notes} == {
        one.content_hash for one in Signature.objects.filter(note__in=notes)
    }
    assert MeasureResult.objects.order_by("pk")[0].items["1"] in range(4)


def test_every_week_of_a_counselor_looks_the_same(admin):
    filled(admin, 1)
    weeks = Session.objects.filter(counselor=2).annotate(week=TruncWeek("starts_at")).values("week")
    assert {one["number"] for one in weeks.annotate(number=Count("pk"))} == {6}
    held = Session.objects.filter(counselor=2, state="attended")
    assert held.filter(note=None).exists()
    assert not Session.objects.filter(
        state="scheduled", starts_at__lt=filling.made_at(admin) - timedelta(hours=1)
    )


def test_what_comes_after_gets_numbers_of_its_own(admin):
    filled(admin, 1)
    last = Client.objects.order_by("pk").last()
    new = Client(given_name="Lee", team=last.team, record_number="T-99999", registered_at=last.registered_at)
    new.save()
    assert new.pk > last.pk


def test_all_count_from_the_moment_of_the_first_run(admin):
    at = filling.made_at(admin)
    assert (at.weekday(), at.hour) == (3, 21)
    assert at <= datetime.now(UTC)
    assert filling.made_at(admin, now=datetime(2030, 1, 1, tzinfo=UTC)) == at


def test_another_seed_is_refused(admin, monkeypatch):
    filling.made_at(admin)
    monkeypatch.setattr(filling, "SEED", 1)
    with pytest.raises(ValueError, match="filled from the seed"):
        filling.made_at(admin)
