"""Real and fake channels keep the same promise; the real one is tried against a provider that misbehaves on request."""

import smtplib
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.smtp import EmailBackend

from casework.followup import channels
from casework.followup.channels import About, DeliveryError, Outgoing
from casework.followup.channels.email import Email, refusal
from casework.followup.channels.sandbox import Sandbox
from casework.followup.channels.sms import Twilio
from casework.followup.sandbox import mail
from casework.followup.sandbox.faults import Fault, Mode
from casework.followup.sandbox.ledger import Ledger
from tests.followup.delivery.fakes import FakeSms
from tests.followup.delivery.provider import ACCOUNT, NUMBER, TOKEN, address, running

PHONE = "+16025550142"


def outgoing(**fields):
    defaults = {
        "attempt_id": uuid.uuid4(),
        "recipient": PHONE,
        "subject": "",
        "body": "Hi Alex, see you at ten.",
        "started_at": datetime.now(UTC),
    }
    return Outgoing(**{**defaults, **fields})


@pytest.fixture
def sandbox(tmp_path, settings):
    """The sandbox provider and the channel that speaks to it."""
    settings.DEMO = True
    settings.FOLLOWUP_PROVIDER_TIMEOUT = 1
    with running(tmp_path) as provider:
        settings.SANDBOX = {"sid": ACCOUNT, "token": TOKEN, "sender": NUMBER, "base": address(provider)}
        yield provider


@pytest.fixture(params=["real", "fake"])
def channel(request, sandbox):
    return Sandbox() if request.param == "real" else FakeSms()


# --- the promise that every channel keeps ---


def test_sending_gives_back_an_id_by_which_the_message_is_found(channel):
    message = outgoing()

    provider_id = channel.send(message)

    assert [trace.provider_id for trace in channel.find(message)] == [provider_id]


def test_what_was_never_sent_is_not_found(channel):
    channel.send(outgoing())

    assert channel.find(outgoing(body="Something else")) == []
    assert channel.find(outgoing(recipient="+16025550143")) == []
    assert channel.find(outgoing(started_at=datetime.now(UTC) + timedelta(minutes=5))) == []


def test_the_same_words_sent_twice_are_two_messages(channel):
    first, second = outgoing(), outgoing()
    ids = {channel.send(first), channel.send(second)}

    assert {trace.provider_id for trace in channel.find(first)} == ids


def test_a_failure_told_later_is_a_delivery_error(channel):
    assert isinstance(channel.later_failure("30003"), DeliveryError)


# --- Twilio's protocol, and what can go wrong with it ---

CASES = [
    # mode, accepted, ambiguous, permanent, about
    (Fault(Mode.REJECT, code=21211), False, False, True, About.RECIPIENT),
    (Fault(Mode.REJECT, code=21610), False, False, True, About.OPT_OUT),
    (Fault(Mode.REJECT, code=21617), False, False, True, About.MESSAGE),
    (Fault(Mode.REJECT, code=20003), False, False, False, About.MESSAGE),
    (Fault(Mode.BUSY, seconds=7), False, False, False, About.MESSAGE),
    (Fault(Mode.ERROR_BEFORE), False, True, False, About.MESSAGE),
    (Fault(Mode.ERROR_AFTER), True, True, False, About.MESSAGE),
    (Fault(Mode.HANG_BEFORE, seconds=1.5), False, True, False, About.MESSAGE),
    (Fault(Mode.HANG_AFTER, seconds=1.5), True, True, False, About.MESSAGE),
    (Fault(Mode.RESET_BEFORE), False, True, False, About.MESSAGE),
    (Fault(Mode.RESET_AFTER), True, True, False, About.MESSAGE),
]


@pytest.mark.parametrize(
    ("fault", "accepted", "ambiguous", "permanent", "about"),
    CASES,
    ids=[f"{case[0].mode}-{case[0].code}" for case in CASES],
)
def test_every_misbehaviour_is_sorted_into_certain_permanent_or_unclear(
    sandbox, fault, accepted, ambiguous, permanent, about
):
    channel, message = Sandbox(), outgoing()
    sandbox.plan.arrange(fault)

    with pytest.raises(DeliveryError) as caught:
        channel.send(message)

    error = caught.value
    assert (error.ambiguous, error.permanent, error.about) == (ambiguous, permanent, about)
    assert len(channel.find(message)) == accepted


