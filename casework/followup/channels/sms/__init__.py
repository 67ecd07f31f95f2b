"""Text messages by Twilio's REST API and its own client."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from functools import cached_property
from typing import Any, ClassVar

import requests
from django.conf import settings
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from casework.followup.channels.base import About, DeliveryError, Outgoing, Trace

# Numbers of Twilio's error dictionary. All other refusals (4xx) are permanent too, but nobody can mend them by phone.
OPTED_OUT = {21610}
BAD_RECIPIENT = {21211, 21214, 21217, 21407, 21612, 21614, 30004, 30005, 30006}
MENDS = {20003, 20429, 14107, 63017}  # bad credentials, too many requests: an operator or time mends them
# After acceptance: queue full or too many for the carriers; its time ran out; account suspended, phone off, unknown.
CROWDED = {30001, 30022, 30023, 30027}
PASSING = {0, *CROWDED, 30002, 30003, 30008, 30009, 30010, 30017, 30036}
LONG_CODE = re.compile(r"\+\d{7,15}")
CLOCKS_APART = timedelta(seconds=60)

_silent = logging.getLogger(
    "casework.followup.twilio"
)  # the client's own log lines would hold numbers and texts
_silent.addFilter(
    lambda _record: False
)  # `disabled` would be taken back by the next configuration of logging


class CarefulHttpClient(TwilioHttpClient):
    """Twilio's transport with time-outs, no retries of its own, and an ear for Retry-After."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0, logger=_silent)
        self._heard = threading.local()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the last answer to this thread asked to wait."""
        return getattr(self._heard, "retry_after", None)

    @contextmanager
    def carrying(self, headers: dict[str, str]) -> Iterator[None]:
        """Send these along with the requests of this thread."""
        self._heard.along = headers
        try:
            yield
        finally:
            self._heard.along = {}

    def request(self, *args: Any, headers: dict[str, str] | None = None, **kwargs: Any) -> Response:
        self._heard.retry_after = None
        along = getattr(self._heard, "along", {})
        response: Response = super().request(*args, headers={**(headers or {}), **along}, **kwargs)
        said = str((response.headers or {}).get("Retry-After", ""))
        self._heard.retry_after = float(said) if said.isdigit() else None
        return response


def concerns(code: int) -> About:
    """Whom a refusal with this number is about."""
    return About.OPT_OUT if code in OPTED_OUT else About.RECIPIENT if code in BAD_RECIPIENT else About.MESSAGE


def never_left(error: requests.RequestException) -> bool:
    """Whether the connection failed before a byte of the request was written."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, NotConnected) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


class Twilio:
    """SMS through Twilio; it has no idempotency key, so an unclear answer is looked up by number, text and time."""

    provider: ClassVar[str] = "twilio"
    can_look_up: ClassVar[bool] = True
    crowded: ClassVar[frozenset[str]] = frozenset(map(str, CROWDED))

    def __init__(self) -> None:
        self.sender = self.account()["sender"]
        self.http = CarefulHttpClient(timeout=settings.FOLLOWUP_PROVIDER_TIMEOUT)

    @property
    def per_second(self) -> float | None:
        """A long number may send one a second in North America; a short code or a messaging service says itself."""
        return 1.0 if LONG_CODE.fullmatch(self.sender) else None

    @cached_property
    def client(self) -> Client:
        account = self.account()
        client = Client(account["sid"], account["token"], http_client=self.http)
        if account["base"]:
            client.api.base_url = account["base"]
        return client

    @staticmethod
    def account() -> dict[str, str]:
        """Who we are to the provider."""
        return settings.TWILIO

    @classmethod
    def signed(cls, url: str, posted: Any, signature: str) -> bool:
        """Whether the provider signed this call of ours to that public address."""
        token = cls.account()["token"]
        return bool(token) and bool(RequestValidator(token).validate(url, posted, signature))

    def callback(self, outgoing: Outgoing) -> str:
        return f"{settings.PUBLIC_URL}/hooks/{self.provider}/status/{outgoing.attempt_id}/"

    def send(self, outgoing: Outgoing) -> str:
        extra: dict[str, Any] = {}
        if outgoing.useful_for is not None:
            # Twilio drops what it could not send in time, so that nothing arrives at night hours late.
            extra["validity_period"] = max(1, min(14_400, int(outgoing.useful_for.total_seconds())))
        try:
            made = self.client.messages.create(
                to=outgoing.recipient,
                from_=self.sender,
                body=outgoing.body,
                status_callback=self.callback(outgoing),
                **extra,
            )
        except (TwilioException, RequestException, ValueError, KeyError) as error:
            raise self.failure(error) from error
        if not made.sid:
            raise DeliveryError("no_id", ambiguous=True)
        return str(made.sid)

    def failure(self, error: Exception) -> DeliveryError:
        """Sort what the client raised into certain, permanent and ambiguous."""
        if isinstance(error, TwilioRestException):
            code, status = int(error.code or 0), int(error.status)
            if status == 429 or code in MENDS or status in (401, 403):
                return DeliveryError(str(code or status), retry_after=self.http.retry_after)
            if status >= 500 or status < 400:
                return DeliveryError(str(code or status), ambiguous=True, retry_after=self.http.retry_after)
            return DeliveryError(str(code or status), permanent=True, about=concerns(code))
        if isinstance(error, RequestException) and never_left(error):
            return DeliveryError("unreachable")
        return DeliveryError(
            "timeout" if isinstance(error, requests.Timeout) else "broken_answer", ambiguous=True
        )

    def later_failure(self, code: str) -> DeliveryError:
        number = int(code) if code.isdigit() else 0
        return DeliveryError(code or "undelivered", permanent=number not in PASSING, about=concerns(number))

    def find(self, outgoing: Outgoing) -> list[Trace]:
        try:
            listed = self.client.messages.list(
                to=outgoing.recipient, from_=self.sender, limit=settings.FOLLOWUP_LOOKUP_DEPTH
            )
        except (TwilioException, RequestException, ValueError, KeyError) as error:
            raise DeliveryError("lookup_failed", ambiguous=True) from error
        traces = [
            Trace(
                str(one.sid), str(getattr(one.status, "value", one.status)), one.date_created.astimezone(UTC)
            )
            for one in listed
            if one.date_created is not None
            and one.body == outgoing.body
            and one.date_created >= outgoing.started_at - CLOCKS_APART
        ]
        return sorted(traces, key=lambda trace: trace.created_at)
