"""A database that was put back to an earlier state asks the provider before it sends anything a second time."""

from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from casework.followup import delivery
from casework.followup.delivery import relocated
from casework.followup.models import Attempt, Heartbeat, Message, ToDo
from clients.models import ContactPoint, Permission
from tests.factories import ContactPointFactory, PermissionFactory
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status


def lived_elsewhere():
    Heartbeat.objects.create(name=relocated.DATABASE, run="another-cluster", beat_at=timezone.now())


def forget(message):
    """As a backup from before the sending has it."""
    Attempt.objects.filter(message=message).delete()
    Message.objects.filter(pk=message.pk).update(
        status=Status.PLANNED, sent_at=None, attempt_id=None, attempts_made=0, fence=0, reason_code=""
    )


def homes():
    return Heartbeat.objects.filter(name=relocated.DATABASE).count()


def test_the_first_start_only_remembers_where_it_is(provider, write):
    message = write()

    delivery.deliver_due()

    assert fresh(message).status == Status.SENT
    assert provider.asked == 0
    assert homes() == 1


def test_at_home_nothing_is_asked(provider, write):
    delivery.deliver_due()
    write()

    delivery.deliver_due()

    assert provider.asked == 0
    assert homes() == 1


def test_what_was_sent_before_the_restore_is_found_and_not_sent_again(provider, write):
    message = write()
    delivery.deliver_due()
    forget(message)
    Heartbeat.objects.update(run="another-cluster")

    delivery.deliver_due()

    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT
    assert last_attempt(message).outcome == Attempt.Outcome.ACCEPTED
    assert last_attempt(message).provider_id == provider.accepted[0][0]
    assert not fresh(message).possible_duplicate


def test_what_had_not_been_sent_is_sent_once_after_the_question(provider, write):
    message = write()
    lived_elsewhere()

    delivery.deliver_due()

    assert provider.asked == 1
    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT
    outcomes = Attempt.objects.filter(message=message).order_by("fence").values_list("outcome", flat=True)
    assert list(outcomes) == [Attempt.Outcome.ABSENT, Attempt.Outcome.ACCEPTED]


def test_the_question_is_put_once_and_not_at_every_sweep(provider, write):
    lived_elsewhere()
    delivery.deliver_due()
    write()

    delivery.deliver_due()

    assert provider.asked == 0


def test_what_is_not_due_yet_is_left_alone(provider, write):
    later = write(due_at=timezone.now() + timedelta(hours=1))
    lived_elsewhere()

    delivery.deliver_due()

    assert fresh(later).status == Status.PLANNED
    assert provider.asked == 0


def test_while_the_provider_cannot_be_asked_nothing_is_sent(provider, write):
    message = write()
    lived_elsewhere()
    provider.unreachable_for_questions = True

    delivery.deliver_due()
    make_due(message)
    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.UNKNOWN


def test_two_texts_with_the_same_words_are_told_apart_by_their_number(provider, write):
    messages = [write(body="See you soon."), write(body="See you soon.")]
    delivery.deliver_due()
    third = write(body="See you soon.")
    for message in messages:
        forget(message)
    lived_elsewhere()
    Heartbeat.objects.filter(name=relocated.DATABASE).exclude(run="another-cluster").delete()

    delivery.deliver_due()

    assert len(provider.accepted) == 3
    assert {fresh(message).status for message in [*messages, third]} == {Status.SENT}


def test_what_policy_holds_now_is_asked_about_too(provider, write, alex):
    message = write(kind=Message.Kind.REMINDER, body="", template_key="checkin.1")
    alex.state = alex.State.PAUSED
    alex.save()

    relocated.ask_first()

    assert fresh(message).status == Status.UNKNOWN
    assert fresh(message).body.startswith("Hi ")
    assert last_attempt(message).recipient == alex.contact_points.get().normalized
    assert last_attempt(message).error_code == "restored"


def test_a_mail_that_nobody_can_be_asked_about_becomes_a_call(provider, mail, write, alex):
    Permission.objects.filter(client=alex).delete()
    PermissionFactory(client=alex, channel="email")
    ContactPointFactory(client=alex, kind="email", value="alex@example.org", normalized="alex@example.org")
    message = write()
    lived_elsewhere()

    delivery.deliver_due()

    assert mail.accepted == []
    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "not_provable"
    assert fresh(message).possible_duplicate
    assert ToDo.objects.filter(message=message, kind="call").count() == 1


def test_a_client_without_a_number_is_left_to_policy(provider, write, alex):
    ContactPoint.objects.filter(client=alex).update(state=ContactPoint.State.BAD)
    message = write()
    lived_elsewhere()

    delivery.deliver_due()

    assert fresh(message).status == Status.CANCELLED
    assert provider.asked == 0


def test_words_that_cannot_be_written_are_left_to_the_claim(provider, write):
    message = write(body="", template_key="no-such-text")
    lived_elsewhere()

    delivery.deliver_due()

    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "no_text"


def test_one_message_that_no_key_opens_does_not_stop_the_others(provider, write):
    poison, good = write(), write()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE followup_message SET body = %s WHERE id = %s", [b"not a ciphertext", poison.pk]
        )
    lived_elsewhere()

    relocated.ask_first()

    assert fresh(good).status == Status.UNKNOWN
    assert Message.objects.defer("body").get(pk=poison.pk).status == Status.PLANNED


def test_a_server_that_does_not_tell_is_left_alone(provider, write, monkeypatch):
    monkeypatch.setattr(relocated, "WHERE", "SELECT no_such_function()")
    write()
    lived_elsewhere()

    assert delivery.deliver_due() == 1
    assert provider.asked == 0


def test_a_database_that_is_away_is_not_taken_for_one_that_does_not_tell(monkeypatch, db):
    class Gone:
        closed = True

    def cursor():
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(relocated.transaction, "atomic", nullcontext)
    monkeypatch.setattr(relocated, "connection", SimpleNamespace(connection=Gone(), cursor=cursor))

    with pytest.raises(OperationalError):
        relocated._where()


def test_the_command_asks_at_home_as_well(provider, write):
    message = write()
    delivery.deliver_due()
    forget(message)
    said = StringIO()

    call_command("after_restore", stdout=said)
    delivery.deliver_due()

    assert "1 messages are due" in said.getvalue()
    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT
