"""The pages of an emergency, and those on which the practice keeps hours and crisis words."""

from datetime import date, timedelta

import pytest
import time_machine

from casework.followup import actions
from casework.followup.inbox import lexicon
from casework.followup.models import CrisisWord, EmergencyRecord, StaffAlert
from clients.models import Closure, OnCall, Practice, StaffedHours
from tests.followup.alarms import crisis_of, emergency
from tests.followup.making import texts

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _frozen(now):
    """11:00 on a Wednesday in New York; and no words of one test hold in the next."""
    with time_machine.travel(now, tick=False):
        yield
    lexicon.forget()


@pytest.fixture
def alarm(alex, dana, now):
    return emergency(alex, now - 30 * MINUTE)


@pytest.fixture
def as_sam(sam, browser):
    browser.force_login(sam)
    return browser


def html(response):
    return response.content.decode()


def record_form(sam, **changed):
    return {
        "noticed_at": "2026-03-11T10:40",
        "red_flags": ["overdose"],
        "acts": ["called_911", "supervisor"],
        "person_reached": "Alex and the crew",
        "disclosure_basis": "medical_emergency",
        "outcome": "In hospital, awake",
        "supervisor": str(sam.pk),
        "supervisor_told_at": "2026-03-11T10:50",
        **changed,
    }


# --- taking it -------------------------------------------------------------------------------------------------------
def test_the_page_says_that_nobody_has_it_and_a_button_takes_it(as_dana, dana, alarm):
    page = html(as_dana.get(f"/todos/{alarm.uid}/"))
    assert "Nobody has it yet" in page
    assert "I have it" in page
    taken = as_dana.post(f"/todos/{alarm.uid}/have-it/", follow=True)
    assert "You have it. Nobody else is called." in html(taken)
    assert "Dana Reyes has it" in html(taken)
    assert f'action="/todos/{alarm.uid}/have-it/"' not in html(taken)


def test_who_comes_second_is_told_who_has_it(as_dana, sam, alarm, now):
    actions.acknowledge_todo(todo_id=alarm.pk, by=sam, now=now)
    assert "Sam Ortiz has it already." in html(as_dana.post(f"/todos/{alarm.uid}/have-it/", follow=True))


def test_every_text_of_the_alarm_stands_on_its_page_and_who_was_told(as_dana, alex, sam, now):
    texts(alex, "I want to die", now - 20 * MINUTE)
    texts(alex, "nobody would miss me, suicide", now - 10 * MINUTE)
    todo = crisis_of(alex)
    facts = {"todo": todo, "try_at": now, "round": 0}
    StaffAlert.objects.create(**facts, to=sam, due_at=now, sent_at=now)
    StaffAlert.objects.create(**facts, to=todo.owner, due_at=now, error="TimeoutError")
    page = html(as_dana.get(f"/todos/{todo.uid}/"))
    assert page.index("I want to die") < page.index("nobody would miss me")
    assert "the e-mail could not be sent yet" in page


def test_every_text_of_an_open_alarm_is_pinned_in_the_inbox_and_leads_to_it(as_dana, alex, now):
    for minutes in (20, 10):
        texts(alex, "suicide", now - minutes * MINUTE)
    page = html(as_dana.get("/inbox/"))
    assert page.count(f'href="/todos/{crisis_of(alex).uid}/"') == 2


def test_there_is_no_done_button_on_an_emergency_and_a_forged_one_is_refused(as_dana, alarm):
    assert "/done/" not in html(as_dana.get(f"/todos/{alarm.uid}/"))
    refused = as_dana.post(f"/todos/{alarm.uid}/done/", {"outcome": "All is well"})
    assert refused.status_code == 422
    assert "Write the emergency record first" in html(refused)


def test_another_to_do_has_none_of_these_pages(as_dana, dana, alex, now):
    todo = actions.add_todo(client_id=alex.pk, title="Ask", due_at=now, by=dana, now=now)
    for act in ("record", "false-alarm"):
        assert as_dana.get(f"/todos/{todo.uid}/{act}/").status_code == 404
    assert as_dana.post(f"/todos/{todo.uid}/have-it/").status_code == 404


