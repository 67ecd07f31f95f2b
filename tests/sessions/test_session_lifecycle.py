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
def test_a_note_only_ever_moves_from_draft_to_signed(before, after):
    note = Note(state=before)
    if (before, after) == (Note.State.DRAFT, Note.State.SIGNED):
        note.move_to(after)
        assert note.is_signed
    else:
        with pytest.raises(InvalidTransition):
            note.move_to(after)


def test_every_field_is_classified():
    for model in (Session, Note, Addendum):
        assert {field.name for field in model._meta.concrete_fields} == set(model.CLASSES)
