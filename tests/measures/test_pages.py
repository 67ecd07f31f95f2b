"""Giving a measure at the desk, reading it afterwards, and the page on the client's phone."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from casework.followup.actions.measures import send_measures
from casework.measures import lower
from casework.measures.models import MeasureRequest, MeasureResult
from clients import links
from clients.errors import Conflict
from clients.models import ClientLink
from sessions.models import Session
from tests import factories
from tests.conftest import NOW
from tests.measures.conftest import DAY, QUIET

pytestmark = pytest.mark.django_db
HIGH = {str(n): 2 for n in range(1, 10)}


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def sheet(answers: dict[str, int], **more: str) -> dict[str, str]:
    """Answers as a browser sends them."""
    return {f"q_{key}": str(value) for key, value in answers.items()} | more


def at(name: str, **parts) -> str:
    return reverse(name, kwargs=parts)


def text(response) -> str:
    """What stands on the page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# --- at the desk ---


def test_dana_asks_the_questions_and_sees_what_they_came_to(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="phq9")
    asked = as_dana.get(page)
    assert "Little interest or pleasure in doing things" in text(asked)
    assert "No permission required" in text(asked)
    kept = as_dana.post(page, sheet(HIGH | {"10": 1}), follow=True)
    result = MeasureResult.objects.get()
    assert kept.redirect_chain[-1][0] == at("desk:measure", uid=result.uid)
    assert "18 / 27" in text(kept)
    assert "Moderately severe" in text(kept)
    assert "Item 9: thoughts of death or self-harm" in text(kept)
    assert "A score is no diagnosis." in text(kept)


def test_open_questions_are_said_once_and_can_be_kept_without_a_score(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="gad7")
    said = as_dana.post(page, sheet({"1": 3, "3": 2}))
    assert said.status_code == 422
    assert "5 questions are open" in text(said)
    assert re.search(r'name="q_3" value="2"[^>]* checked', said.content.decode())
    assert not MeasureResult.objects.exists()
    kept = as_dana.post(page, sheet({"1": 3, "3": 2}, open="1"), follow=True)
    assert "Incomplete: no score" in text(kept)


def test_a_wrong_answer_is_said_beside_its_question_and_the_rest_stays(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="bam_r")
    said = as_dana.post(page, sheet({"2": 31, "3": 4}, open="1"))
    assert said.status_code == 422
    assert "from 0 to 30" in text(said)
    assert 'name="q_3" value="4"' in said.content.decode()
    assert not MeasureResult.objects.exists()


def test_a_number_that_an_earlier_one_rules_out_is_declined_with_words(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="bam_r")
    said = as_dana.post(page, sheet({"4": 0, "5": 3}, open="1"))
    assert "rules this one out" in text(said)


def test_a_choice_that_was_hidden_again_is_not_kept(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="audit_c")
    as_dana.post(page, sheet({"1": 0, "2": 3, "3": 1}))
    assert MeasureResult.objects.get().items == {"1": 0}
    assert MeasureResult.objects.get().scored.scores == {"total": 0}


def test_questions_say_which_answers_open_them(as_dana, alex):
    page = as_dana.get(at("followup:give_measure", uid=alex.uid, measure="taps")).content.decode()
    never, seldom = re.findall(r'<input type="radio" name="q_p1_tobacco" value="([01])"[^>]*?>', page)[:2]
    assert (never, seldom) == ("0", "1")
    assert re.search(r'name="q_p1_tobacco" value="1" data-digit="1" data-opens="1"', page)
    assert not re.search(r'name="q_p1_tobacco" value="0"[^>]*data-opens', page)
    # A question of the second part needs its own gate and the one before it.
    assert re.search(r'class="question needs-\d+ needs-1" id="id_q_tobacco_a"', page)


def test_the_limit_of_the_audit_c_depends_on_what_is_recorded(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="audit_c")
    kept = as_dana.post(page, sheet({"1": 3, "2": 0, "3": 0}, sex=""), follow=True)
    assert "no sex was recorded" in text(kept)
    assert "Screen positive" in text(kept)
    kept = as_dana.post(page, sheet({"1": 3, "2": 0, "3": 0}, sex="man"), follow=True)
    assert "no sex was recorded" not in text(kept)
    assert "Screen positive" not in text(kept)


def test_a_score_from_paper_shows_no_question(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="arc50")
    assert "shows no question" in text(as_dana.get(page))
    said = as_dana.post(page, {"total": "51"})
    assert said.status_code == 422
    kept = as_dana.post(page, {"total": "44", "taken_at": "2026-03-10T09:00"}, follow=True)
    assert "44 / 50" in text(kept)
    assert MeasureResult.objects.get().taken_at < NOW - timedelta(hours=12)


def test_dana_reads_of_the_ciwa_b_what_it_is_not_and_cannot_enter_it(as_dana, alex, dana):
    page = at("followup:give_measure", uid=alex.uid, measure="ciwa_b")
    shown = text(as_dana.get(page))
    assert "not a tool for dosing" in shown
    assert "seizure" in shown
    assert "Only a nurse or a prescriber" in shown
    as_dana.post(page, {"total": "30"})
    assert not MeasureResult.objects.exists()
    dana.credential = "RN"
    dana.save()
    as_dana.post(page, {"total": "30"})
    assert MeasureResult.objects.get().scored.bands == {"total": "moderate"}


def test_a_result_in_the_future_is_declined(as_dana, alex):
    page = at("followup:give_measure", uid=alex.uid, measure="gad7")
    answers = sheet({str(n): 0 for n in range(1, 8)}, taken_at="2026-03-12T09:00")
    assert "future" in text(as_dana.post(page, answers))


def test_a_year_of_two_digits_is_declined(as_dana, alex):
    told = sheet(QUIET | {"10": 0}, taken_at="0026-03-01T10:00")
    said = as_dana.post(at("followup:give_measure", uid=alex.uid, measure="phq9"), told)
    assert "Check the year" in text(said)
    assert not MeasureResult.objects.exists()


@pytest.mark.parametrize("typed", ["9" * 5000, "-1", "1.5", "٣", "\x00", "x" * 5000])
def test_whatever_is_typed_for_a_number_of_days_is_declined_with_words(as_dana, alex, typed):
    said = as_dana.post(
        at("followup:give_measure", uid=alex.uid, measure="bam_r"), {"q_1": "8", "q_2": typed, "open": "1"}
    )
    assert said.status_code == 422
    assert re.search(r'name="q_1" value="8"[^>]* checked', said.content.decode())
    assert not MeasureResult.objects.exists()


def test_a_number_of_days_with_a_nought_before_it_is_that_number(as_dana, alex):
    as_dana.post(at("followup:give_measure", uid=alex.uid, measure="bam_r"), {"q_2": "05", "open": "1"})
    assert MeasureResult.objects.get().items == {"2": 5}


def test_a_measure_that_is_not_in_use_is_not_there(as_dana, alex):
    assert as_dana.get(at("followup:give_measure", uid=alex.uid, measure="dast10")).status_code == 404


def test_a_result_can_be_given_for_a_session(as_dana, alex, dana):
    session = Session.objects.create(
        client=alex, counselor=dana, scheduled_at=NOW, starts_at=NOW, ends_at=NOW + timedelta(hours=1)
    )
    page = at("followup:give_measure", uid=alex.uid, measure="phq9")
    as_dana.post(f"{page}?session={session.uid}", sheet(QUIET | {"10": 0}))
    as_dana.post(f"{page}?session=nonsense", sheet(QUIET | {"10": 0}))
    assert [one.session for one in MeasureResult.objects.order_by("pk")] == [session, None]


def test_a_mistake_is_marked_with_its_reason(as_dana, alex, give):
    result = give()
    page = at("followup:void_measure", uid=result.uid)
    assert as_dana.post(page, {"reason": ""}).status_code == 200
    as_dana.post(page, {"reason": "Wrong client"})
    shown = as_dana.get(at("desk:measure", uid=result.uid))
    assert "Marked as a mistake" in text(shown)
    assert "Wrong client" in text(shown)
    assert "PHQ-9, " not in text(as_dana.get(at("desk:measures", uid=alex.uid)))


# --- over time ---


def test_the_page_shows_what_is_due_what_was_given_and_what_changed(as_dana, alex, give):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=(NOW - 40 * DAY).date())
    give(answers=HIGH, taken_at=NOW - 30 * DAY)
    give(answers={str(n): 0 for n in range(1, 10)} | {"1": 3}, taken_at=NOW - DAY)
    shown = text(as_dana.get(at("desk:measures", uid=alex.uid)))
    assert "BAM" in shown
    assert "Missed" in shown
    assert "Remission" in shown
    assert "clearly better than last time" in shown
    assert "−15" in shown


def test_the_charts_stand_beside_their_table(as_dana, alex, give):
    for days, answers in ((60, HIGH), (30, {"1": 1}), (1, QUIET)):
        give(answers=answers, taken_at=NOW - days * DAY)
    page = as_dana.get(at("desk:measures", uid=alex.uid)).content.decode()
    assert page.count("chart-mark-gap") == 2  # on the wide and on the narrow sheet
    assert "Incomplete: no score" in page
    assert "18 / 27" in page
    assert "style=" not in page


