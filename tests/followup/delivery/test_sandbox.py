"""The phone page and the provider's own memory."""

import time

import pytest
import requests
from twilio.request_validator import RequestValidator

from casework.followup.sandbox import calls
from casework.followup.sandbox.faults import Fault, Mode, Plan, Telling
from tests.followup.delivery.provider import ACCOUNT, NUMBER, TOKEN, address, running

PHONE = "+16025550142"


@pytest.fixture
def provider(tmp_path):
    with running(tmp_path) as provider:
        yield provider


def create(provider, body="Hi Alex.", **more):
    headers = more.pop("headers", {})
    return requests.post(
        address(provider) + f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={"To": PHONE, "From": NUMBER, "Body": body, **more},
        headers=headers,
        auth=(ACCOUNT, TOKEN),
        timeout=5,
    )


def test_a_phone_shows_what_it_got(provider):
    create(provider, body="Hi Alex <3")

    overview = requests.get(address(provider) + "/", timeout=5)
    thread = requests.get(address(provider) + f"/phones/{PHONE}", timeout=5)

    assert PHONE in overview.text
    assert "Hi Alex &lt;3" in thread.text
    assert "<script>" not in thread.text
    assert "default-src 'none'" in thread.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/", "/mail", "/phones/%2B1602", "/mail/a%40b.c", "/phones.css", "/phones.js", "/healthz"]
)
def test_every_page_answers_before_anything_happened(provider, path):
    assert requests.get(address(provider) + path, timeout=5).status_code == 200


