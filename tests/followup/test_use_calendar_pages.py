"""The use calendar's page, and what marking days asks of people (clinical.md §2.14)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone, translation

from casework.followup.actions.merging import merge_clients
from casework.followup.actions.use_calendar import mark_days, withdraw_mark
from casework.followup.models import Message
from casework.followup.plan_templates import ToDoKind
from casework.relapse.models import DayMark, RelapseReport
from casework.relapse.use_calendar import use_calendar
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import Substance
from tests import factories
from tests.followup.making import open_todos, report, texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def today(alex, now):
    return timezone.localdate(now, alex.zone)


@pytest.fixture
def mark(alex, dana, now, today):
    def make(*days, used=True, client=alex, **told):
        told = {"use_type": "illicit", **told} if used else told
        return mark_days(
            client_id=client.pk,
            days=[today + timedelta(days=day) for day in days],
            used=used,
            **{"source": "self_session", "by": dana, "now": now, **told},
        )

    return make


def address(client, name="followup:use_calendar"):
    return reverse(name, kwargs={"uid": client.uid})


def sent(*days, used="no", **more):
    ticked = [day.isoformat() for day in days]
    return {"days": ticked, "used": used, "source": "self_session", "certainty": "sure", **more}


# --- what it asks of people -----------------------------------------------------------------------------------------
def test_use_that_no_report_tells_of_asks_for_a_report_and_sends_nothing(alex, dana, mark, now):
    opened = mark(-1).opened
    assert [(todo.kind, todo.owner, todo.due_at - now) for todo in opened] == [
        (ToDoKind.UPGRADE, dana, timedelta(hours=24))
    ]
    assert "record a report" in opened[0].said
    assert not RelapseReport.objects.exists()
    assert not Message.objects.exists()


def test_one_such_to_do_is_enough(alex, mark):
    mark(-2)
    assert mark(-1).opened == ()
    assert open_todos(alex) == [ToDoKind.UPGRADE]


def test_days_without_use_ask_for_nothing(alex, mark):
    mark(-2, -1, used=False)
    assert open_todos(alex) == []


def test_use_of_a_reported_episode_asks_for_nothing(alex, dana, mark, now, today):
    report(alex, dana, now, use={"use_type": "illicit", "days": [today - timedelta(days=2)]})
    before = open_todos(alex)
    mark(-1)
    assert open_todos(alex) == before


def test_new_use_during_a_plan_tells_the_supervisor(alex, dana, sam, mark, now):
    report(alex, dana, now, stage="mental")
    alex.todos.open().filter(kind=ToDoKind.SUPERVISOR_REVIEW).update(state="done", done_at=now, done_by=sam)
    opened = mark(-1).opened
    assert {(todo.kind, todo.owner) for todo in opened} == {
        (ToDoKind.UPGRADE, dana),
        (ToDoKind.SUPERVISOR_REVIEW, sam),
    }


def test_the_question_is_asked_in_the_readers_language(alex, mark):
    todo = mark(-1).opened[0]
    with translation.override("es"):
        assert todo.said != "Use was marked in the calendar: record a report?"


def test_what_was_a_mistake_asks_no_more(alex, dana, mark, now):
    kept = mark(-1).marks[0]
    withdraw_mark(mark_id=kept.pk, reason="Wrong client", by=dana, now=now)
    assert open_todos(alex) == []
    assert alex.todos.get().state == "cancelled"


def test_nobody_marks_days_of_somebody_who_has_died(alex, mark):
    alex.state = "deceased"
    alex.save()
    with pytest.raises(InvalidTransition, match="has died"):
        mark(-1)


def test_somebody_who_left_is_not_asked_after(alex, mark):
    alex.state = "discharged"
    alex.save()
    assert mark(-1).opened == ()


def test_an_auditor_marks_nothing_and_takes_nothing_back(alex, audrey, mark, now):
    kept = mark(-1, used=False).marks[0]
    with pytest.raises(NotAllowed):
        mark(-1, by=audrey)
    with pytest.raises(NotAllowed):
        withdraw_mark(mark_id=kept.pk, reason="Why not", by=audrey, now=now)


# --- the page -------------------------------------------------------------------------------------------------------
def test_the_month_shows_each_day_with_what_is_known(as_dana, alex, mark, today):
    mark(-2)
    mark(-1, used=False)
    page = as_dana.get(address(alex))
    shown = {cell.day.on: cell.words for week in page.context["weeks"] for cell in week if cell}
    assert [shown[today - timedelta(days=n)] for n in (3, 2, 1)] == [
        "not known",
        "used: not known which",
        "no use",
    ]


def test_sessions_and_answers_are_seen_on_their_days(as_dana, alex, now, today):
    texts(alex, "Hello", now)
    page = as_dana.get(address(alex))
    seen = {cell.day.on: cell.happened for week in page.context["weeks"] for cell in week if cell}
    assert seen[today] == ["check-in answered"]
    assert seen[today - timedelta(days=1)] == []


def test_ticked_days_are_marked_and_the_month_stays(as_dana, alex, today):
    days = [today - timedelta(days=n) for n in (2, 1)]
    answer = as_dana.post(address(alex, "followup:mark_days"), sent(*days, month=f"{today:%Y-%m}"))
    assert answer.url == f"{address(alex)}?month={today:%Y-%m}"
    assert list(DayMark.objects.values_list("on", "used")) == [(days[0], False), (days[1], False)]


def test_asked_by_the_script_only_the_calendar_comes_back_ready_for_the_next_day(
    as_dana, alex, today, alcohol
):
    data = sent(today - timedelta(days=1), used="yes", source="self_call", substance=str(alcohol.pk))
    answer = as_dana.post(address(alex, "followup:mark_days"), data, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "<html" not in page
    assert "1 day kept." in page
    assert answer.context["form"]["source"].value() == "self_call"
    assert DayMark.objects.get().use_type == "alcohol"


@pytest.fixture
def alcohol(db):
    return Substance.objects.get(key="alcohol")


def test_a_mistake_is_said_at_its_field_and_what_was_ticked_stays(as_dana, alex, today):
    day = today - timedelta(days=1)
    for headers, status in (({}, 422), ({"HX-Request": "true"}, 200)):
        answer = as_dana.post(address(alex, "followup:mark_days"), sent(day, used="yes"), headers=headers)
        assert answer.status_code == status
        assert "kind of use" in answer.context["form"].errors["use_type"][0]
        assert answer.context["chosen"] == {day.isoformat()}
    assert not DayMark.objects.exists()


def test_the_page_of_a_mistake_loaded_anew_is_the_calendar(as_dana, alex):
    assert as_dana.get(address(alex, "followup:mark_days")).url == address(alex)


def test_without_a_ticked_day_it_asks_for_one(as_dana, alex):
    answer = as_dana.post(address(alex, "followup:mark_days"), sent())
    assert "days" in answer.context["form"].errors


def test_a_word_is_taken_back_from_the_page(as_dana, alex, mark, today):
    kept = mark(-1, used=False).marks[0]
    there = reverse("followup:withdraw_mark", kwargs={"uid": kept.uid})
    assert as_dana.post(there, {"reason": ""}, follow=True).status_code == 200
    answer = as_dana.post(there, {"reason": "Misheard"}, follow=True)
    kept.refresh_from_db()
    assert (kept.state, kept.ended_reason) == ("withdrawn", "Misheard")
    assert "Misheard" in answer.content.decode()


def test_days_on_which_sources_differ_are_named_with_both_words(as_dana, alex, mark):
    mark(-1)
    mark(-1, used=False, source="self_call")
    page = as_dana.get(address(alex)).content.decode()
    assert "Days on which sources differ" in page
    assert "Client, on the phone: no use" in page


def test_an_earlier_month_is_read_and_one_to_come_is_this_one(as_dana, alex, mark, today):
    mark(-200)
    long_ago = (today - timedelta(days=200)).replace(day=1)
    assert as_dana.get(address(alex), {"month": f"{long_ago:%Y-%m}"}).context["spoken"]
    for odd in ("2031-01", "1700-01", "soon", "2026-13"):
        assert as_dana.get(address(alex), {"month": odd}).context["month"] == today.replace(day=1)


def test_an_auditor_sees_the_calendar_without_its_buttons(browser, audrey, alex, mark):
    mark(-1)
    browser.force_login(audrey)
    page = browser.get(address(alex)).content.decode()
    assert 'name="days"' not in page
    assert "Take back" not in page


def test_the_numbers_say_of_how_many_days_they_are(as_dana, alex, mark):
    mark(*range(-29, 1), used=False)
    mark(-3, -4, -5)
    rows = dict(as_dana.get(address(alex)).context["numbers"])
    assert rows["Days without use"] == ["90.0 % (27 of 30 known)", "too little known (27 of 30 known)"]
    assert rows["Days not known"] == ["0 of 30", "60 of 90"]


def test_the_strip_has_a_shape_a_word_and_a_row_for_every_day_spoken_of(as_dana, alex, mark):
    mark(-2, heavy=True)
    mark(-1, used=False, certainty="estimated")
    chart = as_dana.get(reverse("relapse:learned", kwargs={"uid": alex.uid})).context["chart"]
    assert str(chart.svg).count('class="chart-mark ') == 90
    assert [row[1] for row in chart.rows] == ["no use, about that day", "used: not known which, heavy"]


def test_pages_ask_the_same_few_queries_however_much_there_is(
    as_dana, alex, mark, django_assert_max_num_queries
):
    mark(-2)
    learned = reverse("relapse:learned", kwargs={"uid": alex.uid})
    for many in (1, 40):
        mark(*range(-many, 0), used=False, source="self_call")
        with django_assert_max_num_queries(26):
            as_dana.get(address(alex))
        with django_assert_max_num_queries(20):
            as_dana.get(learned)


# --- one person, two records ----------------------------------------------------------------------------------------
def test_the_days_of_both_records_are_one_calendar(as_dana, alex, dana, sam, mark, team, now, today):
    keeper = factories.client_of(
        dana, team=team, given_name="Alexander", family_name="Moreno", time_zone="America/Phoenix"
    )
    mark(-2)
    mark(-1, used=False, client=keeper)
    merge_clients(survivor_id=keeper.pk, merged_id=alex.pk, reason="Same person", by=sam, now=now)
    keeper.refresh_from_db()
    shown = use_calendar(keeper, first=today - timedelta(days=2), last=today)
    assert [day.state for day in shown.days] == ["used", "no_use", "unknown"]
    mark(-2, used=False, client=keeper)  # the same source, on the other record: its earlier word gives way
    shown = use_calendar(keeper, first=today - timedelta(days=2), last=today)
    assert shown.days[0].state == "no_use"
    assert DayMark.objects.filter(client=alex).get().state == "replaced"


def test_what_cannot_be_marked_is_the_same_by_hand_and_by_program(mark):
    with pytest.raises(InvalidInput, match="still to come"):
        mark(1)
