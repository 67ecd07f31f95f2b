"""The pages of sessions and notes: what they show, to whom, and what their buttons do."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from clients.models import AuditEvent
from sessions import actions
from sessions.actions import lower
from sessions.models import Addendum, Note, Session
from tests import factories
from tests.sessions.conftest import PASSWORD, WORDS, booked, drafted, held

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def as_sam(sam) -> Browser:
    browser = Browser()
    browser.force_login(sam)
    return browser


def signed_in(person) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def url(name: str, thing) -> str:
    return reverse(name, args=[thing.uid])


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def post_json(browser: Browser, address: str, data: dict[str, str]):
    return browser.post(address, data, headers={"accept": "application/json"})


# --- who gets in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["counseling:session", "counseling:move", "counseling:cancel", "counseling:outcome", "counseling:sign"],
)
def test_a_stranger_gets_404_and_leaves_a_row(robin, session, name):
    assert signed_in(robin).get(url(name, session)).status_code == 404
    row = AuditEvent.objects.get(verb="access.refused")
    assert (row.actor_id, row.detail["uid"]) == (robin.pk, str(session.uid))


@pytest.mark.parametrize(
    "name",
    [
        "counseling:start",
        "counseling:save_note",
        "counseling:sign",
        "followup:close_session",
        "followup:cancel_session",
        "followup:reschedule_session",
    ],
)
def test_a_strangers_writing_is_404_and_changes_nothing(robin, session, name):
    before = Session.objects.values().get()
    assert signed_in(robin).post(url(name, session), {"outcome": "attended"}).status_code == 404
    assert Session.objects.values().get() == before
    assert not Note.objects.exists()


def test_a_stranger_plans_nothing_for_a_client(robin, alex):
    assert signed_in(robin).get(url("counseling:new", alex)).status_code == 404
    assert signed_in(robin).post(url("followup:schedule_session", alex)).status_code == 404


def test_a_signed_note_is_404_for_a_stranger_and_403_for_the_administrator(robin, ada, signed_note):
    assert signed_in(robin).get(url("counseling:note", signed_note)).status_code == 404
    assert signed_in(ada).get(url("counseling:note", signed_note)).status_code == 403


def test_the_administrator_gets_into_no_page(ada, session, alex):
    browser = signed_in(ada)
    for address in (
        reverse("counseling:list"),
        url("counseling:session", session),
        url("counseling:new", alex),
        url("counseling:sign", session),
    ):
        assert browser.get(address).status_code == 403


def test_what_does_not_exist_looks_like_what_is_not_ones_own(as_dana):
    assert as_dana.get(reverse("counseling:session", args=[uuid.uuid4()])).status_code == 404
    assert as_dana.get(reverse("counseling:note", args=[uuid.uuid4()])).status_code == 404


def test_nobody_signed_out_sees_a_page(browser, session):
    answer = browser.get(url("counseling:session", session))
    assert answer.status_code == 302
    assert "next=" in answer["Location"]


def test_opening_a_session_and_a_note_is_kept_in_the_trail(as_dana, dana, signed_note):
    as_dana.get(url("counseling:session", signed_note.session))
    as_dana.get(url("counseling:note", signed_note))
    seen = AuditEvent.objects.filter(verb="record.viewed", actor_id=dana.pk).values_list(
        "target_type", flat=True
    )
    assert sorted(seen) == ["counseling.Note", "counseling.Session"]


# --- the list -----------------------------------------------------------------------------------------------------


def test_the_list_shows_today_what_comes_and_what_was(as_dana, alex, dana, team, session, now):
    kim = factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")
    booked(kim, dana, starts_at=now + 3 * DAY, now=now)
    held(kim, dana, ended_at=now - 3 * DAY)
    answer = as_dana.get(reverse("counseling:list"))
    blocks = {block.key: block for block in answer.context["blocks"]}
    assert blocks["today"].rows == [session]
    assert (blocks["upcoming"].total, blocks["past"].total) == (1, 1)
    assert "Alex Moreno" in text_of(answer)
    assert "No note yet" in text_of(answer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("when=upcoming", ["soon"]),
        ("when=past", ["left open", "held"]),
        ("when=unclosed", ["left open"]),
        ("when=unsigned", ["held"]),
        ("state=attended", ["held"]),
        ("when=past&state=scheduled", ["left open"]),
        ("state=cancelled", []),
    ],
)
def test_every_filter_is_in_the_address(as_dana, alex, dana, now, query, expected):
    names = {
        booked(alex, dana, starts_at=now + HOUR, now=now).pk: "soon",
        booked(alex, dana, starts_at=now - DAY, now=now - 9 * DAY).pk: "left open",
        held(alex, dana, ended_at=now - 2 * DAY).pk: "held",
    }
    answer = as_dana.get(f"{reverse('counseling:list')}?{query}")
    assert [names[row.pk] for row in answer.context["blocks"][0].rows] == expected
    assert answer.context["blocks"][0].total == len(expected)


def test_a_filter_that_makes_no_sense_shows_today(as_dana, session):
    answer = as_dana.get(f"{reverse('counseling:list')}?when=yesteryear&counselor=x&page=z")
    assert answer.status_code == 200
    assert answer.context["blocks"][0].rows == [session]


def test_long_lists_come_in_pages(as_dana, alex, dana, now):
    for number in range(53):
        booked(alex, dana, starts_at=now + HOUR * (number + 1), now=now)
    first = as_dana.get(f"{reverse('counseling:list')}?when=upcoming")
    assert (first.context["blocks"][0].total, len(first.context["blocks"][0].rows)) == (53, 50)
    assert "page=2" in first.content.decode()
    second = as_dana.get(f"{reverse('counseling:list')}?when=upcoming&page=2")
    assert len(second.context["blocks"][0].rows) == 3
    look = as_dana.get(reverse("counseling:list"))
    assert "Show all" in text_of(look)


def test_a_counselor_sees_their_own_and_a_supervisor_the_teams(
    as_dana, as_sam, alex, dana, session, team, now
):
    lee = factories.counselor("Lee Park", team=team)
    other = factories.client_of(lee, team=team, given_name="Jo", family_name="Lund")
    theirs = booked(other, lee, starts_at=now + HOUR, now=now)
    address = reverse("counseling:list")
    assert as_dana.get(address).context["blocks"][0].rows == [session]
    assert as_sam.get(address).context["blocks"][0].rows == [session, theirs]
    assert as_sam.get(f"{address}?counselor={lee.uid}").context["blocks"][0].rows == [theirs]
    assert "Lee Park" in text_of(as_sam.get(address))


def test_the_list_is_one_row_in_the_trail(as_dana, dana, session):
    as_dana.get(f"{reverse('counseling:list')}?when=upcoming")
    row = AuditEvent.objects.get(verb="list.viewed")
    assert row.detail == {"list": "sessions", "filters": {"when": "upcoming"}, "ids": [session.pk]}


def test_the_list_costs_the_same_whatever_it_holds(as_dana, alex, dana, now, django_assert_max_num_queries):
    for number in range(15):
        booked(alex, dana, starts_at=now + HOUR * (number + 1), now=now)
        drafted(held(alex, dana, ended_at=now - (number + 1) * DAY), now=now)
    with django_assert_max_num_queries(12):
        as_dana.get(reverse("counseling:list"))


# --- planning, moving, cancelling ---------------------------------------------------------------------------------

PLAN = {"starts_at": "2026-03-12T14:00", "minutes": "50", "modality": "in_person", "location": "Room 4"}


def test_times_are_typed_in_the_practices_zone_and_the_clients_is_told(as_dana, alex):
    page = as_dana.get(url("counseling:new", alex))
    assert "Starts (New York time)" in text_of(page)
    assert "In Phoenix, where Alex lives, it is 3:00 h earlier." in text_of(page)


def test_a_client_in_the_same_zone_needs_no_telling(as_dana, alex):
    alex.time_zone = ""
    alex.save()
    assert "where Alex lives" not in text_of(as_dana.get(url("counseling:new", alex)))


def test_a_client_further_east_is_told_too(as_dana, alex):
    alex.time_zone = "America/Puerto_Rico"  # no summer time: level with New York in March
    alex.save()
    assert "where Alex lives" not in text_of(as_dana.get(url("counseling:new", alex)))
    alex.time_zone = "Asia/Kolkata"
    alex.save()
    assert "it is 9:30 h later" in text_of(as_dana.get(url("counseling:new", alex)))


def test_planning_a_session_leads_to_its_page(as_dana, alex, dana):
    answer = as_dana.post(url("followup:schedule_session", alex), {**PLAN, "counselor": dana.uid})
    session = Session.objects.get()
    assert answer["Location"] == url("counseling:session", session)
    assert session.starts_at.isoformat() == "2026-03-12T18:00:00+00:00"
    assert (session.minutes, session.location, session.scheduled_by) == (50, "Room 4", dana)
    page = as_dana.get(answer["Location"])
    assert "11:00 in Phoenix" in text_of(page)


def test_a_clash_is_said_beside_the_time_and_what_was_typed_stays(as_dana, alex, dana):
    address = url("followup:schedule_session", alex)
    as_dana.post(address, {**PLAN, "counselor": dana.uid})
    answer = as_dana.post(address, {**PLAN, "counselor": dana.uid, "location": "Room 9"})
    assert answer.status_code == 200
    assert (
        "Dana Reyes already has a session with Alex Moreno then"
        in answer.context["form"].errors["starts_at"][0]
    )
    assert "Room 9" in answer.content.decode()
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"starts_at": ""}, {"starts_at": "soon"}, {"minutes": "0"}, {"minutes": "721"}, {"modality": "fax"}],
)
def test_what_cannot_be_is_said_beside_its_field(as_dana, alex, dana, wrong):
    answer = as_dana.post(url("followup:schedule_session", alex), {**PLAN, "counselor": dana.uid, **wrong})
    assert list(answer.context["form"].errors) == list(wrong)


def test_an_hour_that_the_clock_skips_is_refused(as_dana, alex, dana):
    night = {**PLAN, "starts_at": "2027-03-14T02:30", "counselor": dana.uid}
    answer = as_dana.post(url("followup:schedule_session", alex), night)
    assert "starts_at" in answer.context["form"].errors


def test_a_stranger_cannot_be_chosen_as_counselor(as_dana, alex, robin):
    answer = as_dana.post(url("followup:schedule_session", alex), {**PLAN, "counselor": robin.uid})
    assert "counselor" in answer.context["form"].errors


def test_coming_back_to_the_address_of_the_form_opens_the_form(as_dana, alex):
    assert as_dana.get(url("followup:schedule_session", alex))["Location"] == url("counseling:new", alex)


def test_a_session_is_moved(as_dana, session, dana):
    page = as_dana.get(url("counseling:move", session))
    assert 'value="2026-03-11T11:00"' in page.content.decode()
    answer = as_dana.post(url("followup:reschedule_session", session), {**PLAN, "counselor": dana.uid})
    session.refresh_from_db()
    assert answer["Location"] == url("counseling:session", session)
    assert session.starts_at.isoformat() == "2026-03-12T18:00:00+00:00"


def test_a_session_that_cannot_be_moved_says_so(as_dana, session_held):
    answer = as_dana.get(url("counseling:move", session_held), follow=True)
    assert "still to come can be moved" in text_of(answer)


def test_moving_into_another_session_is_said_on_the_form(as_dana, session, alex, dana, now):
    booked(alex, dana, starts_at=now + 27 * HOUR, now=now)
    answer = as_dana.post(url("followup:reschedule_session", session), {**PLAN, "counselor": dana.uid})
    assert "starts_at" in answer.context["form"].errors
    assert "Move the session" in text_of(answer)


def test_a_session_is_called_off(as_dana, session):
    assert "Who cancelled" in text_of(as_dana.get(url("counseling:cancel", session)))
    as_dana.post(url("followup:cancel_session", session), {"cancelled_for": "client", "reason": "Ill"})
    page = as_dana.get(url("counseling:session", session))
    assert "Cancelled late" in text_of(page)
    assert "Cancelled by: The client." in text_of(page)


def test_calling_off_without_saying_for_whom_is_refused(as_dana, session):
    answer = as_dana.post(url("followup:cancel_session", session), {"reason": "Ill"})
    assert "cancelled_for" in answer.context["form"].errors


# --- the working page ---------------------------------------------------------------------------------------------


def buttons(answer) -> set[str]:
    return {name for name, shown in answer.context["can"].items() if shown and name != "any"}


def test_buttons_follow_the_table_the_clock_and_the_role(as_dana, as_sam, session, now):
    address = url("counseling:session", session)
    with time_machine.travel(now - 3 * HOUR, tick=False):
        page = signed_in(session.counselor).get(address)
        assert buttons(page) == {"move", "cancel"}
        assert "It can be started, and its note begun, from" in text_of(page)
    assert buttons(as_dana.get(address)) == {"start", "attend", "miss", "move", "cancel"}
    assert buttons(as_sam.get(address)) == {"attend", "miss", "move", "cancel"}
    as_dana.post(url("counseling:start", session))
    assert buttons(as_dana.get(address)) == {"attend", "cancel"}


def test_an_auditor_reads_and_has_no_buttons(audrey, session_held, signed_note):
    browser = signed_in(audrey)
    page = browser.get(url("counseling:session", session_held))
    assert buttons(page) == set()
    assert page.context["form"] is None
    assert "Alex talked about the week" in text_of(browser.get(url("counseling:note", signed_note)))


def test_one_click_starts_and_one_click_ends(as_dana, session, now):
    as_dana.post(url("counseling:start", session))
    with time_machine.travel(now + 45 * MINUTE, tick=False):
        as_dana = signed_in(session.counselor)
        answer = as_dana.post(url("followup:close_session", session), {"outcome": "attended"}, follow=True)
    session.refresh_from_db()
    assert (session.state, session.minutes) == ("attended", 45)
    assert "Attended, 45 minutes. The note is next." in text_of(answer)
    assert answer.context["form"] is not None


def test_other_times_can_be_said(as_dana, session, now):
    with time_machine.travel(now + 2 * HOUR, tick=False):
        page = as_dana.get(url("counseling:outcome", session))
        assert 'value="2026-03-11T11:00"' in page.content.decode()
        as_dana.post(
            url("followup:close_session", session),
            {"outcome": "attended", "began_at": "2026-03-11T11:05", "ended_at": "2026-03-11T11:30"},
        )
    session.refresh_from_db()
    assert session.minutes == 25


def test_impossible_times_are_said_on_the_form(as_dana, session, now):
    with time_machine.travel(now + HOUR, tick=False):
        answer = as_dana.post(
            url("followup:close_session", session), {"outcome": "attended", "ended_at": "2026-03-11T18:30"}
        )
    assert "ended_at" in answer.context["form"].errors


def test_starting_what_cannot_be_started_says_why(as_dana, session, now):
    with time_machine.travel(now - 5 * HOUR, tick=False):
        answer = as_dana.post(url("counseling:start", session), follow=True)
    assert "too early" in text_of(answer)


def test_the_page_of_a_session_gives_what_one_needs_beside_the_note(as_dana, alex, dana, session, now):
    earlier = held(alex, dana, ended_at=now - 7 * DAY)
    note = drafted(earlier, now=now - 7 * DAY, data="Last week was calm.")
    then = now - 7 * DAY
    actions.sign(session_id=earlier.pk, version=note.version, by=dana, now=then, proven_at=then)
    as_dana.post(url("counseling:start", session))
    page = as_dana.get(url("counseling:session", session))
    words = text_of(page)
    assert "Last week was calm." in words
    assert "Not assessed" in words
    assert f"{reverse('followup:assess', args=[alex.uid])}?session={session.uid}" in page.content.decode()
    assert 'data-autosave-key="note-' in page.content.decode()


def test_the_last_note_is_the_one_before_this_session_not_a_later_one(as_dana, alex, dana, now):
    first, second = held(alex, dana, ended_at=now - 9 * DAY), held(alex, dana, ended_at=now - DAY)
    for each, words in ((first, "The earlier note"), (second, "The later note")):
        note = drafted(each, now=now - DAY, data=words)
        actions.sign(
            session_id=each.pk,
            version=note.version,
            by=dana,
            now=now - DAY,
            proven_at=now - DAY,
            late_reason="moved house",
        )
    middle = held(alex, dana, ended_at=now - 5 * DAY)
    words = text_of(as_dana.get(url("counseling:session", middle)))
    assert "The earlier note" in words
    assert "The later note" not in words


def test_a_supervisor_sees_that_a_draft_exists_but_not_its_words(as_sam, draft):
    page = as_sam.get(url("counseling:session", draft.session))
    assert "Dana Reyes has begun the note." in text_of(page)
    assert WORDS["data"] not in page.content.decode()
    assert as_sam.get(url("counseling:note", draft)).status_code == 404
    assert as_sam.get(url("counseling:sign", draft.session)).status_code == 404


def test_the_working_page_costs_a_fixed_number_of_queries(as_dana, draft, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        as_dana.get(url("counseling:session", draft.session))


# --- autosave over HTTP -------------------------------------------------------------------------------------------


def test_autosave_answers_with_the_new_version(as_dana, session_held, now):
    answer = post_json(
        as_dana, url("counseling:save_note", session_held), {"version": "0", "format": "dap", "data": "A"}
    )
    assert answer.json() == {"version": 1, "saved_at": now.isoformat()}
    answer = post_json(
        as_dana, url("counseling:save_note", session_held), {"version": "1", "format": "dap", "data": "AB"}
    )
    assert answer.json()["version"] == 2
    assert Note.objects.get().sections == {"data": "AB"}


def test_a_stale_tab_gets_409_with_the_other_text(as_dana, draft, dana, now):
    address = url("counseling:save_note", draft.session)
    post_json(as_dana, address, {**WORDS, "version": "1", "format": "dap", "data": "First tab"})
    answer = post_json(as_dana, address, {**WORDS, "version": "1", "format": "dap", "data": "Second tab"})
    assert answer.status_code == 409
    assert answer.json()["version"] == 2
    assert answer.json()["fields"] == {**WORDS, "data": "First tab", "risk_action": ""}
    assert Note.objects.get().sections["data"] == "First tab"


def test_a_stale_tab_in_another_format_gets_the_text_under_its_own_fields(as_dana, draft):
    address = url("counseling:save_note", draft.session)
    as_dana.post(address, {**WORDS, "version": "1", "format": "dap", "to": "soap"})
    answer = post_json(as_dana, address, {**WORDS, "version": "1", "format": "dap", "data": "Second tab"})
    assert answer.json()["fields"]["data"] == WORDS["data"]


def test_autosave_after_signing_is_refused_with_409_and_says_what_to_do(as_dana, signed_note):
    answer = post_json(
        as_dana, url("counseling:save_note", signed_note.session), {"version": "1", "data": "x"}
    )
    assert answer.status_code == 409
    assert "addendum" in answer.json()["message"]
    assert "fields" not in answer.json()
    assert AuditEvent.objects.filter(verb="note.refused").count() == 1


def test_autosave_of_another_person_is_refused(as_sam, draft):
    answer = post_json(as_sam, url("counseling:save_note", draft.session), {"version": "1", "data": "x"})
    assert answer.status_code == 422
    assert Note.objects.get().sections == WORDS


def test_autosave_signed_out_is_sent_to_the_sign_in_and_changes_nothing(browser, draft):
    answer = post_json(browser, url("counseling:save_note", draft.session), {"version": "1", "data": "x"})
    assert answer.status_code == 302
    assert Note.objects.get().sections == WORDS


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999", "1.5"])
def test_a_version_that_is_none_never_overwrites(as_dana, draft, version):
    answer = post_json(as_dana, url("counseling:save_note", draft.session), {"version": version, "data": "x"})
    assert answer.status_code == 409
    assert Note.objects.get().sections == WORDS


def test_what_a_note_cannot_hold_is_422(as_dana, session_held):
    answer = post_json(
        as_dana, url("counseling:save_note", session_held), {"version": "0", "format": "dap", "risk": "huge"}
    )
    assert answer.status_code == 422


def test_without_script_the_button_saves_and_comes_back(as_dana, session_held):
    answer = as_dana.post(
        url("counseling:save_note", session_held), {**WORDS, "version": "0", "format": "dap"}, follow=True
    )
    assert "Saved." in text_of(answer)
    assert WORDS["plan"] in answer.content.decode()


def test_without_script_a_stale_page_shows_both_texts(as_dana, draft):
    address = url("counseling:save_note", draft.session)
    as_dana.post(address, {**WORDS, "version": "1", "format": "dap", "data": "First tab"})
    answer = as_dana.post(address, {**WORDS, "version": "1", "format": "dap", "data": "Second tab"})
    assert answer.status_code == 409
    assert "First tab" in answer.content.decode()
    assert "Second tab" in answer.content.decode()
    assert answer.context["form"]["version"].value() == "2"


def test_without_script_a_refusal_is_said_on_the_page(as_dana, signed_note):
    answer = as_dana.post(
        url("counseling:save_note", signed_note.session), {**WORDS, "version": "1", "data": "x"}, follow=True
    )
    assert "Add an addendum instead" in text_of(answer)


def test_the_format_is_changed_by_a_button_and_the_text_comes_along(as_dana, draft):
    answer = as_dana.post(
        url("counseling:save_note", draft.session),
        {**WORDS, "version": "1", "format": "dap", "to": "soap"},
        follow=True,
    )
    assert list(answer.context["form"].fields)[:4] == ["subjective", "objective", "assessment", "plan"]
    assert answer.context["form"]["subjective"].value() == WORDS["data"]


# --- signing and reading ------------------------------------------------------------------------------------------


def test_review_shows_the_note_and_signing_locks_it(as_dana, draft):
    save = url("counseling:save_note", draft.session)
    answer = as_dana.post(save, {**WORDS, "version": "1", "format": "dap", "then": "sign"}, follow=True)
    assert "Sign and lock" in text_of(answer)
    assert WORDS["data"] in text_of(answer)
    answer = as_dana.post(
        url("counseling:sign", draft.session), {"version": "1", "password": PASSWORD}, follow=True
    )
    assert answer.redirect_chain[-1][0] == url("counseling:note", draft)
    assert "Author Dana Reyes, LADC" in text_of(answer)
    assert Note.objects.get().is_signed


def test_review_names_what_is_missing_and_offers_no_signature(as_dana, session_held, now):
    drafted(session_held, now=now, plan="", risk="")
    page = as_dana.get(url("counseling:sign", session_held))
    assert [key for key, label in page.context["missing"]] == ["plan", "risk"]
    assert "Sign and lock" not in text_of(page)
    assert "#id_plan_field" in page.content.decode()
    answer = as_dana.post(url("counseling:sign", session_held), {"version": "1", "password": PASSWORD})
    assert "Still to be filled" in str(answer.context["form"].errors)
    assert not Note.objects.get().is_signed


def test_review_before_the_end_says_so(as_dana, session, now, dana):
    actions.start(session_id=session.pk, by=dana, now=now)
    drafted(session, now=now)
    page = as_dana.get(url("counseling:sign", session))
    assert "has not ended yet" in text_of(page)
    assert "Sign and lock" not in text_of(page)


def test_a_draft_that_changed_since_it_was_read_is_not_signed(as_dana, draft, dana, now):
    actions.save_draft(
        session_id=draft.session_id, version=1, sections={**WORDS, "plan": "Changed"}, by=dana, now=now
    )
    answer = as_dana.post(url("counseling:sign", draft.session), {"version": "1", "password": PASSWORD})
    assert not Note.objects.get().is_signed
    assert "Changed" in text_of(answer)
    assert 'name="version" value="2"' in answer.content.decode()


def test_a_late_entry_asks_why_and_shows_both_times(as_dana, alex, dana, now):
    old = held(alex, dana, ended_at=now - 73 * HOUR)
    note = drafted(old, now=now)
    assert "Why is this entry late?" in text_of(as_dana.get(url("counseling:sign", old)))
    answer = as_dana.post(url("counseling:sign", old), {"version": "1", "late_reason": ""})
    assert "late_reason" in answer.context["form"].errors
    as_dana.post(
        url("counseling:sign", old), {"version": "1", "password": PASSWORD, "late_reason": "Power cut"}
    )
    words = text_of(as_dana.get(url("counseling:note", note)))
    assert "Late entry" in words
    assert "Power cut" in words
    assert "Sun 8 Mar" in words  # the session
    assert "today" in words.lower() or "Wed 11 Mar" in words  # the signature


def test_person_first_words_are_suggested_before_signing(as_dana, session_held, now):
    drafted(session_held, now=now, data="Alex refused the test; urine was clean.")
    words = text_of(as_dana.get(url("counseling:sign", session_held)))
    assert "“refused” → declined" in words
    assert "Sign and lock" in words


def test_without_a_note_there_is_nothing_to_sign(as_dana, session_held):
    answer = as_dana.get(url("counseling:sign", session_held), follow=True)
    assert "no note to sign" in text_of(answer)


def test_a_signed_note_opens_where_it_is_read(as_dana, signed_note):
    assert as_dana.get(url("counseling:sign", signed_note.session))["Location"] == url(
        "counseling:note", signed_note
    )
    assert as_dana.get(url("counseling:session", signed_note.session)).context["form"] is None


def test_ones_own_draft_opens_where_it_is_written(as_dana, draft):
    assert as_dana.get(url("counseling:note", draft))["Location"] == url("counseling:session", draft.session)


def test_after_signing_the_next_unsigned_note_is_one_click_away(as_dana, alex, dana, signed_note, now):
    waiting = held(alex, dana, ended_at=now - 3 * DAY)
    page = as_dana.get(url("counseling:note", signed_note))
    assert page.context["next_unsigned"] == waiting
    assert url("counseling:session", waiting) in page.content.decode()


def test_addenda_stand_under_the_note_in_the_order_of_their_time(as_dana, as_sam, signed_note, now):
    address = url("counseling:add_addendum", signed_note)
    as_dana.post(
        address,
        {
            "addendum-text": "The sister came too.",
            "addendum-reason": "Left out",
            "addendum-password": PASSWORD,
        },
    )
    with time_machine.travel(now + HOUR, tick=False):
        answer = as_sam.post(
            address,
            {"addendum-text": "Reviewed.", "addendum-reason": "Review", "addendum-password": PASSWORD},
            follow=True,
        )
    words = text_of(answer)
    assert words.index("The sister came too.") < words.index("Reviewed.")
    assert "Sam Ortiz" in words


def test_an_addendum_without_a_reason_keeps_its_text_on_the_page(as_dana, signed_note):
    answer = as_dana.post(
        url("counseling:add_addendum", signed_note), {"addendum-text": "The sister came too."}
    )
    assert answer.status_code == 200
    assert "The sister came too." in answer.content.decode()
    assert not Addendum.objects.exists()


def test_a_draft_takes_no_addendum_over_http(as_dana, as_sam, draft):
    data = {"addendum-text": "x", "addendum-reason": "y", "addendum-password": PASSWORD}
    assert as_dana.post(url("counseling:add_addendum", draft), data).status_code == 200
    assert as_sam.post(url("counseling:add_addendum", draft), data).status_code == 404
    assert not Addendum.objects.exists()


def test_the_risk_and_what_was_done_about_it_stand_in_the_note(as_dana, session_held, now):
    drafted(session_held, now=now, risk="passive", risk_action="Safety plan gone through.")
    words = text_of(as_dana.get(url("counseling:sign", session_held)))
    assert "Passive thoughts of death or suicide" in words
    assert "Safety plan gone through." in words


def test_an_altered_note_would_be_told(as_dana, signed_note, monkeypatch):
    assert "As signed" in text_of(as_dana.get(url("counseling:note", signed_note)))
    monkeypatch.setattr(Note, "is_intact", property(lambda note: False))
    assert "This text is not what was signed" in text_of(as_dana.get(url("counseling:note", signed_note)))


def test_a_missed_session_says_what_happens_next(as_dana, session):
    answer = as_dana.post(url("followup:close_session", session), {"outcome": "no_show"}, follow=True)
    assert "to reach out is due within 24 hours" in text_of(answer)
    assert buttons(answer) == {"start", "attend"}


def test_a_cancelled_session_has_no_editor(as_dana, session, dana, now):
    lower.cancel(session_id=session.pk, cancelled_for="practice", by=dana, now=now)
    page = as_dana.get(url("counseling:session", session))
    assert page.context["form"] is None
    assert buttons(page) == set()


@pytest.mark.parametrize(
    "name",
    [
        "counseling:start",
        "counseling:save_note",
        "followup:close_session",
        "followup:cancel_session",
        "followup:reschedule_session",
    ],
)
def test_whoever_signs_in_again_after_a_button_lands_on_the_session_and_nothing_is_done(
    as_dana, session, name
):
    before = Session.objects.values().get()
    assert as_dana.get(url(name, session))["Location"] == url("counseling:session", session)
    assert Session.objects.values().get() == before


def test_whoever_signs_in_again_after_an_addendum_lands_on_the_note(as_dana, signed_note):
    answer = as_dana.get(url("counseling:add_addendum", signed_note))
    assert answer["Location"] == url("counseling:note", signed_note)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("", "None running"),
        ("active", "Open the plan"),
        ("paused", "Open the plan"),
        ("completed", "None running"),
    ],
)
def test_beside_the_note_stands_only_a_plan_that_runs(as_dana, alex, session, now, state, told):
    facts = {
        "plan_state": state,
        "plan_stage": "physical" if state else "",
        "plan_started_at": now - 90 * DAY,
    }
    type(alex.summary).objects.filter(client=alex).update(**facts)
    page = as_dana.get(url("counseling:session", session)).content.decode()
    assert [words for words in ("None running", "Open the plan") if words in page] == [told]
