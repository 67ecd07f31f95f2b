"""Every pair of states, walked through the table."""

from itertools import product

import pytest

from clients.errors import InvalidTransition
from sessions.models import Addendum, Note, Session

S = Session.State
ALLOWED = {
    (S.SCHEDULED, S.IN_PROGRESS),
    (S.SCHEDULED, S.ATTENDED),
    (S.SCHEDULED, S.NO_SHOW),
    (S.SCHEDULED, S.LATE_CANCEL),
    (S.SCHEDULED, S.CANCELLED),
    (S.IN_PROGRESS, S.ATTENDED),
    (S.IN_PROGRESS, S.CANCELLED),
    (S.NO_SHOW, S.IN_PROGRESS),
    (S.NO_SHOW, S.ATTENDED),
}
N = Note.State
NOTE_ALLOWED = {
    (N.DRAFT, N.NEEDS_COSIGN),
    (N.DRAFT, N.FINAL),
    (N.DRAFT, N.DELETED),
    (N.DELETED, N.DRAFT),
    (N.NEEDS_COSIGN, N.FINAL),
    (N.NEEDS_COSIGN, N.RETURNED),
    (N.NEEDS_COSIGN, N.VOIDED),
    (N.RETURNED, N.DRAFT),
    (N.FINAL, N.VOIDED),
}


@pytest.mark.parametrize(("before", "after"), list(product(S, S)), ids=lambda state: str(state.value))
def test_a_session_moves_only_along_its_table(before, after):
    session = Session(state=before)
    if (before, after) in ALLOWED:
        session.move_to(after)
        assert session.state == after
    else:
        with pytest.raises(InvalidTransition):
            session.move_to(after)
        assert session.state == before


@pytest.mark.parametrize(
    ("before", "after"), list(product(Note.State, Note.State)), ids=lambda state: str(state.value)
)
def test_a_note_moves_only_along_its_table(before, after):
    note = Note(state=before)
    if (before, after) in NOTE_ALLOWED:
        note.move_to(after)
        assert note.state == after
    else:
        with pytest.raises(InvalidTransition):
            note.move_to(after)


def test_every_field_is_classified():
    for model in (Session, Note, Addendum):
        assert {field.name for field in model._meta.concrete_fields} == set(model.CLASSES)
