"""After signing no path leads to a change: not the action, not the ORM, not SQL, not even as the owner."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from clients.errors import InvalidTransition
from clients.models import AuditEvent
from sessions import actions
from sessions.models import Addendum, Note, Session


@pytest.fixture
def addendum(signed_note, dana, now) -> Addendum:
    return actions.add_addendum(
        note_id=signed_note.pk,
        text="Also met the sister.",
        reason="Left out",
        by=dana,
        now=now,
        proven_at=now,
    )


def run(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as after a commit
        cursor.execute(sql, values)


def test_the_author_cannot_edit_any_more_and_the_attempt_is_kept(signed_note, dana, now):
    with pytest.raises(InvalidTransition, match="addendum"):
        actions.save_draft(
            session_id=signed_note.session_id,
            version=signed_note.version,
            sections={"data": "x"},
            by=dana,
            now=now,
        )
    refused = AuditEvent.objects.get(verb="note.refused")
    assert (refused.actor_id, refused.client_id) == (dana.pk, signed_note.client_id)
    assert refused.detail == {"act": "save_draft", "why": "invalid_transition"}


def test_saving_the_model_is_refused_by_the_database(signed_note):
    note = Note.objects.get(pk=signed_note.pk)
    note.sections = {"data": "rewritten"}
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        note.save()
    assert Note.objects.get().is_intact


@pytest.mark.parametrize(
    "changes", [{"state": "draft"}, {"version": 9}, {"content": "{}"}, {"late_reason": "x"}]
)
def test_bulk_updates_are_refused_by_the_database(signed_note, changes):
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        Note.objects.update(**changes)


def test_deleting_is_refused_by_the_database(signed_note):
    with pytest.raises(IntegrityError), transaction.atomic():
        signed_note.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE counseling_note SET saved_at = now()",
        "UPDATE counseling_note SET state = 'draft', signed_at = NULL, signed_by_id = NULL, content_hash = ''",
        "DELETE FROM counseling_note",
        "TRUNCATE counseling_note CASCADE",
        "TRUNCATE counseling_session CASCADE",
        "UPDATE counseling_addendum SET signed_at = now()",
        "DELETE FROM counseling_addendum",
        "TRUNCATE counseling_addendum CASCADE",
    ],
)
def test_raw_sql_of_the_owner_is_refused(signed_note, addendum, sql):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'counseling_note'")
        assert cursor.fetchone() == (True,)
    with pytest.raises(IntegrityError, match="refused"):
        run(sql)
    assert Note.objects.get().is_intact
    assert Addendum.objects.get().is_intact


@pytest.mark.parametrize(
    "change",
    [
        "starts_at = starts_at - interval '1 day', ends_at = ends_at - interval '1 day'",
        "state = 'no_show'",
        "modality = 'phone'",
    ],
)
def test_the_facts_of_the_session_that_was_signed_for_stay_too(signed_note, change):
    with pytest.raises(IntegrityError, match="facts stay"):
        run(f"UPDATE counseling_session SET {change}")


def test_the_session_of_a_signed_note_cannot_be_deleted(signed_note):
    with pytest.raises(IntegrityError):
        run("DELETE FROM counseling_session")
    assert Session.objects.exists()


def test_a_draft_can_still_be_changed_in_the_database(draft):
    assert Note.objects.update(saved_at=draft.saved_at + timedelta(minutes=1)) == 1


def test_the_application_role_has_lost_the_right_to_change_addenda(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APP_ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {settings.DATABASE_APP_ROLE}")
        cursor.execute(
            "SELECT bool_or(has_table_privilege(%s, 'counseling_addendum', p))"
            " FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p",
            [settings.DATABASE_APP_ROLE],
        )
        assert cursor.fetchone() == (False,)