def test_the_wish_to_wait_is_heard(sandbox):
    sandbox.plan.arrange(Fault(Mode.BUSY, seconds=7))

    with pytest.raises(DeliveryError) as caught:
        Sandbox().send(outgoing())

    assert caught.value.retry_after == 7


def test_a_provider_that_is_not_there_has_certainly_accepted_nothing(settings, sandbox):
    settings.SANDBOX = {**settings.SANDBOX, "base": "http://127.0.0.1:9"}

    with pytest.raises(DeliveryError) as caught:
        Sandbox().send(outgoing())

    assert (caught.value.code, caught.value.ambiguous, caught.value.permanent) == (
        "unreachable",
        False,
        False,
    )


def test_a_provider_that_cannot_be_asked_says_so(settings, sandbox):
    settings.SANDBOX = {**settings.SANDBOX, "base": "http://127.0.0.1:9"}

    with pytest.raises(DeliveryError, match="lookup_failed"):
        Sandbox().find(outgoing())


def test_a_wrong_password_is_for_an_operator_to_mend(settings, sandbox):
    settings.SANDBOX = {**settings.SANDBOX, "token": "wrong"}

    with pytest.raises(DeliveryError) as caught:
        Sandbox().send(outgoing())

    assert not caught.value.permanent
    assert not caught.value.ambiguous


def test_the_attempt_rides_in_the_callback_s_address(sandbox):
    message = outgoing()
    Sandbox().send(message)

    assert f"/hooks/sandbox/status/{message.attempt_id}/" in sandbox.ledger.everything()[0]["callback"]


def test_a_message_of_short_use_is_not_queued_for_the_night(sandbox, monkeypatch):
    channel = Sandbox()
    asked = {}
    monkeypatch.setattr(
        channel.client.messages,
        "create",
        lambda **fields: asked.update(fields) or type("M", (), {"sid": "SM1"}),
    )

    channel.send(outgoing(useful_for=timedelta(minutes=30)))

    assert asked["validity_period"] == 1800


def test_what_was_created_a_moment_ago_may_not_be_listed_yet(sandbox):
    message = outgoing()
    sandbox.plan.listing_lag = 60
    Sandbox().send(message)

    assert Sandbox().find(message) == []


@pytest.mark.parametrize(
    ("code", "permanent"), [("30003", False), ("", False), ("30006", True), ("30007", True)]
)
def test_later_failures_are_for_now_or_for_good(sandbox, code, permanent):
    assert Sandbox().later_failure(code).permanent is permanent


def test_the_sandbox_does_not_exist_in_production(settings):
    settings.DEMO = settings.DEBUG = False

    with pytest.raises(ImproperlyConfigured):
        Sandbox()


def test_twilio_is_spoken_to_where_the_installation_says(settings):
    settings.TWILIO = {"sid": "AC1", "token": "t", "sender": NUMBER, "base": "http://127.0.0.1:1234"}

    assert Twilio().client.api.base_url == "http://127.0.0.1:1234"


def test_channels_are_found_by_kind_and_by_provider(settings):
    settings.FOLLOWUP_CHANNELS = {"sms": "tests.followup.delivery.fakes.FakeSms"}

    assert channels.by_provider("fake") is channels.route("sms")
    assert channels.by_provider("carrier pigeon") is None
    with pytest.raises(KeyError):
        channels.route("pigeon")


# --- e-mail over a real server ---


