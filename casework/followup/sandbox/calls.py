"""The provider calling the office: signed status callbacks and answers from phones, in the background."""

import heapq
import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import requests
from twilio.request_validator import RequestValidator

from casework.followup.sandbox.faults import Plan, Telling
from casework.followup.sandbox.ledger import Ledger

TRIES, WAIT = 5, 1.0


@dataclass(frozen=True, slots=True)
class Office:
    """Whom the provider works for."""

    url: str
    token: str
    number: str
    account: str

    @property
    def inbound_url(self) -> str:
        return f"{self.url}/hooks/sandbox/inbound/"


def post(url: str, fields: Mapping[str, str], *, token: str) -> int:
    """Call the office as Twilio would and return the HTTP status, 0 when nobody answered."""
    signature = RequestValidator(token).compute_signature(url, dict(fields))
    try:
        answer = requests.post(url, data=fields, headers={"X-Twilio-Signature": signature}, timeout=10)
    except requests.RequestException:
        return 0
    return answer.status_code


class Caller(threading.Thread):
    """Tells the office how messages fare, each at its time, again when nobody answered."""

    def __init__(self, ledger: Ledger, plan: Plan, office: Office) -> None:
        super().__init__(daemon=True, name="callbacks")
        self._ledger, self._plan, self._office = ledger, plan, office
        self._due: list[tuple[float, int, str, str, str, int]] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False

    def follow(self, sid: str, callback: str) -> None:
        """Arrange the callbacks of a message just accepted."""
        words = {
            Telling.USUAL: ["queued", "sent", "delivered"],
            Telling.NONE: [],
            Telling.TWICE: ["sent", "sent", "delivered", "delivered"],
            Telling.REVERSED: ["delivered", "sent", "queued"],
            Telling.UNDELIVERED: ["sent", "undelivered"],
        }[self._plan.telling]
        for place, word in enumerate(words):
            self._at(time.monotonic() + self._plan.pace * place, sid, callback, word)

    def _at(self, moment: float, sid: str, callback: str, word: str, tries: int = 0) -> None:
        with self._wake:
            heapq.heappush(self._due, (moment, next(self._numbers), sid, callback, word, tries))
            self._wake.notify()

    def stop(self) -> None:
        """Tell nothing more."""
        with self._wake:
            self._stopped = True
            self._wake.notify()

    def run(self) -> None:
        while True:
            with self._wake:
                while not self._stopped and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._stopped:
                    return
                _moment, _number, sid, callback, word, tries = heapq.heappop(self._due)
            self._tell(sid, callback, word, tries)

    def _tell(self, sid: str, callback: str, word: str, tries: int) -> None:
        if tries == 0:
            self._ledger.set_status(sid, word)
        if not callback:
            return
        fields = {
            "AccountSid": self._office.account,
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": word,
            **({"ErrorCode": "30003"} if word == "undelivered" else {}),
        }
        answered = post(callback, fields, token=self._office.token)
        if (answered == 0 or answered >= 500) and tries < TRIES:
            self._at(time.monotonic() + WAIT * 2**tries, sid, callback, word, tries + 1)


def answer_from_phone(ledger: Ledger, office: Office, *, phone: str, text: str) -> int:
    """Deliver what somebody typed on a phone to the office; return the office's HTTP status."""
    row = ledger.add(direction="in", kind="sms", phone=phone, office=office.number, body=text)
    fields = {
        "AccountSid": office.account,
        "MessageSid": row["sid"],
        "SmsSid": row["sid"],
        "From": phone,
        "To": office.number,
        "Body": text,
        "NumSegments": "1",
        "NumMedia": "0",
        "ApiVersion": "2010-04-01",
    }
    status = post(office.inbound_url, fields, token=office.token)
    ledger.set_status(row["sid"], "received" if status == 200 else "refused")
    return status


def thread_address(phone: str) -> str:
    return f"/phones/{quote(phone)}"
