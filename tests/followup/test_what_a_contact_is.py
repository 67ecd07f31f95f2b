"""A contact: a talk both ways, or a reply that a person read and answered (clinical.md §4.4). The rest are attempts."""

from datetime import timedelta

import pytest

from casework.followup import actions
from casework.followup.plan_templates import ToDoKind
from clients.errors import InvalidInput
from tests.followup.making import open_todos, report, texts

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def log(client, by, now, channel="phone", outcome="reached"):
    return actions.log_contact(client_id=client.pk, channel=channel, outcome=outcome, by=by, now=now)


def test_a_reply_that_was_answered_is_a_contact_once(alex, dana, plan, now):
    inbound = texts(alex, "I am ok", now + HOUR)
    first = actions.reply_answered(inbound, by=dana, now=now + 2 * HOUR)
    again = actions.reply_answered(inbound, by=dana, now=now + 3 * HOUR)
    assert first == again
    assert (first.channel, first.outcome, first.at) == ("message", "reached", now + 2 * HOUR)
    contact = plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    assert (contact.state, contact.outcome) == ("done", "Message read and answered")


def test_an_answer_in_writing_leaves_the_call_that_was_asked_for(alex, dana, plan, now):
    inbound = texts(alex, "2", now + HOUR)
    actions.reply_answered(inbound, by=dana, now=now + 2 * HOUR)
    assert ToDoKind.CALL in open_todos(alex)
    log(alex, dana, now + 3 * HOUR)
    assert ToDoKind.CALL not in open_todos(alex)


def test_a_text_of_ours_alone_is_no_contact(alex, dana, plan, now):
    with pytest.raises(InvalidInput, match="has written nothing") as declined:
        log(alex, dana, now, "message")
    assert declined.value.field == "outcome"
    texts(alex, "STOP", now)
    with pytest.raises(InvalidInput, match="has written nothing"):
        log(alex, dana, now, "message")
    log(alex, dana, now, "message", "no_answer")
    assert ToDoKind.FIRST_CONTACT in open_todos(alex)


@pytest.mark.parametrize(
    ("channel", "outcome"), [("in_person", "voicemail"), ("video", "voicemail"), ("message", "third_party")]
)
def test_what_cannot_come_of_a_way_is_declined(alex, dana, now, channel, outcome):
    with pytest.raises(InvalidInput, match="cannot come of this way") as declined:
        log(alex, dana, now, channel, outcome)
    assert declined.value.field == "outcome"


@pytest.mark.parametrize("channel", ["phone", "in_person", "video"])
def test_a_live_talk_counts_however_it_was_held(alex, dana, plan, now, channel):
    log(alex, dana, now + HOUR, channel)
    assert ToDoKind.FIRST_CONTACT not in open_todos(alex)


def test_the_form_has_the_words_for_a_voicemail(as_dana, alex):
    page = as_dana.get(f"/clients/{alex.uid}/contact/").content.decode()
    assert "this is Dana from Oak Street with a message for Alex" in page