# --- the record ------------------------------------------------------------------------------------------------------
def test_the_form_begins_with_what_is_on_record(as_dana, alex, sam, now):
    texts(alex, "I want to die", now - 20 * MINUTE)
    page = html(as_dana.get(f"/todos/{crisis_of(alex).uid}/record/"))
    assert 'value="2026-03-11T10:40"' in page  # when the text came in, by the practice's clock
    assert f'<option value="{sam.pk}" selected' in page


def test_a_flag_of_the_checklist_is_ticked_already(as_dana, dana, alex, now):
    from tests.followup.test_checklist import CALM

    actions.complete_checklist(client_id=alex.pk, answers={**CALM, "flag_overdose": "yes"}, by=dana, now=now)
    page = html(as_dana.get(f"/todos/{alex.todos.get(kind='emergency').uid}/record/"))
    assert page.count(" checked") == 1
    assert 'value="overdose"' in page[: page.index(" checked")][-80:]


def test_recording_closes_it_and_the_page_shows_the_record(as_dana, sam, alarm):
    page = html(as_dana.post(f"/todos/{alarm.uid}/record/", record_form(sam), follow=True))
    for words in (
        "Emergency services were called (911)",
        "Alex and the crew",
        "Medical emergency",
        "Sam Ortiz",
    ):
        assert words in page
    assert EmergencyRecord.objects.get().todo == alarm
    assert as_dana.get(f"/todos/{alarm.uid}/record/").status_code == 302


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"outcome": ""}, "This field is required"),
        ({"disclosure_basis": "nothing_told"}, "Somebody outside the practice was told"),
        ({"supervisor_told_at": "2026-03-11T10:30"}, "after it was noticed"),
    ],
)
def test_what_is_wrong_stands_beside_it_and_what_was_typed_stays(as_dana, sam, alarm, changed, words):
    page = html(as_dana.post(f"/todos/{alarm.uid}/record/", record_form(sam, **changed)))
    assert words in page
    assert "Alex and the crew" in page
    assert not EmergencyRecord.objects.exists()


def test_a_false_alarm_needs_a_reason_on_the_page_too(as_dana, alarm):
    assert "This field is required" in html(as_dana.post(f"/todos/{alarm.uid}/false-alarm/", {"reason": " "}))
    page = html(as_dana.post(f"/todos/{alarm.uid}/false-alarm/", {"reason": "A song title"}, follow=True))
    assert "False alarm" in page
    assert "A song title" in page


def test_one_opened_again_closes_with_a_word(as_dana, sam, alarm):
    as_dana.post(f"/todos/{alarm.uid}/record/", record_form(sam))
    as_dana.post(f"/todos/{alarm.uid}/undo/")
    page = html(as_dana.get(f"/todos/{alarm.uid}/"))
    assert "Write down what was done" not in page
    as_dana.post(f"/todos/{alarm.uid}/done/", {"outcome": "Home again"})
    alarm.refresh_from_db()
    assert (alarm.state, alarm.outcome) == ("done", "Home again")


# --- hours and on call -----------------------------------------------------------------------------------------------
def week(**changed):
    days = {f"{name}_{day}": at for day in range(5) for name, at in (("opens", "08:00"), ("closes", "18:00"))}
    return {**days, **changed}


def test_the_week_is_shown_as_shipped_and_saved_whole(as_sam, practice):
    assert html(as_sam.get("/practice/hours/")).count('value="09:00"') == 5
    as_sam.post("/practice/hours/", week(opens_5="10:00", closes_5="12:00"))
    assert list(StaffedHours.objects.values_list("weekday", flat=True)) == [0, 1, 2, 3, 4, 5]
    assert 'value="08:00"' in html(as_sam.get("/practice/hours/"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"closes_0": ""}, "Give both times"),
        ({"closes_0": "07:00"}, "end later than it begins"),
        ({"opens_0": "soon"}, "valid time"),
    ],
)
def test_hours_that_cannot_be_say_so_beside_the_day(as_sam, practice, changed, words):
    page = html(as_sam.post("/practice/hours/", week(**changed)))
    assert words in page
    assert not StaffedHours.objects.exists()


