"""Providers call us: signed, or they are refused and nothing is written."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from twilio.request_validator import RequestValidator

from casework.followup import delivery
from casework.followup.models import InboundMessage, Message, ProviderEvent
from tests.followup.delivery.conftest import fresh, last_attempt
from tests.followup.delivery.provider import ACCOUNT, NUMBER, TOKEN, running

pytestmark = pytest.mark.django_db
PUBLIC = "https://office.example"


@pytest.fixture
def sandbox(tmp_path, settings, pace):
    settings.DEMO = True
    settings.PUBLIC_URL = PUBLIC
    settings.FOLLOWUP_CHANNELS = {"sms": "casework.followup.channels.sandbox.Sandbox"}
    with running(tmp_path) as provider:
        settings.SANDBOX = {
            "sid": ACCOUNT,
            "token": TOKEN,
            "sender": NUMBER,
            "base": f"http://127.0.0.1:{provider.server_port}",
        }
        from casework.followup import channels

        channels._made.cache_clear()
        yield provider
        channels._made.cache_clear()


def call(path, fields, *, token=TOKEN, signed_for=None, **headers):
    signature = RequestValidator(token).compute_signature(PUBLIC + (signed_for or path), fields)
    return Browser().post(path, fields, headers={"X-Twilio-Signature": signature, **headers})


def text_from(phone, body, *, sid="SM1"):
    return {"MessageSid": sid, "From": phone, "To": NUMBER, "Body": body, "AccountSid": ACCOUNT}


@pytest.fixture
def sent(sandbox, write):
    message = write()
    delivery.deliver_due()
    return message


@pytest.fixture
def status_path(sent):
    return f"/hooks/sandbox/status/{last_attempt(sent).pk}/"


def status_of(sent, word="delivered"):
    return {"MessageSid": last_attempt(sent).provider_id, "MessageStatus": word}


def test_an_answer_reaches_the_counselor(sandbox, alex):
    phone = alex.contact_points.get().normalized

    answer = call("/hooks/sandbox/inbound/", text_from(phone, "Could we talk?"))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml"
    inbound = InboundMessage.objects.get()
    assert (inbound.client, inbound.body) == (alex, "Could we talk?")


def test_the_same_answer_told_twice_is_one(sandbox, alex):
    phone = alex.contact_points.get().normalized

    for _ in range(3):
        assert call("/hooks/sandbox/inbound/", text_from(phone, "2")).status_code == 200

    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize("missing", ["From", "MessageSid"])
def test_an_answer_from_nobody_is_refused(sandbox, missing):
    fields = text_from("+16025550142", "2") | {missing: ""}

    assert call("/hooks/sandbox/inbound/", fields).status_code == 400


def test_a_status_moves_the_message(sent, status_path):
    assert call(status_path, status_of(sent)).status_code == 204
    assert fresh(sent).status == Message.Status.DELIVERED


FORGERIES = {
    "no signature": lambda path, fields: Browser().post(path, fields),
    "another secret": lambda path, fields: call(path, fields, token="guess"),
    "another address": lambda path, fields: call(path, fields, signed_for="/elsewhere/"),
    "other words": lambda path, fields: Browser().post(
        path,
        fields | {"MessageStatus": "failed"},
        headers={"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, fields)},
    ),
    "cut short": lambda path, fields: Browser().post(
        path,
        {"MessageStatus": "delivered"},
        headers={"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, fields)},
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_call_is_refused_and_writes_nothing(sent, status_path, forgery, django_assert_num_queries):
    fields = status_of(sent)

    with django_assert_num_queries(0):
        assert forgery(status_path, fields).status_code == 403

    assert not ProviderEvent.objects.exists()
    assert fresh(sent).status == Message.Status.SENT


def test_a_replayed_call_changes_nothing(sent, status_path):
    call(status_path, status_of(sent))
    before = fresh(sent)

    assert call(status_path, status_of(sent)).status_code == 204
    assert ProviderEvent.objects.count() == 1
    assert fresh(sent).fence == before.fence


def test_a_status_without_words_is_refused(sent, status_path):
    assert call(status_path, {"MessageSid": "", "MessageStatus": "delivered"}).status_code == 400
    assert call(status_path, {"MessageSid": "SM1", "MessageStatus": "<b>"}).status_code == 400


def test_a_status_of_an_attempt_that_never_was_is_taken_and_forgotten(sandbox):
    path = f"/hooks/sandbox/status/{uuid.uuid4()}/"

    assert call(path, {"MessageSid": "SM1", "MessageStatus": "sent"}).status_code == 204
    assert not ProviderEvent.objects.exists()


def test_a_body_too_long_for_any_text_is_not_read(sandbox):
    assert call("/hooks/sandbox/inbound/", text_from("+16025550142", "x" * 40_000)).status_code == 413


@pytest.mark.parametrize("provider", ["twilio", "smtp", "nobody"])
def test_a_provider_that_is_not_in_use_has_no_door(sandbox, provider):
    assert call(f"/hooks/{provider}/inbound/", text_from("+16025550142", "2")).status_code == 404


def test_nobody_can_browse_the_hooks(sandbox):
    assert Browser().get("/hooks/sandbox/inbound/").status_code == 405


def test_without_a_secret_every_call_is_refused(sandbox, settings):
    settings.SANDBOX = {**settings.SANDBOX, "token": ""}

    assert call("/hooks/sandbox/inbound/", text_from("+16025550142", "2"), token="").status_code == 403


def test_a_stop_is_heard_however_wrong_the_clock_of_the_host_is(sandbox, alex, monkeypatch):
    """The permission was given a minute ago by the true clock; this host believes that was in the future."""
    alex.permissions.update(granted_at=timezone.now() - timedelta(minutes=1))
    slow = timezone.now() - timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: slow)

    call("/hooks/sandbox/inbound/", text_from(alex.contact_points.get().normalized, "STOP"))

    taken = alex.permissions.get(channel="text")
    assert taken.withdrawn_at > taken.granted_at
    answer = Message.objects.get(kind="stop_reply")
    assert answer.due_at > slow + timedelta(hours=1)
