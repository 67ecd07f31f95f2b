"""Narrative text is ciphertext in the database."""

import pytest
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.exceptions import FieldError
from django.db import connection

from casework.relapse.models import RelapseReport
from clients.encryption import FORMAT, KEY_ID, EncryptedTextField, box

pytestmark = pytest.mark.django_db

WORDS = "Two evenings after the move; alone."


@pytest.fixture
def report(alex, now):
    return RelapseReport.objects.create(
        client=alex, stage="mental", reported_at=now, recorded_at=now, source="self_call", narrative=WORDS
    )


def overwrite(report, value):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE relapse_relapsereport SET narrative = %s WHERE id = %s", [value, report.pk])


def stored(report):
    with connection.cursor() as cursor:
        cursor.execute("SELECT narrative FROM relapse_relapsereport WHERE id = %s", [report.pk])
        return bytes(cursor.fetchone()[0])


def test_it_reads_as_written_and_lies_encrypted(report):
    assert RelapseReport.objects.get().narrative == WORDS
    assert b"evenings" not in stored(report)
    assert box().open(stored(report), b"relapse_relapsereport.narrative") == WORDS


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


def test_what_an_older_release_wrote_still_opens_and_is_closed_anew_when_saved(report, settings):
    old = MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])
    overwrite(report, old.encrypt(WORDS.encode()))
    kept = RelapseReport.objects.get()
    assert kept.narrative == WORDS
    kept.save()
    assert stored(report)[:1] == FORMAT
    assert RelapseReport.objects.get().narrative == WORDS


def test_a_token_of_an_older_release_opens_with_an_older_key(report, settings):
    overwrite(report, Fernet(settings.FIELD_KEYS[0]).encrypt(WORDS.encode()))
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert RelapseReport.objects.get().narrative == WORDS


def test_a_new_key_closes_what_is_saved_from_then_on(report, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    before = stored(report)
    RelapseReport.objects.get().save()
    assert stored(report)[KEY_ID] != before[KEY_ID]
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert RelapseReport.objects.get().narrative == WORDS


@pytest.mark.parametrize("at", [0, 1, 5, 17, -1], ids=["format", "key", "nonce", "words", "tag"])
def test_a_changed_byte_is_found_wherever_it_is(report, at):
    changed = bytearray(stored(report))
    changed[at] ^= 1
    overwrite(report, bytes(changed))
    with pytest.raises(InvalidToken):
        RelapseReport.objects.get()


@pytest.mark.parametrize("left", [1, 5, 9, 16, 20])
def test_what_was_cut_off_does_not_open(report, left):
    with pytest.raises(InvalidToken):
        box().open(stored(report)[:left], b"relapse_relapsereport.narrative")


def test_ciphertext_moved_to_another_column_does_not_open(report):
    sealed = stored(report)
    with pytest.raises(InvalidToken):
        box().open(sealed, b"followup_message.body")


def test_a_renamed_column_may_keep_the_context_of_its_old_name():
    field = EncryptedTextField(context="old_table.words")
    _name, _path, args, kwargs = field.deconstruct()
    assert kwargs == {"context": "old_table.words"}
    assert EncryptedTextField(*args, **kwargs).context == b"old_table.words"
    assert EncryptedTextField().deconstruct()[3] == {}


def test_a_key_of_the_wrong_length_is_refused(settings):
    settings.FIELD_KEYS = ["c2hvcnQ="]
    with pytest.raises(ValueError, match="32"):
        box()


@pytest.mark.parametrize("lookup", ["exact", "icontains", "startswith", "in"])
def test_searching_ciphertext_is_a_mistake_and_fails(report, lookup):
    with pytest.raises(FieldError):
        list(RelapseReport.objects.filter(**{f"narrative__{lookup}": ["x"] if lookup == "in" else "x"}))


def test_one_may_ask_whether_there_is_any(report):
    assert RelapseReport.objects.filter(narrative__isnull=False).exists()
