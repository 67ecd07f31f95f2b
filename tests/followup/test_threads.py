"""The thread with a client: both directions, what became of each message, and a box that loses nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from casework.followup import actions, threads
from casework.followup.actions.merging import merge_clients
from casework.followup.models import InboundMessage, Message
from clients.models import AuditEvent, Permission
from tests import factories
from tests.followup.making import report, sent, texts

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # noon in Phoenix
NIGHT = datetime(2026, 3, 12, 5, 0, tzinfo=UTC)
KEY = "k1"


@pytest.fixture
def at_noon():
    with time_machine.travel(DAY, tick=False):
        yield


def at(name, client):
    return reverse(f"followup:{name}", kwargs={"uid": client.uid})


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def post(browser, client, body="Are you well?", **more):
    return browser.post(at("write", client), {"body": body, "idempotency_key": KEY, **more})


# --- in the order of time --------------------------------------------------------------------------------------------
def said(client, **more):
    page = threads.thread(client, now=DAY, **more)
    return [(one.inbound or one.message).body for one in page.said]


def test_both_directions_stand_in_the_order_of_time(alex, dana):
    texts(alex, "first", DAY - timedelta(hours=3))
    ours = actions.send_text(client_id=alex.pk, body="second", by=dana, now=DAY - timedelta(hours=2))
    sent(ours, DAY - timedelta(hours=2))
    texts(alex, "third", DAY - timedelta(hours=1))
    assert said(alex) == ["first", "Dana, Oak Street: second", "third"]


def test_what_a_plan_has_yet_to_send_stands_on_the_plan_and_not_here(alex, dana):
    report(alex, dana, DAY)
    assert said(alex) == []


def test_what_a_person_wrote_stands_here_whatever_became_of_it(alex, dana):
    message = actions.send_text(client_id=alex.pk, body="Hello", by=dana, now=DAY)
    for status in ("planned", "held", "cancelled", "dead"):
        Message.objects.filter(pk=message.pk).update(status=status, closed_at=DAY)
        assert said(alex) == ["Dana, Oak Street: Hello"]


def test_a_message_of_the_plan_that_did_not_arrive_is_shown(alex, dana):
    plan = report(alex, dana, DAY - timedelta(days=1)).plan
    first = plan.messages.order_by("due_at").first()
    Message.objects.filter(pk=first.pk).update(status="dead", reason_code="unreachable_number", closed_at=DAY)
    (one,) = threads.thread(alex, now=DAY).said
    assert (one.message, one.tone) == (first, "attention")
    assert "cannot be reached" in one.why


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_pages_part_the_thread_without_a_gap_or_a_repetition(alex, length):
    moments = [DAY - timedelta(minutes=n) for n in (9, 8, 7, 7, 6, 5, 4, 3, 2, 1)]
    for n, moment in enumerate(moments):
        texts(alex, f"word {n}", moment, provider_id=f"p{n}")
    found, before = [], None
    for _page in range(20):
        page = threads.thread(alex, now=DAY, before=before, length=length)
        found = [one.inbound.body for one in page.said] + found
        before = page.older_than
        if before is None:
            break
    if length > 1:  # two of the same instant do not fit on a page of one
        assert found == [f"word {n}" for n in range(10)]
    assert len(found) == len(set(found))


def test_an_open_page_keeps_its_beginning_when_more_comes(alex):
    for n in range(5):
        texts(alex, f"word {n}", DAY - timedelta(minutes=10 - n), provider_id=f"p{n}")
    page = threads.thread(alex, now=DAY, length=2)
    texts(alex, "new", DAY, provider_id="new")
    assert said(alex, since=page.since, length=2) == ["word 3", "word 4", "new"]


def test_the_page_looks_again_sooner_while_something_is_on_its_way(alex, dana):
    assert threads.thread(alex, now=DAY).look_again == threads.SLOW
    message = actions.send_text(client_id=alex.pk, body="Hello", by=dana, now=DAY)
    assert threads.thread(alex, now=DAY).look_again == threads.FAST
    sent(message, DAY)
    assert threads.thread(alex, now=DAY).look_again == threads.SLOW


def test_two_records_that_became_one_have_one_thread_and_one_answer(alex, dana, sam, team):
    double = factories.client_of(dana, team=team, given_name="Alexander", time_zone="America/Phoenix")
    texts(double, "from the old number", DAY - timedelta(hours=3))
    texts(alex, "from the new one", DAY - timedelta(hours=2))
    merge_clients(
        survivor_id=alex.pk,
        merged_id=double.pk,
        reason="The same person",
        by=sam,
        now=DAY - timedelta(hours=1),
    )
    alex.refresh_from_db()
    page = threads.thread(alex, now=DAY)
    assert [one.inbound.body for one in page.said] == ["from the old number", "from the new one"]
    assert page.unread == 2
    actions.send_text(client_id=alex.pk, body="Here I am", by=dana, now=DAY, answers=page.newest)
    assert not InboundMessage.objects.filter(answered_at=None).exists()


def test_a_thread_costs_the_same_however_much_was_written(alex, dana, django_assert_max_num_queries):
    for n in range(40):
        texts(alex, f"word {n}", DAY - timedelta(minutes=90 - n), provider_id=f"p{n}")
    with django_assert_max_num_queries(4):
        page = threads.thread(alex, now=DAY)
        assert [todo.title for one in page.said for todo in one.inbound.todos.all()]
    assert len(page.said) == threads.PAGE


# --- the page --------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("at_noon")
def test_the_page_says_who_wrote_what_became_of_it_and_who_answered(as_dana, alex, dana):
    inbound = texts(alex, "Who is this?", DAY - timedelta(hours=2))
    message = actions.send_text(
        client_id=alex.pk, body="It is Dana", by=dana, now=DAY - timedelta(hours=1), answers=inbound
    )
    sent(message, DAY - timedelta(hours=1))
    texts(alex, "Oh, hello", DAY)
    page = words(as_dana.get(at("thread", alex)))
    for expected in (
        "Who is this?",
        "answered by Dana Reyes",
        "Dana, Oak Street: It is Dana",
        "Written by staff",
        "Delivered",
        "Oh, hello",
        "Not read",
    ):
        assert expected in page


@pytest.mark.usefixtures("at_noon")
def test_a_long_thread_has_a_way_to_what_is_older(as_dana, alex):
    for n in range(threads.PAGE + 3):
        texts(alex, f"word {n:03}", DAY - timedelta(minutes=200 - n), provider_id=f"p{n}")
    page = as_dana.get(at("thread", alex))
    assert "word 002" not in words(page)
    before = page.context["thread"].older_than.isoformat()
    for name in ("thread", "thread_older"):
        older = words(as_dana.get(at(name, alex), {"before": before}))
        assert "word 000 " in older
        assert "word 002 " in older
        assert "word 003 " not in older
        assert "Older messages" not in older


@pytest.mark.parametrize("before", ["", "yesterday", "2026-03-11", "2026-99-99T00:00:00Z"])
def test_an_address_that_makes_no_sense_shows_the_newest(as_dana, alex, before):
    texts(alex, "hello", DAY)
    assert "hello" in words(as_dana.get(at("thread", alex), {"before": before}))


def test_looking_writes_nothing_but_the_trail(as_dana, alex):
    inbound = texts(alex, "hello", DAY)
    as_dana.get(at("thread", alex))
    as_dana.get(at("thread_part", alex))
    inbound.refresh_from_db()
    assert inbound.read_at is None
    assert AuditEvent.objects.filter(verb="record.viewed").count() == 1


def test_all_that_was_shown_is_marked_read_at_once(as_dana, alex):
    texts(alex, "hello", DAY - timedelta(hours=1))
    shown = texts(alex, "again", DAY)
    later = texts(alex, "since then", DAY + timedelta(minutes=1))
    assert "Mark all read" in words(as_dana.get(at("thread", alex)))
    as_dana.post(at("thread_read", alex), {"newest": shown.uid})
    assert list(InboundMessage.objects.filter(read_at=None)) == [later]


@pytest.mark.parametrize("newest", ["", "no uid", "00000000-0000-4000-8000-000000000000"])
def test_marking_read_what_is_not_there_changes_nothing(as_dana, alex, newest):
    texts(alex, "hello", DAY)
    assert as_dana.post(at("thread_read", alex), {"newest": newest}).status_code == 302
    assert InboundMessage.objects.filter(read_at=None).count() == 1


def test_the_bar_and_the_clients_page_count_what_nobody_has_read(as_dana, alex):
    address = reverse("desk:client", kwargs={"uid": alex.uid})
    assert "not read" not in words(as_dana.get(address))
    texts(alex, "hello", DAY)
    texts(alex, "again", DAY + timedelta(seconds=1))
    page = words(as_dana.get(address))
    assert "Inbox 2 2 not read" in page
    assert "Messages 2 2 not read" in page


def test_a_stranger_counts_none_of_them(browser, robin, alex):
    texts(alex, "hello", DAY)
    browser.force_login(robin)
    assert "not read" not in words(browser.get("/"))


# --- the box ---------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("at_noon")
def test_what_is_written_goes_and_the_page_says_so(as_dana, alex, dana):
    answer = as_dana.post(at("write", alex), {"body": "Are you well?", "idempotency_key": KEY}, follow=True)
    assert "On its way to Alex." in words(answer)
    assert Message.objects.get().written_by == dana
    post(as_dana, alex)
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize(
    ("body", "said"),
    [("How is the relapse?", "“relapse”"), ("", "Write what the client is to read"), ("x" * 1001, "1000")],
)
def test_what_is_refused_stays_in_the_box_with_the_reason(as_dana, alex, body, said):
    answer = post(as_dana, alex, body)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f">{body}</textarea>" in answer.content.decode()
    assert f'value="{KEY}"' in answer.content.decode()


@pytest.mark.usefixtures("at_noon")
def test_a_doubtful_word_goes_with_the_second_press(as_dana, alex):
    first = post(as_dana, alex, "See you at the meeting")
    assert (first.status_code, "“meeting”" in words(first)) == (422, True)
    assert "Send it as it is" in words(first)
    again = {name: first.context["form"][name].value() or "" for name in ("confirmed", "at_opening")}
    assert post(as_dana, alex, "See you at the meeting", **again).status_code == 302
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("at_noon")
def test_other_words_in_a_form_that_was_sent_get_a_form_of_their_own(as_dana, alex):
    post(as_dana, alex, "First")
    answer = post(as_dana, alex, "Second")
    assert "sent a text already" in words(answer)
    key = answer.context["form"]["idempotency_key"].value()
    assert key != KEY
    post(as_dana, alex, "Second", idempotency_key=key)
    assert Message.objects.count() == 2


def test_at_night_the_button_says_when_it_goes(as_dana, alex):
    with time_machine.travel(NIGHT, tick=False):
        page = as_dana.get(at("thread", alex))
        assert "Send at 09:00 in Phoenix" in words(page) or "Send at Thu 12 Mar, 09:00 in Phoenix" in words(
            page
        )
        answer = as_dana.post(
            at("write", alex),
            {"body": "Good morning", "idempotency_key": KEY, "at_opening": "True"},
            follow=True,
        )
        assert "It goes at" in words(answer)
    assert Message.objects.get().due_at == datetime(2026, 3, 12, 16, tzinfo=UTC)


def test_night_that_fell_meanwhile_is_told_and_the_next_press_waits_for_the_morning(as_dana, alex):
    with time_machine.travel(NIGHT, tick=False):
        first = post(as_dana, alex, "Sleep well")
        assert (first.status_code, "It is night there" in words(first)) == (422, True)
        again = {name: first.context["form"][name].value() or "" for name in ("confirmed", "at_opening")}
        assert post(as_dana, alex, "Sleep well", **again).status_code == 302
    assert Message.objects.get().due_at > NIGHT


@pytest.mark.usefixtures("at_noon")
def test_an_answer_from_the_page_answers_what_the_page_showed(as_dana, alex, dana):
    inbound = texts(alex, "hello", DAY - timedelta(hours=1))
    form = as_dana.get(at("thread", alex)).context["form"]
    post(as_dana, alex, "Hello Alex", answers=form["answers"].value())
    inbound.refresh_from_db()
    assert (inbound.answered_by, Message.objects.get(kind="manual").in_reply_to) == (dana, inbound)


@pytest.mark.usefixtures("at_noon")
def test_the_message_of_another_client_is_not_answered(as_dana, alex, robin, practice):
    other = texts(alex, "hello", DAY, address="+15550009999")
    post(as_dana, alex, "Hello", answers=str(other.uid))
    other.refresh_from_db()
    assert (other.answered_at, Message.objects.get().in_reply_to) == (None, None)


@pytest.mark.usefixtures("at_noon")
def test_who_cannot_be_texted_has_no_box_but_a_reason(as_dana, alex):
    Permission.objects.filter(client=alex).delete()
    page = words(as_dana.get(at("thread", alex)))
    assert "No text can go now" in page
    assert "there is no permission" in page
    assert "<textarea" not in as_dana.get(at("thread", alex)).content.decode()


@pytest.mark.usefixtures("at_noon")
def test_a_permission_withdrawn_while_one_typed_keeps_what_was_typed(as_dana, alex):
    Permission.objects.filter(client=alex).delete()
    answer = post(as_dana, alex, "A long letter")
    assert answer.status_code == 422
    assert ">A long letter</textarea>" in answer.content.decode()


def test_whoever_signed_in_again_on_the_way_comes_back_to_the_box(as_dana, alex):
    assert as_dana.get(at("write", alex)).url.endswith("#write")


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "0 characters"),
        ("Hello", "23 characters · 1 text · begins “Dana, Oak Street: ”"),
        ("Adiós", "ó: with these a text holds 70 characters"),
        ("a" * 200, "218 characters · 2 texts"),
        ("a" * 600, "Longer than 3 texts"),
        ("your relapse", "Does not go out: relapse"),
        ("the meeting", "Could tell a stranger something: meeting"),
    ],
)
def test_the_count_follows_what_is_typed_and_writes_nothing(as_dana, alex, body, said):
    assert said in words(as_dana.post(at("count", alex), {"body": body}))
    assert not Message.objects.exists()