def test_the_page_costs_as_many_queries_for_many_results(as_dana, alex, give, django_assert_max_num_queries):
    for days in range(1, 15):
        give(answers=HIGH, taken_at=NOW - days * DAY)
        give("gad7", {str(n): 1 for n in range(1, 8)}, taken_at=NOW - days * DAY)
    with django_assert_max_num_queries(20):
        as_dana.get(at("desk:measures", uid=alex.uid))


def test_a_bam_shows_the_items_that_moved(as_dana, alex, give):
    steady = {str(n): 1 for n in range(1, 18) if n != 7} | {"14": 4}
    give("bam", steady, taken_at=NOW - DAY)
    later = give("bam", steady | {"8": 4, "9": 2})
    page = text(as_dana.get(at("desk:measure", uid=later.uid)))
    assert "+3" in page
    assert "no total" in page.lower()


# --- asking the phone ---


def test_dana_asks_by_phone_and_can_take_the_link_back(as_dana, alex):
    page = at("followup:send_measures", uid=alex.uid)
    chosen = as_dana.get(page + "?measure=bam&measure=phq9").content.decode()
    assert re.search(r'value="bam"[^>]*checked', chosen)
    assert "CIWA-B" not in chosen
    as_dana.post(page, {"measures": ["bam", "phq9"]})
    request = MeasureRequest.objects.get()
    assert request.measures == ["bam", "phq9"]
    assert "BAM, PHQ-9" in text(as_dana.get(at("desk:measures", uid=alex.uid)))
    as_dana.post(at("followup:withdraw_measures", uid=request.uid))
    assert ClientLink.objects.get().revoked_at == NOW


def test_asking_for_nothing_is_declined(as_dana, alex):
    as_dana.post(at("followup:send_measures", uid=alex.uid), {})
    assert not MeasureRequest.objects.exists()


# --- on the phone ---


@pytest.fixture
def ask(alex, dana):
    def make(*measures: str) -> str:
        made = send_measures(client_id=alex.pk, measures=measures, by=dana, now=NOW)
        return made.address.rpartition("/l/")[2].strip("/")

    return make


def opened(browser, token: str) -> str:
    return browser.post(f"/l/{token}/")["Location"]


def test_alex_answers_two_measures_one_after_the_other(browser, alex, ask):
    page = opened(browser, ask("phq9", "gad7"))
    first = browser.get(page)
    assert "part 1 of 2" in text(first)
    next_one = browser.post(page, sheet(QUIET | {"10": 0}, measure="phq9"), follow=True)
    assert "part 2 of 2" in text(next_one)
    last = browser.post(page, sheet({str(n): 0 for n in range(1, 8)}, measure="gad7"))
    assert "Thank you" in text(last)
    kept = MeasureResult.objects.order_by("pk")
    assert [(one.measure, one.mode, one.respondent, one.recorded_by) for one in kept] == [
        ("phq9", "phone", "client", None),
        ("gad7", "phone", "client", None),
    ]
    assert ClientLink.objects.get().used_at == NOW
    assert "Thank you" in text(browser.get(page))


def test_the_phone_page_names_nobody_and_no_practice_and_needs_no_script(browser, alex, dana, practice, ask):
    response = browser.get(opened(browser, ask("bam")))
    page = response.content.decode()
    for told in (alex.given_name, alex.family_name, dana.short_name, practice.name, "Turnaround", "BAM"):
        assert told not in text(response)
    assert "<script" not in page
    assert "style=" not in page
    assert not response.cookies
    assert len(response.content) < 40_000


def test_open_questions_on_the_phone_are_asked_for_once_and_may_stay_open(browser, ask):
    page = opened(browser, ask("phq9"))
    said = browser.post(page, sheet({"1": 2}, measure="phq9"))
    assert said.status_code == 422
    assert "9 questions are open" in text(said)
    assert re.search(r'name="q_1" value="2"[^>]* checked', said.content.decode())
    assert "Thank you" in text(browser.post(page, sheet({"1": 2}, measure="phq9", open="1")))
    assert MeasureResult.objects.get().scored.scores["total"] is None


def test_an_empty_page_is_not_kept_however_it_is_sent(browser, ask):
    page = opened(browser, ask("phq9"))
    assert "at least one" in text(browser.post(page, {"measure": "phq9", "open": "1"}))
    assert not MeasureResult.objects.exists()


def test_who_thinks_of_death_reads_at_once_whom_to_call(browser, ask):
    page = opened(browser, ask("phq9", "gad7"))
    told = browser.post(page, sheet(QUIET | {"9": 1, "10": 0}, measure="phq9"))
    assert "988" in text(told)
    assert "911" in text(told)
    assert "Go on with the other questions" in text(told)
    assert "part 2 of 2" in text(browser.get(page))


@pytest.mark.parametrize("asked", [("phq9", "gad7"), ("phq9",)])
def test_who_thinks_of_death_and_taps_twice_still_reads_whom_to_call(browser, ask, asked):
    page = opened(browser, ask(*asked))
    answers = sheet(QUIET | {"9": 1, "10": 0}, measure="phq9")
    browser.post(page, answers)
    again = browser.post(page, answers)
    assert "988" in text(again)
    assert ("Go on with the other questions" in text(again)) is (len(asked) == 2)
    assert MeasureResult.objects.count() == 1


def test_a_link_tells_nobody_what_was_answered_through_it(browser, ask):
    page = opened(browser, ask("phq9"))
    browser.post(page, sheet(QUIET | {"9": 1, "10": 0}, measure="phq9"))
    for told in (QUIET, {}, {"9": 7}):
        assert "Thank you" in text(again := browser.post(page, sheet(told, measure="phq9")))
        assert "988" not in text(again)
    assert "988" not in text(browser.get(page))


def test_a_link_to_something_else_asks_no_questions(browser, alex, dana):
    issued = links.issue(client_id=alex.pk, purpose=ClientLink.Purpose.PLAN, by=dana, now=NOW)
    token = issued.address.rpartition("/l/")[2].strip("/")
    opened(browser, token)
    assert "This page is closed" in text(browser.get(f"/l/{token}/m/"))


def test_a_page_sent_twice_on_a_slow_line_counts_once(browser, ask):
    page = opened(browser, ask("phq9", "gad7"))
    answers = sheet(QUIET | {"10": 0}, measure="phq9")
    browser.post(page, answers)
    again = browser.post(page, answers, follow=True)
    assert "part 2 of 2" in text(again)
    assert MeasureResult.objects.count() == 1


def test_the_same_sheet_sent_at_the_same_time_leads_on(browser, ask, monkeypatch):
    page = opened(browser, ask("phq9", "gad7"))
    answers = sheet(QUIET | {"10": 0}, measure="phq9")
    browser.post(page, answers)
    monkeypatch.setattr(MeasureRequest, "left", lambda self: ["phq9", "gad7"])

    def taken(**facts):
        raise Conflict("This has been answered already.")

    monkeypatch.setattr(lower, "keep_result", taken)
    assert browser.post(page, answers)["Location"] == page


def test_without_opening_its_door_first_the_page_is_closed(browser, ask):
    token = ask("phq9")
    assert browser.get(f"/l/{token}/m/").status_code == 404
    assert browser.post(f"/l/{token}/m/", sheet(QUIET, measure="phq9")).status_code == 404
    assert not MeasureResult.objects.exists()


def test_a_link_taken_back_while_alex_writes_keeps_nothing_and_says_so(browser, ask, dana):
    page = opened(browser, ask("phq9"))
    links.revoke(link_id=ClientLink.objects.get().pk, by=dana, now=NOW)
    said = browser.post(page, sheet(QUIET | {"10": 0}, measure="phq9"))
    assert said.status_code == 404
    assert "This page is closed" in text(said)
    assert not MeasureResult.objects.exists()


def test_in_spanish_the_official_words_are_shown_and_else_english_is_and_said(browser, alex, ask):
    alex.language = "es"
    alex.save()
    page = opened(browser, ask("phq9", "bam"))
    shown = browser.get(page)
    assert 'lang="es"' in shown.content.decode()
    assert "Poco interés o placer en hacer cosas" in text(shown)
    browser.post(page, sheet(QUIET | {"10": 0}, measure="phq9"))
    shown = browser.get(page)
    assert "ANY alcohol" in text(shown)
    assert re.search(r'class="questions" lang="en"', shown.content.decode())
    assert [one.language for one in MeasureResult.objects.order_by("pk")] == ["es"]


def test_the_clients_page_loads_the_latest_of_each_in_brief(as_dana, alex, give):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=(NOW - 40 * DAY).date())
    give(answers=HIGH, taken_at=NOW - 30 * DAY)
    give(taken_at=NOW - DAY)
    address = at("desk:measures_in_brief", uid=alex.uid)
    assert f'hx-get="{address}"' in as_dana.get(at("desk:client", uid=alex.uid)).content.decode()
    part = text(as_dana.get(address))
    assert "PHQ-9" in part
    assert "0 minimal (−18)" in part
    assert "4 missed" in part


def test_the_timeline_names_each_measure_and_leads_to_it(as_dana, alex, give):
    result = give()
    page = as_dana.get(at("desk:client", uid=alex.uid) + "?kind=measures").content.decode()
    assert at("desk:measure", uid=result.uid) in page
    assert "Asked in person" in page