def test_what_is_not_there_is_not_found(provider):
    assert requests.get(address(provider) + "/admin", timeout=5).status_code == 404
    assert requests.post(address(provider) + "/admin", timeout=5).status_code == 404
    gone = address(provider) + f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json"
    assert requests.get(gone, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 404


def test_a_message_can_be_fetched_by_its_id(provider):
    sid = create(provider).json()["sid"]

    found = requests.get(
        address(provider) + f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        auth=(ACCOUNT, TOKEN),
        timeout=5,
    )

    assert found.json()["sid"] == sid


def test_only_its_customer_may_use_the_provider(provider):
    url = address(provider) + f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    assert requests.post(url, data={"To": PHONE}, timeout=5).status_code == 401
    assert requests.get(url, headers={"Authorization": "Basic §"}, timeout=5).status_code == 401
    assert provider.ledger.everything() == []


def test_a_text_too_long_for_any_phone_is_refused_unread(provider):
    assert create(provider, body="x" * 70_000).status_code == 413


def test_the_same_idempotency_key_is_the_same_message(provider):
    first = create(provider, headers={"Idempotency-Key": "k1"}).json()["sid"]
    second = create(provider, headers={"Idempotency-Key": "k1"}).json()["sid"]

    assert first == second
    assert len(provider.ledger.everything()) == 1


def test_an_answer_is_signed_as_the_office_expects(provider, monkeypatch):
    heard = []
    monkeypatch.setattr(calls, "post", lambda url, fields, token: heard.append((url, fields, token)) or 200)

    requests.post(address(provider) + f"/phones/{PHONE}", data={"text": "2"}, timeout=5)

    (url, fields, token) = heard[0]
    assert url.endswith("/hooks/sandbox/inbound/")
    assert (fields["From"], fields["To"], fields["Body"]) == (PHONE, NUMBER, "2")
    signature = RequestValidator(token).compute_signature(url, fields)
    assert RequestValidator(TOKEN).validate(url, fields, signature)


def test_an_answer_that_the_office_refused_is_shown_as_refused(provider):
    requests.post(address(provider) + f"/phones/{PHONE}", data={"quick": "2"}, timeout=5)

    assert provider.ledger.thread("sms", PHONE)[0]["status"] == "refused"  # nobody listens at that office


def test_an_empty_answer_sends_nothing(provider):
    requests.post(address(provider) + f"/phones/{PHONE}", data={"text": "  "}, timeout=5)

    assert provider.ledger.everything() == []


def test_another_site_cannot_answer_in_a_client_s_name(provider):
    answer = requests.post(
        address(provider) + f"/phones/{PHONE}",
        data={"text": "2"},
        headers={"Origin": "http://evil.example"},
        timeout=5,
    )

    assert answer.status_code == 404
    assert provider.ledger.everything() == []


def test_faults_are_arranged_and_used_up(provider):
    requests.post(
        address(provider) + "/control/faults",
        data={
            "clear": "1",
            "mode": "error_before",
            "times": "2",
            "telling": "none",
            "pace": "0",
            "listing_lag": "0",
        },
        timeout=5,
    )

    assert [create(provider).status_code for _ in range(3)] == [500, 500, 201]
    ledger = requests.get(address(provider) + "/control/ledger", timeout=5).json()
    assert len(ledger["messages"]) == 1


def test_a_fault_for_one_phone_spares_the_others():
    plan = Plan()
    plan.arrange(Fault(Mode.REJECT, phone=PHONE))

    assert plan.next_for("+1").mode is Mode.OK
    assert plan.next_for(PHONE).mode is Mode.REJECT


@pytest.mark.parametrize(
    ("telling", "expected"),
    [
        (Telling.USUAL, ["queued", "sent", "delivered"]),
        (Telling.NONE, []),
        (Telling.TWICE, ["sent", "sent", "delivered", "delivered"]),
        (Telling.REVERSED, ["delivered", "sent", "queued"]),
        (Telling.UNDELIVERED, ["sent", "undelivered"]),
    ],
)
def test_the_office_is_told_as_arranged(provider, monkeypatch, telling, expected):
    heard = []
    monkeypatch.setattr(
        calls, "post", lambda url, fields, token: heard.append(fields["MessageStatus"]) or 204
    )
    provider.plan.telling, provider.plan.pace = telling, 0.01

    create(provider, StatusCallback="http://127.0.0.1:9/hooks/sandbox/status/x/")
    time.sleep(0.3)

    assert heard == expected


def test_an_office_that_does_not_answer_is_told_again(provider, monkeypatch):
    heard = []
    monkeypatch.setattr(calls, "WAIT", 0.01)
    monkeypatch.setattr(
        calls, "post", lambda url, fields, token: heard.append(1) or (0 if len(heard) < 3 else 204)
    )
    provider.plan.telling, provider.plan.pace = Telling.UNDELIVERED, 0

    create(provider, StatusCallback="http://127.0.0.1:9/x")
    time.sleep(0.3)

    assert len(heard) == 4


def arrange(provider, **fields):
    requests.post(address(provider) + "/control/faults", data=fields, timeout=5).raise_for_status()


def test_a_busy_provider_says_when_to_come_back_or_does_not(provider):
    arrange(provider, mode="busy", seconds="3")
    arrange(provider, mode="busy", seconds="0")

    first, second = create(provider), create(provider)

    assert (first.status_code, first.headers["Retry-After"]) == (429, "3")
    assert second.status_code == 429
    assert "Retry-After" not in second.headers


def test_a_provider_that_is_down_takes_nothing_and_answers_no_question(provider):
    arrange(provider, down="1")
    assert create(provider).status_code == 503
    arrange(provider, down="0")
    assert create(provider).status_code == 201
    assert len(provider.ledger.everything()) == 1


def test_no_more_are_taken_in_a_second_than_the_rate_allows(provider):
    arrange(provider, rate="2")

    answers = [create(provider).status_code for _ in range(4)]

    assert answers == [201, 201, 429, 429]
    assert len(provider.ledger.everything()) == 2


def test_an_answer_may_drip(provider):
    arrange(provider, mode="drip", seconds="0.3")
    began = time.monotonic()

    assert create(provider).json()["sid"].startswith("SM")
    assert time.monotonic() - began >= 0.2


def test_a_share_of_all_messages_fails_by_chance_and_the_same_seed_fails_the_same(provider):
    def outcomes(seed):
        arrange(provider, mix="error_before:0.3,reject:0.2", seed=str(seed))
        return [create(provider).status_code for _ in range(20)]

    first = outcomes(7)

    assert set(first) == {201, 400, 500}
    assert outcomes(7) == first
    arrange(provider, clear="1")
    assert create(provider).status_code == 201


def test_every_call_is_counted_also_those_that_fail(provider):
    arrange(provider, clear="1")
    arrange(provider, mode="error_before")
    create(provider)
    create(provider)

    counted = requests.get(address(provider) + "/control/calls", timeout=5).json()

    assert len(counted["at"]) == 2
    assert counted["most_at_once"] == 1


def test_the_same_idempotency_key_is_one_message(provider):
    first = create(provider, headers={"Idempotency-Key": "a-message"}).json()["sid"]

    assert create(provider, headers={"Idempotency-Key": "a-message"}).json()["sid"] == first
    assert create(provider, headers={"Idempotency-Key": "another"}).json()["sid"] != first
    assert len(provider.ledger.everything()) == 2