def test_a_closed_day_is_added_and_removed(as_sam, practice):
    as_sam.post("/practice/hours/closed/", {"on": "2026-12-25", "what": "Christmas"})
    assert "Christmas" in html(as_sam.get("/practice/hours/"))
    again = as_sam.post("/practice/hours/closed/", {"on": "2026-12-25", "what": ""})
    assert "closed already" in html(again)
    assert "This field is required" in html(as_sam.post("/practice/hours/closed/", {"on": ""}))
    as_sam.post(f"/practice/hours/closed/{Closure.objects.get().uid}/remove/")
    assert not Closure.objects.exists()


def test_somebody_is_put_on_call_and_taken_off(as_sam, sam, practice):
    duty = {"user": str(sam.pk), "from_at": "2026-03-11T09:00", "to_at": "2026-03-12T09:00"}
    as_sam.post("/practice/hours/on-call/", duty)
    assert "Take off" in html(as_sam.get("/practice/hours/"))
    assert "on call then already" in html(as_sam.post("/practice/hours/on-call/", duty))
    as_sam.post(f"/practice/hours/on-call/{OnCall.objects.get().uid}/end/")
    assert "Nobody is on call" in html(as_sam.get("/practice/hours/"))


def test_the_page_says_whether_somebody_is_here(as_sam, practice, now):
    assert "Somebody is here now." in html(as_sam.get("/practice/hours/"))
    Closure.objects.create(on=date(2026, 3, 11))
    assert "Nobody is here now" in html(as_sam.get("/practice/hours/"))


# --- crisis words ----------------------------------------------------------------------------------------------------
def test_words_are_added_switched_and_reviewed_by_the_page(as_sam, sam, practice):
    as_sam.post("/practice/crisis-words/", {"phrase": "goodbye everyone", "language": "en", "why": ""})
    word = CrisisWord.objects.get(phrase="goodbye everyone")
    assert "added by Sam Ortiz" in html(as_sam.get("/practice/crisis-words/"))
    as_sam.post(f"/practice/crisis-words/{word.uid}/reviewed/")
    assert "This field is required" in html(
        as_sam.post(f"/practice/crisis-words/{word.uid}/off/", {"why": ""})
    )
    as_sam.post(f"/practice/crisis-words/{word.uid}/off/", {"why": "Too common"})
    word.refresh_from_db()
    assert (word.active, word.why, word.reviewed_by) == (False, "Too common", sam)
    assert "goodbye everyone" in html(as_sam.get("/practice/crisis-words/?show=doubtful"))
    assert "goodbye everyone" not in html(as_sam.get("/practice/crisis-words/?show=unreviewed"))
    as_sam.post(f"/practice/crisis-words/{word.uid}/on/")
    word.refresh_from_db()
    assert word.active


def test_a_word_that_cannot_be_is_said_beside_it(as_sam, practice):
    page = html(as_sam.post("/practice/crisis-words/", {"phrase": "stop", "language": "en"}))
    assert "a command of its own" in page


def test_the_crisis_text_is_switched_off_and_on_by_the_page(as_sam, practice):
    as_sam.post("/practice/crisis-words/reply/", {"on": "0"})
    assert not Practice.current().crisis_auto_reply
    assert "No text goes out by itself" in html(as_sam.get("/practice/crisis-words/"))
    as_sam.post("/practice/crisis-words/reply/", {"on": "1"})
    assert Practice.current().crisis_auto_reply


def test_the_administrator_finds_both_pages_behind_one_door(browser, ada, practice):
    browser.force_login(ada)
    page = html(browser.get("/practice/"))
    assert "Hours and on call" in page
    assert "Crisis words" in page
    assert "Unknown numbers" not in page
