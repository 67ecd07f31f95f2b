"""Text taken over from an earlier note is marked, and must be edited before anything is signed (clinical.md §9.1)."""

from datetime import timedelta

import pytest

from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.models import Note
from tests import factories
from tests.sessions.conftest import WORDS, drafted, held, signed

DAY = timedelta(days=1)


@pytest.fixture
def earlier(alex, dana, now) -> Note:
    return signed(held(alex, dana, ended_at=now - 7 * DAY), now=now - 7 * DAY, data="Last week was calm.")


def carry(note, earlier, by, now, fields=("data",), version=None):
    return actions.carry_forward(
        session_id=note.session_id,
        version=version or note.version,
        from_id=earlier.pk,
        fields=list(fields),
        by=by,
        now=now,
    )


def sign(note, by, now):
    return actions.sign(session_id=note.session_id, version=note.version, by=by, now=now, proven_at=now)


def edited(note, by, now, **changes):
    sections = {**note.sections, **changes}
    return actions.save_draft(
        session_id=note.session_id, version=note.version, sections=sections, by=by, now=now
    )


def test_carried_text_is_marked_and_says_where_from(session_held, earlier, dana, now):
    note = carry(drafted(session_held, now=now, data=""), earlier, dana, now)
    note.refresh_from_db()
    assert note.sections["data"] == "Last week was calm."
    assert note.carried_text == {"data": "Last week was calm."}
    assert (note.carried_from, note.version) == (earlier, 2)
    row = AuditEvent.objects.get(verb="note.carried_forward")
    assert row.detail == {"source": earlier.pk, "fields": ["data"]}


def test_it_goes_beneath_what_is_written_already(draft, earlier, dana, now):
    note = carry(draft, earlier, dana, now)
    assert note.sections["data"] == f"{WORDS['data']}\n\nLast week was calm."


def test_unedited_it_is_not_signed_and_the_field_is_named(session_held, earlier, dana, now):
    note = carry(drafted(session_held, now=now), earlier, dana, now, fields=("data", "plan"))
    with pytest.raises(actions.Unedited, match="Data, Plan") as refusal:
        sign(note, dana, now)
    assert refusal.value.fields == ["data", "plan"]
    note = edited(note, dana, now, data="Calmer than last week.")
    with pytest.raises(actions.Unedited) as refusal:
        sign(note, dana, now)
    assert refusal.value.fields == ["plan"]
    note = edited(note, dana, now, plan="Call on Monday.")
    done = sign(note, dana, now)
    assert done.state == "final"
    assert sorted(done.carried_text) == ["data", "plan"]  # that they were taken over stays to be read
    assert done.is_intact


def test_blanks_are_no_edit(session_held, earlier, dana, now):
    note = carry(drafted(session_held, now=now, data=""), earlier, dana, now)
    note = edited(note, dana, now, data="Last  week was\n\ncalm. ")
    with pytest.raises(actions.Unedited):
        sign(note, dana, now)


def test_the_mark_goes_along_into_another_format(session_held, earlier, dana, now):
    note = carry(drafted(session_held, now=now, data=""), earlier, dana, now)
    note = actions.save_draft(
        session_id=note.session_id, version=2, sections=note.sections, format="soap", by=dana, now=now
    )
    assert note.carried_text == {"subjective": "Last week was calm."}
    note = edited(note, dana, now, objective="Looked rested.")
    with pytest.raises(actions.Unedited) as refusal:
        sign(note, dana, now)
    assert refusal.value.fields == ["subjective"]


def test_a_mark_on_a_field_that_both_formats_have_stays_there(session_held, earlier, dana, now):
    note = carry(drafted(session_held, now=now, plan=""), earlier, dana, now, fields=("plan",))
    note = actions.save_draft(
        session_id=note.session_id, version=2, sections=note.sections, format="birp", by=dana, now=now
    )
    assert note.carried_text == {"plan": WORDS["plan"]}


@pytest.mark.parametrize("field", ["subjective", "risk", "gossip"])
def test_only_parts_that_both_notes_have_are_taken_over(draft, earlier, dana, now, field):
    with pytest.raises(InvalidInput):
        carry(draft, earlier, dana, now, fields=(field,))


def test_nothing_is_taken_from_another_client_a_draft_or_the_note_itself(draft, alex, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim", family_name="Sato")
    of_kim = signed(held(kim, dana, ended_at=now - 7 * DAY), now=now - 7 * DAY)
    begun = drafted(held(alex, dana, ended_at=now - 3 * DAY), now=now)
    for source in (of_kim, begun, draft):
        with pytest.raises(InvalidInput, match="earlier signed note"):
            carry(draft, source, dana, now)


def test_a_draft_that_moved_on_is_not_written_over(draft, earlier, dana, now):
    edited(draft, dana, now, data="More")
    with pytest.raises(actions.StaleDraft):
        carry(draft, earlier, dana, now, version=1)


def test_without_a_draft_there_is_nothing_to_carry_into(session_held, earlier, dana, now):
    with pytest.raises(Conflict):
        actions.carry_forward(
            session_id=session_held.pk, version=0, from_id=earlier.pk, fields=["data"], by=dana, now=now
        )


def test_nobody_carries_into_anothers_draft_or_a_signed_note(draft, earlier, dana, sam, now):
    with pytest.raises(NotAllowed):
        carry(draft, earlier, sam, now)
    sign(draft, dana, now)
    with pytest.raises(InvalidTransition):
        carry(draft, earlier, dana, now)
