"""Writing to a client in one's own words (clinical.md §5.2 M-8, §4.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.followup import actions
from casework.followup.actions import texting
from casework.followup.messages.policy import Decision, may_send
from casework.followup.messages.render import render
from casework.followup.models import InboundMessage, Message, Priority
from casework.followup.plan_templates import ToDoKind
from clients import actions as record
from clients import audit
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, ContactPoint
from tests import factories
from tests.followup.making import open_todos, report, sent, texts

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # noon in Phoenix
NIGHT = datetime(2026, 3, 12, 5, 0, tzinfo=UTC)  # 22:00 in Phoenix
MORNING = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)  # 09:00 there, the day after


def write(client, by, body="Are you well?", now=DAY, **more):
    return actions.send_text(client_id=client.pk, body=body, by=by, now=now, **more)


# --- what arrives ----------------------------------------------------------------------------------------------------
def test_the_first_text_of_a_day_says_who_writes_and_the_next_does_not(alex, dana):
    first = write(alex, dana)
    second = write(alex, dana, "And your sister?", DAY + timedelta(hours=1))
    third = write(alex, dana, "Good morning", DAY + timedelta(days=1))
    assert [one.body for one in (first, second, third)] == [
        "Dana, Oak Street: Are you well?",
        "And your sister?",
        "Dana, Oak Street: Good morning",
    ]


def test_an_automated_text_of_the_day_has_said_who_we_are(alex, dana):
    plan = report(alex, dana, DAY - timedelta(days=1)).plan
    sent(plan.messages.order_by("due_at").first(), DAY - timedelta(hours=2))
    assert write(alex, dana).body == "Are you well?"


def test_a_text_leaves_as_it_was_written_and_at_once(alex, dana):
    message = write(alex, dana, "  Are you well?\r\nDana  ")
    assert (message.kind, message.due_at, message.status, message.written_by) == (
        "manual",
        DAY,
        "planned",
        dana,
    )
    assert message.priority == Priority.HIGH
    verdict = may_send(message, DAY)
    assert (verdict.decision, verdict.channel) == (Decision.SEND, "sms")
    assert render(message).body == "Dana, Oak Street: Are you well?\nDana"


def test_whoever_covers_writes_under_their_own_name(alex, dana, sam, team):
    noor = factories.counselor("Noor Aziz", team=team)
    record.add_cover(client_id=alex.pk, counselor=noor, until=DAY + timedelta(days=1), by=sam, now=DAY)
    message = write(alex, noor)
    assert (message.written_by, message.body) == (noor, "Noor, Oak Street: Are you well?")


def test_words_are_encrypted_and_the_trail_holds_none_of_them(alex, dana, django_assert_num_queries):
    message = write(alex, dana, "Zanzibar at ten")
    row = AuditEvent.objects.get(verb="text.written")
    assert (row.actor_id, row.client_id, row.target_id) == (dana.pk, alex.pk, str(message.pk))
    assert row.detail == {"segments": 1, "confirmed": 0, "waits": False}
    stored = Message.objects.extra(select={"raw": "body"}).values_list("raw", flat=True).get(pk=message.pk)
    assert b"Zanzibar" not in bytes(stored)


def test_without_the_trail_no_text_is_written(alex, dana, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        write(alex, dana)
    assert not Message.objects.exists()


# --- once ------------------------------------------------------------------------------------------------------------
def test_pressing_the_button_twice_sends_one_text(alex, dana):
    first = write(alex, dana, idempotency_key="k1")
    again = write(alex, dana, now=DAY + timedelta(seconds=1), idempotency_key="k1")
    assert first == again
    assert Message.objects.count() == 1


def test_two_texts_without_a_key_are_two(alex, dana):
    write(alex, dana)
    write(alex, dana)
    assert Message.objects.count() == 2


def test_other_words_under_a_used_key_are_not_lost(alex, dana):
    write(alex, dana, "First", idempotency_key="k1")
    with pytest.raises(texting.SentAlready, match="sent a text already"):
        write(alex, dana, "Second", idempotency_key="k1")
    assert Message.objects.count() == 1


def test_the_end_of_what_was_sent_is_not_the_same_text(alex, dana):
    write(alex, dana, "All is well", idempotency_key="k1")
    with pytest.raises(texting.SentAlready):
        write(alex, dana, "well", idempotency_key="k1")


def test_a_key_belongs_to_one_client(alex, dana, team):
    kim = factories.client_of(dana, team=team, given_name="Kim", time_zone="America/Phoenix")
    write(alex, dana, idempotency_key="k1")
    write(kim, dana, idempotency_key="k1")
    assert Message.objects.count() == 2


def test_the_database_itself_refuses_a_second_one(alex, dana):
    message = write(alex, dana, idempotency_key="k1")
    message.pk, message.uid = None, None
    with pytest.raises(IntegrityError), transaction.atomic():
        Message(
            client=alex,
            kind="manual",
            local_date=message.local_date,
            local_time=message.local_time,
            tz=message.tz,
            due_at=DAY,
            dedupe_key=message.dedupe_key,
        ).save()


# --- words -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("How is the relapse?", "relapse"),
        ("Still on Klonopin?", "klonopin"),
        ("Your physical stage", "physical"),
        ("Your disorder", "disorder"),
        ("F13.20", "F13.20"),
        ("Take 2 mg less", "2 mg"),
        ("¿Cómo va la recaída?", "recaida"),
        ("", "Write what the client is to read"),
        ("   ", "Write what the client is to read"),
    ],
)
def test_words_of_substances_stages_and_diagnoses_do_not_go(alex, dana, body, word):
    with pytest.raises(InvalidInput, match=word) as declined:
        write(alex, dana, body, confirmed=["relapse", "klonopin", "physical", "disorder"])
    assert declined.value.field == "body"
    assert not Message.objects.exists()


def test_an_everyday_word_asks_for_a_second_look_and_then_goes(alex, dana):
    with pytest.raises(texting.SecondLook, match="“meeting”") as second:
        write(alex, dana, "See you at the meeting")
    assert (second.value.doubtful, second.value.opens_at) == (["meeting"], None)
    assert not Message.objects.exists()
    write(alex, dana, "See you at the meeting", confirmed=["meeting"])
    assert AuditEvent.objects.get(verb="text.written").detail["confirmed"] == 1


def test_a_word_that_came_after_the_second_look_asks_for_one_of_its_own(alex, dana):
    with pytest.raises(texting.SecondLook) as second:
        write(alex, dana, "Meeting with your sponsor", confirmed=["meeting"])
    assert second.value.doubtful == ["sponsor"]


@pytest.mark.parametrize("body", ["Call 988 any time", "https://example.org/x", "see zoom.us/j/12"])
def test_helplines_and_links_ask_for_a_second_look(alex, dana, body):
    with pytest.raises(texting.SecondLook):
        write(alex, dana, body)


def test_three_texts_are_the_most(alex, dana):
    write(alex, dana, "a" * (153 * 3 - len("Dana, Oak Street: ")))
    with pytest.raises(InvalidInput, match="4 texts; 3 is the most"):
        write(alex, dana, "a" * (153 * 3 + 1))


# --- whether at all --------------------------------------------------------------------------------------------------
def test_without_permission_no_text_goes(alex, dana):
    alex.permissions.all().delete()
    with pytest.raises(InvalidInput, match="no permission"):
        write(alex, dana)


def test_nothing_goes_to_somebody_who_said_stop(alex, dana):
    texts(alex, "STOP", DAY - timedelta(days=8))
    with pytest.raises(InvalidInput, match="withdrew texting on 3 Mar"):
        write(alex, dana)


@pytest.mark.parametrize(
    ("state", "said"), [("paused", "is paused"), ("discharged", "discharged"), ("deceased", "died")]
)
def test_nothing_goes_to_a_client_who_is_away_gone_or_dead(alex, dana, state, said):
    Client.objects.filter(pk=alex.pk).update(state=state)
    with pytest.raises(InvalidInput, match=said):
        write(alex, dana)


def test_a_shared_phone_waits_for_its_review(alex, dana):
    alex.contact_points.update(is_shared=True)
    with pytest.raises(InvalidInput, match="nobody has reviewed"):
        write(alex, dana)
    alex.contact_points.update(shared_reviewed_at=DAY)
    assert write(alex, dana).status == "planned"


def test_a_number_that_does_not_work_is_said(alex, dana):
    alex.contact_points.update(state=ContactPoint.State.BAD)
    with pytest.raises(InvalidInput, match="does not work"):
        write(alex, dana)


def test_an_e_mail_address_is_no_place_for_a_text(alex, dana):
    alex.permissions.all().delete()
    factories.PermissionFactory(client=alex, channel="email")
    factories.ContactPointFactory(
        client=alex, kind="email", value="a@example.org", normalized="a@example.org"
    )
    with pytest.raises(InvalidInput, match="no permission"):
        write(alex, dana)


def test_the_caps_of_the_plan_do_not_hold_a_person_back(alex, dana):
    plan = report(alex, dana, DAY - timedelta(days=3)).plan
    for n, message in enumerate(plan.messages.order_by("due_at")[:3]):
        sent(message, DAY - timedelta(hours=1 + 24 * n))
    message = write(alex, dana)
    assert may_send(message, DAY).decision is Decision.SEND


def test_the_auditor_does_not_write(alex, audrey):
    with pytest.raises(NotAllowed):
        write(alex, audrey)


def test_an_opt_out_after_the_writing_still_stops_it(alex, dana):
    message = write(alex, dana, now=NIGHT, at_opening=True)
    texts(alex, "STOP", NIGHT + timedelta(hours=1))
    verdict = may_send(message, MORNING)
    assert (verdict.decision, verdict.reason) == (Decision.CANCEL, "opted_out")


def test_no_more_messages_cancels_an_answer_that_waits_too(alex, dana):
    inbound = texts(alex, "hello", NIGHT - timedelta(hours=5))
    message = write(alex, dana, now=NIGHT, at_opening=True, answers=inbound)
    actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=NIGHT)
    message.refresh_from_db()
    assert (message.status, message.reason_code) == ("cancelled", "messages_off")


# --- night -----------------------------------------------------------------------------------------------------------
def test_at_night_the_morning_is_offered_and_nothing_goes(alex, dana):
    with pytest.raises(texting.SecondLook, match="09:00 in Phoenix") as second:
        write(alex, dana, now=NIGHT)
    assert second.value.opens_at == MORNING
    assert not Message.objects.exists()


def test_what_waits_for_the_morning_goes_at_nine_on_the_clients_clock(alex, dana):
    message = write(alex, dana, now=NIGHT, at_opening=True)
    assert (message.due_at, str(message.local_date), str(message.local_time)) == (
        MORNING,
        "2026-03-12",
        "09:00:00",
    )
    assert message.useful_until == datetime(2026, 3, 13, 3, 0, tzinfo=UTC)  # 20:00 there


def test_by_day_a_text_meant_for_the_morning_goes_now(alex, dana):
    assert write(alex, dana, at_opening=True).due_at == DAY


@pytest.mark.parametrize(("ago", "goes"), [(timedelta(minutes=119), True), (timedelta(minutes=121), False)])
def test_somebody_who_just_wrote_is_awake(alex, dana, ago, goes):
    texts(alex, "Are you there?", NIGHT - ago)
    if goes:
        message = write(alex, dana, now=NIGHT)
        assert (message.due_at, message.useful_until) == (NIGHT, NIGHT + timedelta(hours=1))
    else:
        with pytest.raises(texting.SecondLook):
            write(alex, dana, now=NIGHT)


def test_a_doubtful_word_at_night_asks_for_both_at_once(alex, dana):
    with pytest.raises(texting.SecondLook) as second:
        write(alex, dana, "The meeting is on", now=NIGHT)
    assert (second.value.doubtful, second.value.opens_at) == (["meeting"], MORNING)


# --- answering -------------------------------------------------------------------------------------------------------
def test_an_answer_settles_what_the_client_wrote_and_is_a_contact(alex, dana):
    inbound = texts(alex, "Who is this?", DAY - timedelta(hours=3))
    message = write(alex, dana, "It is Dana", answers=inbound)
    inbound.refresh_from_db()
    assert (inbound.read_at, inbound.handled_at, inbound.answered_at, inbound.answered_by) == (
        DAY,
        DAY,
        DAY,
        dana,
    )
    assert (message.in_reply_to, message.priority) == (inbound, Priority.ANSWER)
    assert ToDoKind.ANSWER not in open_todos(alex)
    alex.summary.refresh_from_db()
    assert (alex.summary.last_contact_at, alex.summary.unread_answers) == (DAY, 0)


def test_an_answer_settles_what_was_seen_and_not_what_came_after(alex, dana):
    first = texts(alex, "hello", DAY - timedelta(hours=3))
    second = texts(alex, "anybody?", DAY - timedelta(hours=2))
    third = texts(alex, "forget it", DAY - timedelta(seconds=5))
    write(alex, dana, "Here I am", answers=second)
    for row, settled in ((first, True), (second, True), (third, False)):
        row.refresh_from_db()
        assert (row.answered_at is not None) is settled
        assert (row.read_at is not None) is settled


def test_a_text_that_answers_nothing_leaves_the_inbox_alone(alex, dana):
    inbound = texts(alex, "hello", DAY - timedelta(hours=3))
    write(alex, dana, "Good day")
    inbound.refresh_from_db()
    assert (inbound.read_at, inbound.answered_at) == (None, None)


def test_a_crisis_is_answered_and_still_open(alex, dana):
    inbound = texts(alex, "I want to die", DAY - timedelta(minutes=5))
    write(alex, dana, "I am calling you now", answers=inbound)
    inbound.refresh_from_db()
    assert (inbound.answered_at, inbound.handled_at) == (DAY, None)
    assert ToDoKind.CRISIS in open_todos(alex)


def test_a_second_answer_keeps_who_answered_first(alex, dana, sam):
    inbound = texts(alex, "hello", DAY - timedelta(hours=3))
    write(alex, dana, "Hello", answers=inbound)
    write(alex, sam, "Hello from me", now=DAY + timedelta(minutes=1), answers=inbound)
    inbound.refresh_from_db()
    assert inbound.answered_by == dana


def test_reading_a_thread_reads_what_was_shown(alex, dana):
    first = texts(alex, "hello", DAY - timedelta(hours=3))
    texts(alex, "and again", DAY)
    assert actions.mark_thread_read(client_id=alex.pk, newest=first, by=dana, now=DAY) == 1
    assert InboundMessage.objects.filter(read_at=None).count() == 1
    alex.summary.refresh_from_db()
    assert alex.summary.unread_answers == 1
