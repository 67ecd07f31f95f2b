"""The note that a meeting's members share, each member's own part, and no member's name in another's."""

from datetime import timedelta

import pytest
from django.db import connection

from casework.followup.actions import groups as composite
from casework.followup.actions import merging
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions.actions import StaleDraft, add_addendum, sign
from sessions.actions.group_names import NamesAnother, refuse_named, roster_of, text_key
from sessions.actions.group_notes import StaleShared, file_notes, save_part, save_shared
from sessions.models import GroupMeeting, NameConfirmation, Note
from tests import factories
from tests.sessions.grouping import HOUR, begun, marked, member, met

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OWN = {"part": "Listened, then spoke of the weekend.", "plan": "Bring the diary.", "risk": "none"}


@pytest.fixture
def group(dana, team, now):
    return begun(dana, now=now - 30 * DAY, team=team)


@pytest.fixture
def cast(group, alex, dana, team, now):
    """Alex, Will and Núria in Dana's group; Will does not come."""
    at = now - 20 * DAY
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=at)
    will = member(group, dana, team, now=at, given_name="William", family_name="Young", chosen_name="Will")
    nuria = member(group, dana, team, now=at, given_name="Núria", family_name="Prat")
    return {"alex": alex, "will": will, "nuria": nuria}


@pytest.fixture
def meeting(group, cast, dana, now) -> GroupMeeting:
    """Held, an hour ago."""
    found = met(group, dana, starts_at=now - 3 * HOUR, now=now - DAY)
    return marked(found, dana, now=now - HOUR, **{f"_{cast['will'].pk}": "absent"})


@pytest.fixture
def shared(meeting, dana, now) -> GroupMeeting:
    return save_shared(meeting_id=meeting.pk, version=0, text="Urge surfing, in pairs.", by=dana, now=now)


def session_of(meeting, client):
    return meeting.sessions.get(client=client)


def part(meeting, client, dana, now, version=0, **changed) -> Note:
    return save_part(
        session_id=session_of(meeting, client).pk,
        version=version,
        sections={**OWN, **changed},
        by=dana,
        now=now,
    )


def filed(meeting, dana, now, **said) -> list[Note]:
    meeting.refresh_from_db()
    return file_notes(meeting_id=meeting.pk, version=meeting.shared_version, by=dana, now=now, **said)


# --- the shared draft ---
def test_the_shared_text_is_kept_with_its_version(meeting, dana, now):
    first = save_shared(meeting_id=meeting.pk, version=0, text="Urges.", by=dana, now=now)
    second = save_shared(meeting_id=meeting.pk, version=1, text="Urges, in pairs.", by=dana, now=now)
    assert (first.shared_version, second.shared_version, second.shared_text) == (1, 2, "Urges, in pairs.")
    assert second.shared_saved_at == now


def test_a_newer_shared_text_is_never_overwritten(shared, dana, now):
    with pytest.raises(StaleShared) as refused:
        save_shared(meeting_id=shared.pk, version=0, text="Something else.", by=dana, now=now)
    assert refused.value.stored.shared_text == "Urge surfing, in pairs."


def test_words_already_stored_are_no_conflict(shared, dana, now):
    again = save_shared(meeting_id=shared.pk, version=0, text=shared.shared_text, by=dana, now=now + HOUR)
    assert (again.shared_version, again.shared_saved_at) == (1, now)


def test_only_who_leads_the_meeting_writes_and_files_its_note(shared, sam, now):
    with pytest.raises(NotAllowed, match="Dana Reyes"):
        save_shared(meeting_id=shared.pk, version=1, text="Mine.", by=sam, now=now)
    with pytest.raises(NotAllowed):
        filed(shared, sam, now)


@pytest.mark.parametrize("text", ["\x00", "x" * 50_001])
def test_a_shared_text_that_cannot_be_kept_is_declined(meeting, dana, now, text):
    with pytest.raises(InvalidInput) as refused:
        save_shared(meeting_id=meeting.pk, version=0, text=text, by=dana, now=now)
    assert refused.value.field == "group"


def test_the_shared_text_is_encrypted_in_the_table(shared):
    with connection.cursor() as cursor:
        cursor.execute("SELECT shared_text FROM counseling_groupmeeting WHERE id = %s", [shared.pk])
        assert b"surfing" not in bytes(cursor.fetchone()[0])


# --- filing ---
def test_filing_gives_everybody_who_came_a_draft_with_the_same_words(shared, cast, dana, now):
    part(shared, cast["alex"], dana, now)
    notes = filed(shared, dana, now)
    assert {note.client for note in notes} == {cast["alex"], cast["nuria"]}
    assert {note.sections["group"] for note in notes} == {"Urge surfing, in pairs."}
    assert {note.format for note in notes} == {"group"}
    own = next(note for note in notes if note.client == cast["alex"])
    assert (own.sections["part"], own.state) == (OWN["part"], "draft")


