"""Reading a thread and writing into it, through the second door."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from casework.followup.models import Message
from tests.api.conftest import caller
from tests.followup.making import texts

pytestmark = pytest.mark.django_db

V1 = "/api/v1/"
DAY = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # noon in Phoenix
NIGHT = datetime(2026, 3, 12, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(DAY, tick=False) as clock:
        yield clock


def thread(alex):
    return f"{V1}threads/{alex.uid}/"


def write(api, alex, body="Are you well?", key="", **more):
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(f"{thread(alex)}texts/", {"body": body, **more}, headers=headers)


def test_a_thread_is_read_in_order_with_its_words_and_what_became_of_them(api, alex, dana):
    inbound = texts(alex, "Who is this?", DAY - timedelta(hours=1))
    answer = write(api, alex, "It is Dana", answers=str(inbound.uid))
    assert answer.status_code == 201, answer.json()
    page = api.get(thread(alex)).json()
    assert (page["client"], page["unread"], page["older_than"]) == (str(alex.uid), 0, None)
    theirs, ours = page["messages"]
    assert (theirs["direction"], theirs["body"], theirs["status"], theirs["answered_by"]) == (
        "in",
        "Who is this?",
        "received",
        str(dana.uid),
    )
    assert (ours["direction"], ours["body"], ours["written_by"], ours["status"]) == (
        "out",
        "Dana, Oak Street: It is Dana",
        str(dana.uid),
        "planned",
    )
    assert answer.json()["uid"] == ours["uid"]


def test_older_pages_are_asked_for_by_their_moment(api, alex):
    for n in range(35):
        texts(alex, f"word {n}", DAY - timedelta(minutes=60 - n), provider_id=f"p{n}")
    newest = api.get(thread(alex)).json()
    older = api.get(thread(alex), {"before": newest["older_than"]}).json()
    assert [one["body"] for one in older["messages"]] == [f"word {n}" for n in range(5)]
    assert api.get(thread(alex), {"before": "yesterday"}).status_code == 400


def test_the_same_key_sends_one_text(api, alex):
    assert write(api, alex, key="k").json() == write(api, alex, key="k").json()
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [("your relapse", "invalid", 400), ("", "invalid", 400), ("the meeting", "second_look", 409)],
)
def test_a_refusal_says_why_and_nothing_goes(api, alex, body, code, status):
    answer = write(api, alex, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert list(answer.json()["error"]["fields"]) == ["body"]
    assert not Message.objects.exists()


def test_a_second_look_is_answered_by_naming_the_word(api, alex):
    assert write(api, alex, "the meeting", confirmed=["meeting"]).status_code == 201


def test_at_night_a_text_goes_only_for_the_morning(api, alex, at_noon):
    at_noon.move_to(NIGHT)
    assert write(api, alex).json()["error"]["code"] == "second_look"
    assert write(api, alex, at_opening=True).json()["due_at"] == "2026-03-12T12:00:00-04:00"


def test_only_what_the_client_wrote_can_be_answered(api, alex):
    stranger = texts(alex, "hello", DAY, address="+15550009999")
    answer = write(api, alex, answers=str(stranger.uid))
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["answers"])


def test_a_stranger_finds_no_thread_and_the_auditor_no_words(strange_api, alex, audrey):
    assert strange_api.get(thread(alex)).status_code == 404
    assert write(strange_api, alex).status_code == 404
    assert caller(audrey).get(thread(alex)).status_code == 403
    assert not Message.objects.exists()
