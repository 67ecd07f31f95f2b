"""Who writes while nobody is here is told so, with the lines that are open (clinical.md §5.3)."""

from datetime import timedelta

import pytest

from casework.followup import actions
from casework.followup.messages import policy
from casework.followup.messages.render import render
from casework.followup.models import Message
from casework.followup.todos import message_failed
from clients.models import Client, Closure, Practice
from clients.segments import measure
from tests.followup.making import report, texts

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NIGHT = 12 * HOUR  # from 11:00 in New York to 23:00


def answered(client):
    return list(
        Message.objects.filter(client=client, in_reply_to__isnull=False)
        .order_by("pk")
        .values_list("kind", flat=True)
    )


@pytest.mark.parametrize("body", ["Can we talk?", "2", "R", "C", "YES", "help me"])
def test_at_night_who_waits_for_a_person_is_told_that_nobody_reads_now(alex, now, body):
    texts(alex, body, now + NIGHT)
    assert answered(alex) == ["away_reply"]
    assert alex.todos.count() == 1  # and a person answers as always


@pytest.mark.parametrize("body", ["Can we talk?", "2", "help me"])
def test_by_day_nobody_is_told_so(alex, now, body):
    texts(alex, body, now)
    assert answered(alex) == []


def test_a_closed_day_is_like_the_night(alex, practice, now):
    Closure.objects.create(on=now.date())
    texts(alex, "Can we talk?", now)
    assert answered(alex) == ["away_reply"]


@pytest.mark.parametrize(
    ("body", "replies"),
    [
        ("I want to die", ["crisis_reply"]),
        ("STOP", ["stop_reply"]),
        ("HELP", ["help_reply"]),
        ("Wrong number", []),
        ("1", []),
    ],
)
def test_what_has_an_answer_of_its_own_or_asks_nothing_gets_no_second_one(alex, now, body, replies):
    texts(alex, body, now + NIGHT)
    assert answered(alex) == replies


def test_once_in_twelve_hours_is_enough(alex, now):
    for later in (0, 1, 11):
        texts(alex, f"Hello {later}", now + NIGHT + later * HOUR)
    assert answered(alex) == ["away_reply"]
    Message.objects.update(due_at=now - HOUR)
    texts(alex, "Hello again", now + NIGHT)
    assert answered(alex) == ["away_reply", "away_reply"]


def test_who_has_stopped_our_texts_is_not_written_to(alex, now):
    texts(alex, "STOP", now)
    texts(alex, "are you there", now + NIGHT)
    assert answered(alex) == ["stop_reply"]


def test_an_unknown_number_learns_nothing(alex, now):
    texts(alex, "Can we talk?", now + NIGHT, address="+15550009999")
    assert not Message.objects.exists()


def test_whoever_holds_the_phone_of_somebody_who_died_is_not_answered_by_a_machine(alex, now):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    texts(alex, "hello", now + NIGHT)
    assert answered(alex) == []


def test_it_goes_at_once_whatever_the_hour_the_caps_and_the_plan(alex, dana, now):
    report(alex, dana, now)
    texts(alex, "Can we talk?", now + NIGHT)
    message = Message.objects.get(kind="away_reply")
    verdict = policy.may_send(message, now + NIGHT)
    assert (verdict.decision, verdict.reason) == (policy.Decision.SEND, "answers_client")
    assert (message.due_at, message.template_key) == (now + NIGHT, "away")


@pytest.mark.parametrize(
    ("language", "own", "says"),
    [
        ("en", "", "Call 988 or text 988 any time."),
        ("en", "1-800-555-0199", "Call 1-800-555-0199 or text 988 any time."),
        ("es", "", "Apoyo a toda hora: 988, marque 2."),
        ("es", "1-800-555-0199", "Apoyo a toda hora: 1-800-555-0199."),
    ],
)
def test_it_names_the_practices_own_line_if_there_is_one_and_stays_one_text(
    alex, practice, now, language, own, says
):
    Practice.objects.update(helpline_number=own)
    Client.objects.filter(pk=alex.pk).update(language=language)
    texts(alex, "Can we talk?", now + NIGHT)
    body = render(Message.objects.get(kind="away_reply")).body
    assert says in body
    assert "911" in body
    assert (measure(body).encoding, measure(body).segments) == ("GSM-7", 1)


def test_the_same_text_told_twice_is_answered_once(alex, now):
    for _twice in range(2):
        texts(alex, "Can we talk?", now + NIGHT, provider_id="SM7")
    assert answered(alex) == ["away_reply"]


def test_an_answer_to_a_question_is_due_on_the_next_day_that_is_worked(alex, dana, practice, now):
    Closure.objects.create(on=(now + timedelta(days=1)).date())
    texts(alex, "Can we talk?", now)
    assert alex.todos.get().due_at == now.replace(day=13, hour=21)
    assert actions.complete_todo(todo_id=alex.todos.get().pk, by=dana, now=now).state == "done"


def test_one_that_did_not_get_through_asks_for_no_call_of_its_own(alex, now):
    texts(alex, "Can we talk?", now + NIGHT)
    message = Message.objects.get(kind="away_reply")
    assert message_failed(message=message, reason="too_late", now=now + NIGHT + 3 * HOUR) is None
    assert alex.todos.count() == 1
