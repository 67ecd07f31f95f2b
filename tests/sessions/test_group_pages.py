"""The pages of groups: what people see, tap and type."""

from datetime import timedelta

import pytest
import time_machine

from casework.followup.actions import groups as composite
from clients.models import AuditEvent
from sessions.actions.group_names import text_key
from sessions.models import Group, GroupMark, GroupMembership, Note
from tests import factories
from tests.sessions.grouping import HOUR, begun, marked, member, met

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HX = {"HTTP_HX_REQUEST": "true"}
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def group(dana, team, now):
    return begun(dana, now=now - 30 * DAY, team=team)


@pytest.fixture
def alex_in(group, alex, dana, now):
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=now - 20 * DAY)
    return alex


@pytest.fixture
def will(group, dana, team, now):
    return member(group, dana, team, now=now - 20 * DAY, given_name="Will", family_name="Young")


@pytest.fixture
def running(group, alex_in, will, dana, now):
    return met(group, dana, starts_at=now - HOUR, now=now - DAY)


@pytest.fixture
def held(running, dana, now):
    return marked(running, dana, now=now)


def page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# --- groups ---
def test_a_counselor_begins_a_group_and_lands_on_its_page(as_dana, dana, team):
    assert "You lead no group" in page(as_dana, "/groups/")
    typed = {"name": "Evenings", "team": team.uid, "facilitator": dana.uid, "modality": "in_person"}
    answer = as_dana.post("/groups/new/", typed, follow=True)
    assert "Nobody belongs to it yet" in answer.content.decode()
    assert Group.objects.get().facilitator == dana


def test_what_was_typed_stays_when_a_group_cannot_be_begun(as_dana, dana, team):
    typed = {
        "name": "Evenings",
        "team": team.uid,
        "facilitator": dana.uid,
        "co_facilitator": dana.uid,
        "modality": "in_person",
    }
    shown = as_dana.post("/groups/new/", typed).content.decode()
    assert "Choose another person, or nobody." in shown
    assert 'value="Evenings"' in shown


def test_the_page_shows_members_topics_and_meetings(as_dana, group, alex_in, running):
    as_dana.post(f"/groups/{group.uid}/topics/", {"title": "Urges"})
    shown = page(as_dana, f"/groups/{group.uid}/")
    for words in ("Alex Moreno", "Urges", "Meetings to come", "added by Dana Reyes"):
        assert words in shown
    trail = AuditEvent.objects.filter(verb="list.viewed").order_by("-pk").first()
    assert alex_in.pk in trail.detail["ids"]


def test_topics_are_moved_and_taken_out_by_button(as_dana, group):
    for title in ("Urges", "Triggers"):
        as_dana.post(f"/groups/{group.uid}/topics/", {"title": title})
    first, second = group.topics.all()
    as_dana.post(f"/groups/{group.uid}/topics/", {"topic": second.uid, "do": "up"})
    as_dana.post(f"/groups/{group.uid}/topics/", {"topic": first.uid, "do": "remove"})
    assert [one.title for one in group.topics.filter(retired_at=None)] == ["Triggers"]
    assert "Give the topic" not in page(as_dana, f"/groups/{group.uid}/")