def test_filing_again_brings_the_new_words_and_keeps_each_part(shared, cast, dana, now):
    part(shared, cast["alex"], dana, now)
    filed(shared, dana, now)
    save_shared(meeting_id=shared.pk, version=1, text="Urge surfing, alone.", by=dana, now=now)
    notes = {note.client: note for note in filed(shared, dana, now)}
    assert notes[cast["alex"]].sections["group"] == "Urge surfing, alone."
    assert notes[cast["alex"]].sections["part"] == OWN["part"]


def test_what_was_filed_stays_when_the_part_is_saved_afterwards(shared, cast, dana, now):
    note = next(one for one in filed(shared, dana, now) if one.client == cast["alex"])
    saved = part(shared, cast["alex"], dana, now, version=note.version)
    assert saved.sections == {"group": "Urge surfing, in pairs.", **OWN}


def test_a_part_written_before_filing_is_out_of_date_after_it(shared, cast, dana, now):
    note = part(shared, cast["alex"], dana, now)
    filed(shared, dana, now)
    with pytest.raises(StaleDraft):
        part(shared, cast["alex"], dana, now, version=note.version, part="Other words.")


def test_nothing_is_filed_before_the_meeting_was_held(group, cast, dana, now):
    coming = met(group, dana, starts_at=now + DAY, now=now)
    save_shared(meeting_id=coming.pk, version=0, text="Prepared.", by=dana, now=now)
    with pytest.raises(InvalidTransition, match="who came"):
        filed(coming, dana, now)


def test_an_empty_shared_note_is_not_filed(meeting, dana, now):
    with pytest.raises(InvalidInput) as refused:
        filed(meeting, dana, now)
    assert refused.value.field == "group"


def test_filing_what_somebody_has_not_seen_is_declined(shared, dana, now):
    with pytest.raises(StaleShared):
        file_notes(meeting_id=shared.pk, version=0, by=dana, now=now)


# --- names ---
def named(meeting, dana, now, text):
    meeting.refresh_from_db()
    save_shared(meeting_id=meeting.pk, version=meeting.shared_version, text=text, by=dana, now=now)
    with pytest.raises(NamesAnother) as refused:
        filed(meeting, dana, now)
    return refused.value


@pytest.mark.parametrize(
    "text", ["Alex led the exercise.", "MORENO spoke.", "nuria left early.", "W. Young was away."]
)
def test_the_shared_note_names_nobody(meeting, dana, now, text):
    refused = named(meeting, dana, now, text)
    assert refused.field == "group"
    assert "What the group did" in str(refused)
    assert not Note.objects.exists()


def test_a_members_own_part_names_no_other_member(shared, cast, dana, now):
    part(shared, cast["alex"], dana, now, part="Alex sat with Nuria Prat.")
    with pytest.raises(NamesAnother, match="Own part") as refused:
        filed(shared, dana, now)
    assert refused.value.field == "part"
    assert not Note.objects.get().sections.get("group")


def test_a_members_own_name_may_stand_in_their_own_part(shared, cast, dana, now):
    part(shared, cast["alex"], dana, now, part="Alex Moreno spoke first.")
    assert len(filed(shared, dana, now)) == 2


def test_who_was_absent_is_not_named_either(shared, cast, dana, now):
    part(shared, cast["alex"], dana, now, plan="Phone Will Young.")
    with pytest.raises(NamesAnother) as refused:
        filed(shared, dana, now)
    assert refused.value.field == "plan"


def test_who_left_the_group_since_is_not_named_either(shared, cast, group, dana, now):
    place = group.memberships.get(client=cast["nuria"])
    composite.leave_group(membership_id=place.pk, reason="left", by=dana, now=now)
    assert named(shared, dana, now, "Nuria left.").field == "group"


def test_who_joined_only_later_is_nobody_of_this_meeting(shared, group, dana, team, now):
    member(group, dana, team, now=now, given_name="Zelda", family_name="Quist")
    save_shared(meeting_id=shared.pk, version=1, text="We read the Zelda story.", by=dana, now=now)
    assert filed(shared, dana, now)


def test_the_old_name_of_a_merged_record_counts(shared, cast, dana, sam, team, now):
    twin = factories.client_of(dana, team=team, given_name="Ottilie", family_name="Prat")
    merging.merge_clients(
        survivor_id=cast["nuria"].pk, merged_id=twin.pk, reason="Same person", by=sam, now=now
    )
    assert named(shared, dana, now, "Ottilie was quiet.").field == "group"
    part(shared, cast["nuria"], dana, now, part="Ottilie was quiet.")
    save_shared(meeting_id=shared.pk, version=2, text="All were quiet.", by=dana, now=now)
    assert filed(shared, dana, now)


