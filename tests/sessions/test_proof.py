"""Who signs proves once more who they are (clinical.md §9.2)."""

from datetime import timedelta

import pytest

from clients.errors import NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.models import Note
from sessions.proof import NotProven, check_proof, prove
from tests.sessions.conftest import PASSWORD, held, signed

MINUTE = timedelta(minutes=1)


def test_the_right_password_proves_now(dana, now):
    assert prove(dana, PASSWORD, now=now) == now
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("wrong", ["", "nonsense", PASSWORD.upper()])
def test_a_wrong_one_proves_nothing_and_is_kept(dana, now, wrong):
    with pytest.raises(NotProven, match="Nothing was signed") as refusal:
        prove(dana, wrong, now=now)
    assert refusal.value.field == "password"
    row = AuditEvent.objects.get(verb="signature.not_proven")
    assert (row.actor_id, row.detail) == (dana.pk, {})


def test_after_five_wrong_ones_even_the_right_one_waits_a_quarter_of_an_hour(dana, sam, now):
    for _ in range(5):
        with pytest.raises(NotProven):
            prove(dana, "nonsense", now=now)
    with pytest.raises(NotProven, match="Too many"):
        prove(dana, PASSWORD, now=now + 14 * MINUTE)
    assert prove(sam, PASSWORD, now=now) == now
    assert prove(dana, PASSWORD, now=now + 15 * MINUTE)


@pytest.mark.parametrize(("age", "holds"), [(0, True), (5, True), (6, False), (-1, False)])
def test_a_proof_holds_for_five_minutes_and_not_from_the_future(dana, now, age, holds):
    if holds:
        check_proof(dana, proven_at=now - age * MINUTE, now=now)
    else:
        with pytest.raises(NotAllowed, match="once more"):
            check_proof(dana, proven_at=now - age * MINUTE, now=now)


def test_no_signature_of_any_kind_is_given_on_an_old_proof(draft, signed_note_of_another_day, dana, now):
    old = now - 6 * MINUTE
    with pytest.raises(NotAllowed):
        actions.sign(session_id=draft.session_id, version=1, by=dana, now=now, proven_at=old)
    with pytest.raises(NotAllowed):
        actions.add_addendum(
            note_id=signed_note_of_another_day.pk, text="x", reason="y", by=dana, now=now, proven_at=old
        )
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.fixture
def signed_note_of_another_day(alex, dana, now) -> Note:
    return signed(held(alex, dana, ended_at=now - timedelta(days=2)), now=now - timedelta(days=2))
