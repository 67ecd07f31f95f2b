"""The follow-up page and the life of a message: what goes out, what is held and why, and how the carriers are."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casework.followup import carriers, dead_man, delivery, heartbeats, outlook
from casework.followup.channels import DeliveryError
from casework.followup.delivery import pace as pacing
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.sending import send
from casework.followup.life import life
from casework.followup.models import Attempt, Breaker, Heartbeat, Message, MessageHold, ToDo
from clients.audit import AuditEvent
from tests import factories
from tests.followup import making
from tests.followup.delivery.conftest import (
    due,
    fresh,
    last_attempt,
    make_due,
    open_it,
    pace,
    provider,
    write,
)

pytestmark = pytest.mark.django_db
__all__ = ["pace", "provider", "write"]
Status = Message.Status
ADDRESS = "/followup/"


def page(user, query="", *, status=200):
    browser = Browser()
    browser.force_login(user)
    answer = browser.get(ADDRESS + query)
    assert answer.status_code == status
    return answer


def shown(user, query=""):
    """The messages on the page, as they stand there."""
    return [line.message.pk for line in page(user, query).context["lines"]]


def counts(user, query=""):
    return {listing.key: count for listing, count in page(user, query).context["numbers"]}


@pytest.fixture(autouse=True)
def _everybody_is_well():
    heartbeats.beat(heartbeats.WORKER, heartbeats.BEAT, heartbeats.WATCH)
    dead_man._last["until"] = 0.0


@pytest.fixture
def of_each(alex):
    """One message for every list."""
    now = timezone.now()
    hold = {"status": Status.HELD, "reason_params": {"until": (now + timedelta(hours=9)).isoformat()}}
    rows = {
        "soon": due(alex, seconds=-3600),
        "far": due(alex, seconds=-40 * 3600),
        "night": due(alex, seconds=-9 * 3600, reason_code="quiet_hours", **hold),
        "crisis": due(alex, seconds=-600, status=Status.HELD, reason_code="crisis_open"),
        "late": due(alex, seconds=900),
        "kept": due(
            alex,
            seconds=-60,
            status=Status.HELD,
            reason_code="provider_away",
            ready_at=now - timedelta(hours=1),
        ),
        "unclear": due(alex, seconds=-5, status=Status.UNKNOWN, reason_code="checking_provider"),
        "lost": due(
            alex, status=Status.DEAD, reason_code="unreachable_number", closed_at=now - timedelta(days=2)
        ),
        "old": due(alex, status=Status.DEAD, reason_code="too_late", closed_at=now - timedelta(days=40)),
        "gone": due(alex, status=Status.SENT, sent_at=now),
    }
    return {name: row.pk for name, row in rows.items()}


# --- the lists ---


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("next", ["late", "soon", "night"]),
        ("held", ["kept", "crisis", "night"]),
        ("late", ["kept", "late"]),
        ("unclear", ["unclear"]),
        ("lost", ["lost"]),
    ],
)
def test_every_number_is_the_length_of_the_list_it_opens(dana, of_each, show, expected):
    found = shown(dana, f"?show={show}")

    assert found == [of_each[name] for name in expected]
    assert counts(dana)[show] == len(expected)


def test_the_page_begins_with_what_goes_out_next(dana, of_each):
    assert shown(dana) == shown(dana, "?show=next") == shown(dana, "?show=nonsense")


def test_a_message_that_became_a_call_is_with_those_that_did_not_arrive(dana, alex):
    message = due(alex, status=Status.CANCELLED, reason_code="number_bad", closed_at=timezone.now())
    withdrawn = due(alex, status=Status.CANCELLED, reason_code="voided", closed_at=timezone.now())
    todo = ToDo.objects.create(
        client=alex,
        kind="call",
        title="Call Alex: a message did not get through",
        due_at=timezone.now(),
        opened_at=timezone.now(),
        owner=dana,
        message=message,
        step_key=f"UNSENT-{message.pk}",
    )

    answer = page(dana, "?show=lost")

    (line,) = answer.context["lines"]
    assert (line.message.pk, line.todo.pk) == (message.pk, todo.pk)
    assert withdrawn.pk not in shown(dana, "?show=lost")
    assert f"/todos/{todo.uid}/" in answer.content.decode()


def test_the_why_is_said_in_words_and_the_time_on_the_client_s_clock(dana, alex):
    opens = datetime(2030, 3, 12, 16, 0, tzinfo=UTC)
    due(
        alex,
        due_at=opens,
        status=Status.HELD,
        reason_code="quiet_hours",
        reason_params={"until": opens.isoformat()},
        tz="America/Phoenix",
    )

    text = page(dana, "?show=held").content.decode()

    assert "09:00 in Phoenix (quiet hours)" in text
    assert "Alex Moreno" in text
    assert "see you soon" not in text  # lists name what a text is for, never its words


def test_a_plan_s_message_says_its_day(dana, sam, alex):
    plan = making.report(alex, dana, timezone.now()).plan
    step = plan.messages.order_by("due_at").last()

    assert outlook.cause(step) == f"Plan, day {(step.local_date - plan.started_on).days}"
    assert outlook.subject(step).startswith(outlook.cause(step) + ": ")
    assert outlook.subject(due(alex)) == "Written by staff"


# --- whose ---


def test_a_stranger_sees_none_of_it_and_no_number_betrays_it(robin, of_each):
    assert set(counts(robin).values()) == {0}
    assert shown(robin) == []


def test_a_supervisor_sees_the_team_s_and_can_narrow_it(sam, dana, team, of_each):
    lee = factories.counselor("Lee Chan", team=team)
    other = due(factories.client_of(lee, team=team, given_name="Kim"), seconds=-60)

    assert other.pk in shown(sam)
    assert shown(sam, f"?counselor={lee.pk}") == [other.pk]
    assert counts(sam, f"?counselor={lee.pk}") == {"next": 1, "held": 0, "late": 0, "unclear": 0, "lost": 0}
    assert {name for _pk, name in page(sam).context["counselors"]} >= {"Dana Reyes", "Lee Chan"}
    assert page(dana).context["counselors"] == []


def test_the_kind_narrows_it_too(dana, alex, of_each):
    reminder = due(alex, seconds=-60, kind=Message.Kind.REMINDER)

    assert shown(dana, "?kind=reminder") == [reminder.pk]
    assert shown(dana, "?kind=nonsense") == shown(dana)


@pytest.mark.parametrize("query", ["?counselor=x", "?counselor=99999999999999", "?page=999", "?page=x"])
def test_a_strange_address_is_answered(sam, of_each, query):
    page(sam, query)


def test_the_administrator_has_no_business_here(ada):
    page(ada, status=403)


def test_the_look_is_on_record(dana, of_each, alex):
    page(dana, "?show=held")

    event = AuditEvent.objects.filter(actor_id=dana.pk).latest("pk")
    assert "followup" in str(event.detail)
    assert str(alex.pk) in str(event.detail)


def test_queries_do_not_grow_with_the_list(dana, alex, of_each):
    browser = Browser()
    browser.force_login(dana)
    browser.get(ADDRESS)
    with CaptureQueriesContext(connection) as few:
        browser.get(ADDRESS)
    for number in range(30):
        due(alex, seconds=-number)
    with CaptureQueriesContext(connection) as many:
        browser.get(ADDRESS)

    assert len(many) == len(few)


def test_a_long_list_has_pages(dana, alex):
    for number in range(55):
        due(alex, seconds=-60 - number)

    assert len(shown(dana)) == 50
    assert len(shown(dana, "?page=2")) == 5


# --- who carries ---


def test_a_carrier_that_is_away_is_told_in_words(provider, dana):
    open_it(since=1800)

    text = page(dana).content.decode()

    assert "Texts through fake" in text
    assert "Away since" in text
    assert "A carrier cannot be reached" in text


def test_rate_and_last_success_are_told(provider, write, dana):
    pacing.limit(Route("fake", "sms"), provider.sender, 1)
    write()
    write()
    send(claim(owner="worker", watermark=Watermark()), until=10**9)

    sms = carriers.carriers(timezone.now())[0]

    assert sms.rate == "at most 1 a second"
    assert sms.last_success is not None
    assert (sms.state, sms.tone) == ("in service", "done")


@pytest.mark.parametrize(
    ("rate", "said"),
    [(0.5, "at most one in 2 seconds"), (1, "at most 1 a second"), (30, "at most 30 a second")],
)
def test_a_rate_is_said_as_people_say_it(rate, said):
    assert carriers._rate(rate) == said


@pytest.mark.parametrize(
    ("age", "said"),
    [(None, "not seen yet"), (3, "seen just now"), (61, "seen 1 minute ago"), (300, "seen 5 minutes ago")],
)
def test_signs_of_life_in_words(age, said):
    assert carriers.sign_of_life(age) == said


def test_names_nobody_has_worded_are_shown_as_they_are():
    assert (carriers.carrier_word("acme"), carriers.way_word("pigeon")) == ("acme", "pigeon")


# --- the banner ---


def alarm(user, *, status=200):
    browser = Browser()
    browser.force_login(user)
    answer = browser.get("/followup/alarm/")
    assert answer.status_code == status
    return answer.content.decode().strip()


def test_while_all_is_well_the_banner_is_empty(sam, provider):
    assert alarm(sam) == ""


def test_messages_that_do_not_leave_are_told_to_supervisors_with_what_to_do(sam, write):
    write(seconds=301)

    text = alarm(sam)

    assert "Messages are not leaving" in text
    assert "call those who wait" in text


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("worker", "The sender has not been seen"),
        ("beat", "The clock of the sender"),
        ("watch", "The watchman has not"),
    ],
)
def test_who_has_not_been_seen_is_told(sam, name, title):
    Heartbeat.objects.filter(name=name).delete()

    assert title in alarm(sam)


def test_what_waits_for_its_turn_for_too_long_is_told(sam, write):
    write(
        seconds=-60, ready_at=timezone.now() - timedelta(seconds=301), status=Status.HELD, reason_code="rate"
    )

    assert "Messages are leaving late" in alarm(sam)


def test_a_carrier_away_is_told_once_and_not_as_lateness_too(sam, write):
    write(
        seconds=-60,
        ready_at=timezone.now() - timedelta(seconds=301),
        status=Status.HELD,
        reason_code="provider_away",
    )
    open_it(since=400)

    assert dead_man.alarms() == ["provider_away"]


def test_the_banner_looks_once_in_a_few_seconds(sam, write):
    assert alarm(sam) == ""
    write(seconds=301)

    assert alarm(sam) == ""
    dead_man._last["until"] = 0.0
    assert alarm(sam) != ""


def test_every_page_of_a_supervisor_asks_for_it_and_no_counselor_s_does(sam, dana):
    assert "/followup/alarm/" in page(sam).content.decode()
    assert "/followup/alarm/" not in page(dana).content.decode()
    alarm(dana, status=403)


def test_every_alarm_has_words_and_something_to_do():
    every = {"late", "behind", "provider_away", "no_worker", "no_beat", "no_watch"}
    assert set(dead_man.WORDS) == every
    assert all(title and text for title, text in dead_man.told(sorted(every)))


# --- the life of a message ---


def told(message):
    return [entry.what for entry in life(fresh(message), timezone.now())]


def test_the_whole_life_of_a_message_in_order(provider, write, alex):
    message = write()
    provider.script.append(DeliveryError("20429"))
    delivery.deliver_due()
    make_due(message)
    Breaker.objects.all().delete()
    delivery.deliver_due()
    attempt = last_attempt(message)
    for status in ("sent", "delivered"):
        delivery.record_status(
            attempt_id=attempt.pk, provider="fake", provider_id=attempt.provider_id, status=status
        )

    assert told(message) == [
        "Planned",
        "Attempt 1: Texts through fake",
        "Attempt 2: Texts through fake",
        "Accepted by the carrier",
        "The carrier handed it to the phone company",
        "Delivered to the phone",
    ]
    refused = life(fresh(message), timezone.now())[1]
    assert (refused.pill, refused.detail) == ("Refused by the provider", "the carrier's answer: code 20429")


def test_each_hold_is_kept_and_told_once(provider, write):
    message = write()
    open_it()
    for _ in range(3):
        delivery.deliver_due()
        make_due(message)
    Message.objects.filter(pk=message.pk).update(status=Status.HELD, reason_code="quiet_hours")
    delivery.deliver_due()

    assert [hold.reason_code for hold in MessageHold.objects.filter(message=message).order_by("pk")] == [
        "provider_away",
        "provider_away",
    ]
    assert told(message)[-1] == "Next look"
    assert told(message).count("Held") == 2


def test_a_moment_in_the_queue_is_not_history(provider, write):
    pacing.limit(Route("fake", "sms"), provider.sender, 1)
    write()
    waiting = write(seconds=1)

    claim(owner="worker", watermark=Watermark())

    assert fresh(waiting).reason_code == "rate"
    assert not MessageHold.objects.exists()


def test_an_unclear_answer_says_when_the_carrier_is_asked(provider, write):
    message = write()
    provider.script.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()

    entries = life(fresh(message), timezone.now())

    assert entries[-1].what == "The carrier is asked"
    assert entries[-1].ahead
    assert entries[1].detail == "no answer in time"


def test_an_end_says_why_and_names_the_call(provider, write, dana, alex):
    message = write()
    provider.script.append(DeliveryError("21617", permanent=True))
    delivery.deliver_due()

    entries = life(fresh(message), timezone.now())

    assert any(entry.what.startswith("To-do: Call Alex") and entry.who == "Dana Reyes" for entry in entries)
    assert (entries[-1].what, entries[-1].tone) == ("Not delivered", "attention")
    assert "Call instead" in entries[-1].detail


def test_the_page_of_a_message_shows_both_clocks(provider, write, dana):
    message = write()
    delivery.deliver_due()
    browser = Browser()
    browser.force_login(dana)

    text = browser.get(f"/messages/{message.uid}/").content.decode()

    assert "in Phoenix" in text
    assert "Accepted by the carrier" in text
    assert "Times are on the client" in text


def test_a_message_written_by_somebody_says_who(dana, alex, write):
    message = write(written_by=dana)

    assert (life(message, timezone.now())[0].what, life(message, timezone.now())[0].who) == (
        "Written",
        "Dana Reyes",
    )


def test_what_only_the_message_remembers_is_told_too(alex):
    at = timezone.now() - timedelta(hours=1)
    message = due(alex, status=Status.DELIVERED, sent_at=at, delivered_at=at, answered_at=at)

    assert told(message) == ["Planned", "Accepted by the carrier", "Delivered to the phone", "Answered"]


def test_a_status_nobody_has_worded_is_shown_as_it_is(provider, write):
    message = write()
    delivery.deliver_due()
    attempt = last_attempt(message)
    attempt.events.create(provider="fake", provider_id="x", status="odd", error_code="7", at=timezone.now())

    (entry,) = [entry for entry in life(fresh(message), timezone.now()) if entry.what == "odd"]
    assert entry.detail == "the carrier's answer: code 7"
    assert Attempt.objects.count() == 1
