"""Narrative text is ciphertext in the database."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import FieldError
from django.db import connection

from casework.relapse.models import RelapseReport
from clients.encryption import box

pytestmark = pytest.mark.django_db

WORDS = "Two evenings after the move; alone."


@pytest.fixture
def report(alex, now):
    return RelapseReport.objects.create(
        client=alex, stage="mental", reported_at=now, recorded_at=now, source="self_call", narrative=WORDS
    )


def stored(report):
    with connection.cursor() as cursor:
        cursor.execute("SELECT narrative FROM relapse_relapsereport WHERE id = %s", [report.pk])
        return bytes(cursor.fetchone()[0])


def test_it_reads_as_written_and_lies_encrypted(report):
    assert RelapseReport.objects.get().narrative == WORDS
    assert b"evenings" not in stored(report)
    assert box().decrypt(stored(report)).decode() == WORDS


def test_the_same_words_never_look_the_same(report):
    before = stored(report)
    report.save()
    assert stored(report) != before


def test_an_older_key_still_opens_what_it_closed(report, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert RelapseReport.objects.get().narrative == WORDS


def test_without_the_key_nothing_opens(report, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(InvalidToken):
        RelapseReport.objects.get()


@pytest.mark.parametrize("lookup", ["exact", "icontains", "startswith", "in"])
def test_searching_ciphertext_is_a_mistake_and_fails(report, lookup):
    with pytest.raises(FieldError):
        list(RelapseReport.objects.filter(**{f"narrative__{lookup}": ["x"] if lookup == "in" else "x"}))


def test_one_may_ask_whether_there_is_any(report):
    assert RelapseReport.objects.filter(narrative__isnull=False).exists()