# --- a name that is a word ---
WORDY = "Will is trained like a muscle, we said."


def test_a_word_that_is_also_a_name_is_filed_once_somebody_has_looked(meeting, cast, dana, now):
    assert "confirm" in str(named(meeting, dana, now, WORDY))
    key = text_key(cast["will"], WORDY)
    assert filed(meeting, dana, now, confirmed=[key])
    kept = NameConfirmation.objects.get()
    assert (kept.client, kept.by, kept.at) == (cast["will"], dana, now)
    assert AuditEvent.objects.filter(verb="meeting.name_is_a_word", client_id=cast["will"].pk).exists()


def test_a_confirmation_is_for_that_text_alone(meeting, cast, dana, now):
    named(meeting, dana, now, WORDY)
    filed(meeting, dana, now, confirmed=[text_key(cast["will"], WORDY)])
    assert filed(meeting, dana, now)
    assert named(meeting, dana, now, f"{WORDY} Will spoke.").field == "group"


def test_a_certain_name_cannot_be_confirmed_away(meeting, cast, dana, now):
    text = "Will Young was away."
    named(meeting, dana, now, text)
    with pytest.raises(NamesAnother):
        filed(meeting, dana, now, confirmed=[text_key(cast["will"], text)])
    assert not NameConfirmation.objects.exists()


def test_the_facilitators_own_name_may_be_confirmed_when_a_member_shares_it(group, dana, alex, team, now):
    member(group, dana, team, now=now - 20 * DAY, given_name="Dana", family_name="Fuller")
    found = met(group, dana, starts_at=now - 3 * HOUR, now=now - DAY)
    meeting = marked(found, dana, now=now - HOUR)
    text = "Dana led a breathing exercise."
    named(meeting, dana, now, text)
    other = meeting.sessions.get().client
    assert filed(meeting, dana, now, confirmed=[text_key(other, text)])


# --- at signing ---
def test_a_name_written_after_filing_is_refused_at_signing(shared, cast, dana, now):
    filed(shared, dana, now)
    session = session_of(shared, cast["alex"])
    with pytest.raises(NamesAnother) as refused:
        refuse_named(session, {**OWN, "plan": "Sit beside Prat next time."})
    assert refused.value.field == "plan"
    refuse_named(session, OWN)


def test_what_was_confirmed_at_filing_is_signed_without_asking_again(meeting, cast, dana, now):
    named(meeting, dana, now, WORDY)
    filed(meeting, dana, now, confirmed=[text_key(cast["will"], WORDY)])
    refuse_named(session_of(meeting, cast["alex"]), {"group": WORDY, **OWN})


def test_a_session_outside_groups_may_name_anybody(session_held):
    refuse_named(session_held, {"data": "Alex met Núria Prat."})


def test_the_roster_of_a_meeting_is_everybody_expected_or_belonging_then(meeting, cast):
    assert set(roster_of(meeting).clients) == {one.pk for one in cast.values()}


def signed(session, version, dana, now):
    return sign(session_id=session.pk, version=version, by=dana, now=now, proven_at=now)


def test_signing_refuses_a_name_and_an_addendum_too(shared, cast, dana, now):
    note = next(one for one in filed(shared, dana, now) if one.client == cast["alex"])
    session = session_of(shared, cast["alex"])
    note = part(shared, cast["alex"], dana, now, version=note.version, plan="Sit beside Prat.")
    with pytest.raises(NamesAnother) as refused:
        signed(session, note.version, dana, now)
    assert refused.value.field == "plan"
    note = part(shared, cast["alex"], dana, now, version=note.version)
    final = signed(session, note.version, dana, now)
    assert final.is_signed
    told = {"note_id": final.pk, "by": dana, "now": now, "proven_at": now}
    with pytest.raises(NamesAnother) as refused:
        add_addendum(text="It was Prat.", reason="Asked", **told)
    assert refused.value.field == "text"
    assert add_addendum(text="It was another member.", reason="Asked", **told).text


def test_a_signed_note_stays_when_the_text_is_filed_again(shared, cast, dana, now):
    note = next(one for one in filed(shared, dana, now) if one.client == cast["alex"])
    note = part(shared, cast["alex"], dana, now, version=note.version)
    signed(session_of(shared, cast["alex"]), note.version, dana, now)
    save_shared(meeting_id=shared.pk, version=1, text="Other words.", by=dana, now=now)
    assert [one.client for one in filed(shared, dana, now)] == [cast["nuria"]]
    note.refresh_from_db()
    assert note.sections["group"] == "Urge surfing, in pairs."