@pytest.mark.parametrize("topic", ["nonsense", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_an_unknown_topic_is_not_found(as_dana, group, topic):
    assert as_dana.post(f"/groups/{group.uid}/topics/", {"topic": topic}).status_code == 404


def test_a_group_is_changed_ended_and_taken_up_again(as_dana, group, alex_in):
    as_dana.post(f"/groups/{group.uid}/edit/", {"name": "Nights", "capacity": 9, "modality": "video"})
    group.refresh_from_db()
    assert (group.name, group.capacity, group.modality) == ("Nights", 9, "video")
    assert "Everybody leaves it" in page(as_dana, f"/groups/{group.uid}/end/")
    as_dana.post(f"/groups/{group.uid}/end/")
    assert "Take it up again" in page(as_dana, f"/groups/{group.uid}/")
    as_dana.post(f"/groups/{group.uid}/again/")
    group.refresh_from_db()
    assert group.is_running


def test_the_group_passes_to_somebody_else(as_dana, group, robin):
    as_dana.post(f"/groups/{group.uid}/leaders/", {"facilitator": robin.uid, "co_facilitator": ""})
    group.refresh_from_db()
    assert group.facilitator == robin
    assert as_dana.get(f"/groups/{group.uid}/").status_code == 404


# --- members ---
def test_a_member_joins_and_leaves_by_form(as_dana, group, alex):
    as_dana.post(f"/groups/{group.uid}/members/", {"client": alex.uid})
    place = GroupMembership.objects.get()
    assert (place.client, place.left_at) == (alex, None)
    as_dana.post(f"/memberships/{place.uid}/leave/", {"reason": "completed"})
    place.refresh_from_db()
    assert place.leave_reason == "completed"
    assert "Completed the group" in page(as_dana, f"/groups/{group.uid}/")


def test_a_counselor_lets_a_client_join_a_colleagues_group_without_seeing_who_is_in_it(
    as_dana, dana, alex, team, robin, now
):
    theirs = begun(robin, now=now - DAY, team=team, name="Mornings")
    member(theirs, robin, team, now=now - DAY, given_name="Ottilie")
    shown = page(as_dana, f"/clients/{alex.uid}/groups/")
    assert "Mornings · Robin Hale" in shown
    assert "Ottilie" not in shown
    as_dana.post(f"/clients/{alex.uid}/groups/join/", {"group": theirs.uid})
    assert theirs.memberships.filter(client=alex).exists()
    assert as_dana.get(f"/groups/{theirs.uid}/").status_code == 404


def test_a_client_whom_one_does_not_see_cannot_be_made_a_member(as_dana, group, robin, team):
    other = factories.client_of(robin, team=robin.team_memberships.get().team)
    shown = as_dana.post(f"/groups/{group.uid}/members/", {"client": other.uid}).content.decode()
    assert not GroupMembership.objects.exists()
    assert other.record_number not in shown


def test_a_supervisor_of_the_team_sees_only_those_members_whose_record_is_theirs(
    browser, sam, group, alex_in, robin, now
):
    elsewhere = factories.client_of(robin, team=robin.team_memberships.get().team, given_name="Ottilie")
    GroupMembership.objects.create(group=group, client=elsewhere, joined_at=now - DAY)
    browser.force_login(sam)
    shown = page(browser, f"/groups/{group.uid}/")
    assert "Alex Moreno" in shown
    assert "Ottilie" not in shown
    assert "1 more whose record you do not see" in shown


# --- meetings ---
def test_meetings_are_planned_every_week_and_a_taken_day_is_told(as_dana, dana, group, alex_in, now):
    typed = {
        "starts_at": "2026-03-18T18:00",
        "minutes": 90,
        "counselor": dana.uid,
        "modality": "in_person",
        "every": "week",
        "until_on": "2026-04-01",
    }
    answer = as_dana.post(f"/groups/{group.uid}/meetings/", typed, follow=True)
    assert "Meetings planned: 3." in answer.content.decode()
    assert group.meetings.count() == 3
    again = as_dana.post(f"/groups/{group.uid}/meetings/", {**typed, "until_on": "2026-04-08"}, follow=True)
    assert "Left out, for the time is taken" in again.content.decode()


def test_the_form_begins_a_week_after_the_last_meeting(as_dana, group, running):
    shown = page(as_dana, f"/groups/{group.uid}/meetings/")
    assert 'value="2026-03-18T10:00"' in shown


def test_a_row_of_meetings_needs_an_end(as_dana, dana, group):
    typed = {
        "starts_at": "2026-03-18T18:00",
        "minutes": 90,
        "counselor": dana.uid,
        "modality": "in_person",
        "every": "week",
    }
    assert "Say until which day." in as_dana.post(f"/groups/{group.uid}/meetings/", typed).content.decode()


def test_a_meeting_is_moved_called_off_and_given_another_topic(as_dana, dana, group, alex_in, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    as_dana.post(f"/meetings/{meeting.uid}/topic/", {"subject": "Holidays"})
    typed = {
        "starts_at": "2026-03-14T18:00",
        "minutes": 60,
        "counselor": dana.uid,
        "modality": "in_person",
        "location": "Hall",
    }
    as_dana.post(f"/meetings/{meeting.uid}/move/", typed)
    meeting.refresh_from_db()
    assert (meeting.about, meeting.minutes, meeting.location) == ("Holidays", 60, "Hall")
    as_dana.post(f"/meetings/{meeting.uid}/cancel/", {"reason": "Snow"})
    shown = page(as_dana, f"/meetings/{meeting.uid}/")
    assert "Snow" in shown
    assert "Call off" not in shown


# --- attendance ---
def tap(browser, meeting, client, said, **extra):
    return browser.post(f"/meetings/{meeting.uid}/mark/", {"client": client.uid, "mark": said}, **extra)


def test_one_tap_marks_and_the_same_tap_takes_it_back(as_dana, running, alex_in):
    answer = tap(as_dana, running, alex_in, "present")
    assert answer.status_code == 302
    assert GroupMark.objects.get().mark == "present"
    shown = page(as_dana, f"/meetings/{running.uid}/")
    assert "1 of 2 marked" in shown
    assert 'value="" aria-pressed="true"' in shown
    tap(as_dana, running, alex_in, "")
    assert not GroupMark.objects.exists()


def test_with_htmx_only_the_row_and_the_count_come_back(as_dana, running, alex_in):
    shown = tap(as_dana, running, alex_in, "late_cancel", **HX).content.decode()
    assert shown.lstrip().startswith("<li")
    assert "1 of 2 marked" in shown
    assert "<html" not in shown


@pytest.mark.parametrize("extra", [{}, HX])
def test_a_tap_that_is_declined_says_why(as_dana, dana, group, alex_in, now, extra):
    meeting = met(group, dana, starts_at=now + 5 * HOUR, now=now)
    answer = as_dana.post(
        f"/meetings/{meeting.uid}/mark/",
        {"client": alex_in.uid, "mark": "present"},
        follow=not extra,
        **extra,
    )
    assert "too early" in answer.content.decode()


@pytest.mark.parametrize("client", ["", "nonsense", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_a_tap_on_nobody_is_not_found(as_dana, running, client):
    assert as_dana.post(f"/meetings/{running.uid}/mark/", {"client": client}).status_code == 404


def test_closing_leads_to_the_note(as_dana, running, alex_in, will):
    tap(as_dana, running, will, "absent")
    early = as_dana.post(f"/meetings/{running.uid}/close/", follow=True).content.decode()
    assert "Still to be said for 1" in early
    as_dana.post(f"/meetings/{running.uid}/mark/rest/")
    answer = as_dana.post(f"/meetings/{running.uid}/close/")
    assert answer["Location"] == f"/meetings/{running.uid}/note/"
    shown = page(as_dana, f"/meetings/{running.uid}/")
    assert "Absent" in shown
    assert "aria-pressed" not in shown


def test_a_time_that_is_none_is_declined(as_dana, running):
    answer = as_dana.post(f"/meetings/{running.uid}/close/", {"began_at": "soon"}, follow=True)
    assert "Give both times" in answer.content.decode()


# --- the note ---
def save(browser, meeting, text, version, **extra):
    given = {"group": text, "version": version, **extra.pop("given", {})}
    return browser.post(f"/meetings/{meeting.uid}/note/save/", given, **extra)


def test_autosave_answers_with_version_and_warning(as_dana, held):
    answer = save(as_dana, held, "Urge surfing.", 0, **JSON)
    assert (answer.json()["version"], answer.json()["warning"]) == (1, "")
    answer = save(as_dana, held, "Moreno led us.", 1, **JSON)
    assert answer.json()["version"] == 2
    assert "names a member of the group: “Moreno”" in answer.json()["warning"]


def test_autosave_of_an_old_text_gives_back_the_newer_one(as_dana, held):
    save(as_dana, held, "Urge surfing.", 0, **JSON)
    answer = save(as_dana, held, "Something else.", 0, **JSON)
    assert answer.status_code == 409
    assert answer.json()["fields"] == {"group": "Urge surfing."}
    shown = save(as_dana, held, "Something else.", 0)
    assert shown.status_code == 409
    assert "Something else." in shown.content.decode()
    assert "Urge surfing." in shown.content.decode()


def test_a_colleague_may_not_write_and_is_told_so(browser, sam, held):
    browser.force_login(sam)
    assert save(browser, held, "Mine.", 0, **JSON).status_code == 422
    shown = browser.get(f"/meetings/{held.uid}/note/", follow=True).content.decode()
    assert "who leads this meeting" in shown


def test_filing_from_the_page_makes_the_notes(as_dana, held):
    answer = save(as_dana, held, "Urge surfing.", 0, given={"then": "file"}, follow=True)
    assert "Filed to 2 notes" in answer.content.decode()
    assert {note.sections["group"] for note in Note.objects.all()} == {"Urge surfing."}


def test_a_name_is_refused_at_filing_and_a_word_can_be_confirmed_on_the_page(as_dana, held, will):
    text = "Will is a muscle."
    shown = save(as_dana, held, text, 0, given={"then": "file"}, follow=True).content.decode()
    assert "I have looked" in shown
    key = text_key(will, text)
    assert key in shown
    save(as_dana, held, text, 1, given={"then": "file", "confirmed": key})
    assert Note.objects.count() == 2


def part(browser, session, version, **given):
    typed = {"part": "Spoke.", "plan": "Diary.", "risk": "none", "version": version, **given}
    return browser.post(f"/sessions/{session.uid}/part/", typed, **JSON)


def test_a_members_part_saves_itself_and_warns_of_names(as_dana, held, alex_in):
    session = held.sessions.get(client=alex_in)
    assert part(as_dana, session, 0).json()["warning"] == ""
    answer = part(as_dana, session, 1, part="Sat with W. Young.")
    assert "names another member" in answer.json()["warning"]
    stale = part(as_dana, session, 1, part="Older words.")
    assert stale.status_code == 409
    assert stale.json()["fields"]["part"] == "Sat with W. Young."


def test_a_part_saved_by_button_leads_back_to_its_place(as_dana, held, alex_in):
    session = held.sessions.get(client=alex_in)
    answer = as_dana.post(f"/sessions/{session.uid}/part/", {"part": "Spoke.", "version": 0})
    assert answer["Location"] == f"/meetings/{held.uid}/note/#part-{str(session.uid)[:8]}"
    shown = as_dana.post(f"/sessions/{session.uid}/part/", {"part": "Other.", "version": 0})
    assert shown.status_code == 409
    assert "Spoke." in shown.content.decode()
    assert "Other." in shown.content.decode()


def test_a_session_outside_groups_has_no_part(as_dana, session_held):
    assert as_dana.post(f"/sessions/{session_held.uid}/part/", {"part": "x"}).status_code == 302
    assert not Note.objects.exists()


def test_the_note_page_shows_what_is_missing_and_what_is_ready(as_dana, held, alex_in):
    session = held.sessions.get(client=alex_in)
    part(as_dana, session, 0)
    save(as_dana, held, "Urge surfing.", 0, given={"then": "file"})
    shown = page(as_dana, f"/meetings/{held.uid}/note/")
    assert "Ready to sign" in shown
    assert "Draft note" in shown
    save(as_dana, held, "Urge surfing, twice.", 1)
    assert "has changed since it was filed" in page(as_dana, f"/meetings/{held.uid}/note/")


# --- how many questions a page asks ---
@pytest.mark.parametrize("more", [0, 6])
def test_no_page_asks_more_for_more_members(
    as_dana, dana, team, group, alex_in, now, more, django_assert_max_num_queries
):
    for number in range(more):
        member(group, dana, team, now=now - 10 * DAY, given_name=f"Bo{number}")
    meeting = marked(met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY), dana, now=now)
    met(group, dana, starts_at=now + DAY, now=now)
    for address in (
        "/groups/",
        f"/groups/{group.uid}/",
        f"/meetings/{meeting.uid}/",
        f"/meetings/{meeting.uid}/note/",
    ):
        with django_assert_max_num_queries(18):
            page(as_dana, address)