@pytest.fixture
def post_office(tmp_path, settings, unused_port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port
    settings.DEFAULT_FROM_EMAIL = "Oak Street <office@oak.example>"
    settings.FOLLOWUP_PROVIDER_TIMEOUT = 2
    ledger = Ledger(tmp_path)
    controller = mail.listen(ledger, port=unused_port)
    yield ledger
    controller.stop()


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def letter(**fields):
    return outgoing(recipient="alex@example.org", subject="A note from Oak Street", **fields)


def test_mail_arrives_with_the_attempt_in_its_id(post_office):
    message = letter()

    message_id = Email().send(message)

    (row,) = post_office.everything()
    assert message_id == f"<{message.attempt_id}@oak.example>" == row["callback"]
    assert (row["phone"], row["subject"], row["body"].strip()) == (
        "alex@example.org",
        "A note from Oak Street",
        message.body,
    )


def test_nobody_can_ask_a_mail_server_afterwards():
    assert Email.can_look_up is False
    with pytest.raises(DeliveryError):
        Email().find(letter())
    assert Email().later_failure("").about is About.RECIPIENT


def test_a_mail_server_that_is_not_there_has_accepted_nothing(settings, unused_port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port

    with pytest.raises(DeliveryError) as caught:
        Email().send(letter())

    assert not caught.value.ambiguous


REFUSALS = [
    (smtplib.SMTPRecipientsRefused({"a@b": (550, b"no such user")}), False, True, About.RECIPIENT),
    (smtplib.SMTPRecipientsRefused({"a@b": (452, b"full")}), False, False, About.MESSAGE),
    (smtplib.SMTPDataError(554, b"spam"), False, True, About.MESSAGE),
    (smtplib.SMTPDataError(451, b"later"), False, False, About.MESSAGE),
    (smtplib.SMTPSenderRefused(550, b"not you", "office"), False, False, About.MESSAGE),
    (smtplib.SMTPServerDisconnected("gone"), True, False, About.MESSAGE),
    (TimeoutError(), True, False, About.MESSAGE),
]


@pytest.mark.parametrize(
    ("raised", "ambiguous", "permanent", "about"),
    REFUSALS,
    ids=[type(case[0]).__name__ + str(i) for i, case in enumerate(REFUSALS)],
)
def test_what_a_mail_server_says_is_sorted(post_office, monkeypatch, raised, ambiguous, permanent, about):
    def refuse(*args, **kwargs):
        raise raised

    monkeypatch.setattr(smtplib.SMTP, "sendmail", refuse)

    with pytest.raises(DeliveryError) as caught:
        Email().send(letter())

    assert (caught.value.ambiguous, caught.value.permanent, caught.value.about) == (
        ambiguous,
        permanent,
        about,
    )


def test_a_mail_server_that_fails_after_it_accepted_is_no_failure(post_office, monkeypatch):
    real = EmailBackend.close

    def dead(self):
        real(self)
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "close", dead)

    assert Email().send(letter())


# --- a provider that takes one message of a key ---


def test_with_keys_a_second_try_is_answered_with_the_first(sandbox, settings):
    settings.SANDBOX = {**settings.SANDBOX, "keys": "1"}
    channel, again = Sandbox(), outgoing(idempotency_key="one")

    first = channel.send(outgoing(idempotency_key="one"))

    assert channel.send(again) == first
    assert channel.send(outgoing(idempotency_key="two")) != first
    assert len(sandbox.ledger.everything()) == 2


def test_without_keys_the_provider_takes_everything(sandbox):
    channel = Sandbox()

    assert channel.send(outgoing(idempotency_key="one")) != channel.send(outgoing(idempotency_key="one"))


def test_a_key_is_not_carried_along_by_the_next_request(sandbox, settings):
    settings.SANDBOX = {**settings.SANDBOX, "keys": "1"}
    channel = Sandbox()
    channel.send(outgoing(idempotency_key="one"))
    settings.SANDBOX = {**settings.SANDBOX, "keys": ""}

    channel.send(outgoing())

    assert [row["idempotency_key"] for row in sandbox.ledger.everything()].count("one") == 1


# --- whose failure it is ---


@pytest.mark.parametrize(
    ("fault", "away"),
    [
        (Fault(mode=Mode.REJECT), False),
        (Fault(mode=Mode.ERROR_BEFORE), True),
        (Fault(mode=Mode.ERROR_AFTER), True),
        (Fault(mode=Mode.BUSY, seconds=7), True),
        (Fault(mode=Mode.RESET_BEFORE), True),
        (Fault(mode=Mode.HANG_BEFORE, seconds=2), True),
    ],
)
def test_a_refused_number_is_not_the_provider_s_failure(sandbox, fault, away):
    sandbox.plan.arrange(fault)

    with pytest.raises(DeliveryError) as raised:
        Sandbox().send(outgoing())

    assert raised.value.provider_away is away


@pytest.mark.parametrize(("code", "away"), [(421, True), (450, False), (451, False), (550, False)])
def test_only_a_mail_server_that_closes_is_away(code, away):
    assert refusal(code).provider_away is away
