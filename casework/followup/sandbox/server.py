"""The provider's HTTP server: Twilio's messages resource, the phone page, and the knobs for tests."""

import base64
import hmac
import json
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from casework.followup.sandbox import pages
from casework.followup.sandbox.calls import Caller, Office, answer_from_phone, thread_address
from casework.followup.sandbox.faults import Calls, Fault, Mode, Plan, Telling
from casework.followup.sandbox.ledger import OUT, Ledger

MOST_BYTES = 64_000
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'"


class Provider(ThreadingHTTPServer):
    """One provider with its ledger, its faults and its caller."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], *, ledger: Ledger, office: Office) -> None:
        self.ledger, self.office, self.plan, self.calls = ledger, office, Plan(), Calls()
        self.caller = Caller(ledger, self.plan, office)
        super().__init__(address, Desk)
        self.caller.start()

    def server_close(self) -> None:
        self.caller.stop()
        super().server_close()

    @property
    def api(self) -> str:
        return f"/2010-04-01/Accounts/{self.office.account}/Messages"


class Desk(BaseHTTPRequestHandler):
    """One request."""

    server: Provider
    protocol_version = "HTTP/1.1"
    drip = 0.0  # seconds over which the next answer's body comes, byte by byte

    def log_message(self, format: str, *args: Any) -> None:
        """Texts and numbers do not belong into a log, not even here."""

    # --- the two doors ---

    def do_GET(self) -> None:
        path, query = self._address()
        if path == "/healthz":
            self._answer(200, "text/plain", b"ok\n")
        elif path in pages.ASSETS:
            self._answer(200, *pages.ASSETS[path])
        elif path.startswith("/2010-04-01/"):
            self._api_get(path, query)
        elif path == "/control/ledger":
            self._json(200, {"messages": self.server.ledger.everything()})
        elif path == "/control/calls":
            self._json(200, {"at": self.server.calls.at, "most_at_once": self.server.calls.most})
        else:
            self._page(path)

    def do_POST(self) -> None:
        path, _query = self._address()
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self._json(413, {"message": "too long"})
            return
        fields = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        if path == self.server.api + ".json":
            with self.server.calls.one():
                self._create(fields)
        elif path.startswith("/phones/") and self._from_our_page():
            self._reply(unquote(path.removeprefix("/phones/")), fields)
        elif path == "/control/faults" and self._from_our_page():
            self._arrange(fields)
        else:
            self._json(404, {"message": "not here"})

    def _address(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, dict(parse_qsl(parts.query))

    def _from_our_page(self) -> bool:
        """No other site's form may speak here."""
        origin = self.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.headers.get("Host")

    # --- Twilio's messages resource ---

    def _known(self) -> bool:
        """Whether the caller may speak to us at all, and we are there to listen."""
        time.sleep(self.server.plan.slow)
        if self.server.plan.down:
            self._json(503, {"code": 20503, "message": "unavailable", "status": 503})
            return False
        kind, _space, rest = self.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(rest) if kind == "Basic" else b""
        except ValueError:
            given = b""
        office = self.server.office
        if hmac.compare_digest(given, f"{office.account}:{office.token}".encode()):
            return True
        self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
        return False

    def _create(self, fields: dict[str, str]) -> None:
        if not self._known():
            return
        fault = self.server.plan.next_for(fields.get("To", ""))
        if not self._before(fault):
            return
        row = self.server.ledger.add(
            direction=OUT,
            kind="sms",
            phone=fields["To"],
            office=fields["From"],
            body=fields["Body"],
            callback=fields.get("StatusCallback", ""),
            idempotency_key=self.headers.get("Idempotency-Key"),
        )
        self.server.caller.follow(row["sid"], row["callback"])
        if self._after(fault):
            self.drip = fault.seconds if fault.mode is Mode.DRIP else 0.0
            self._json(201, self._resource(row))

    def _before(self, fault: Fault) -> bool:
        """Misbehave without accepting; return whether to go on."""
        if fault.mode is Mode.REJECT:
            self._json(400, {"code": fault.code, "message": "refused", "status": 400})
        elif fault.mode is Mode.ERROR_BEFORE:
            self._json(500, {"code": 20500, "message": "internal", "status": 500})
        elif fault.mode is Mode.BUSY:
            busy = {"code": 20429, "message": "too many requests", "status": 429}
            self._json(429, busy, **({"Retry-After": str(int(fault.seconds))} if fault.seconds else {}))
        elif fault.mode is Mode.HANG_BEFORE:
            time.sleep(fault.seconds)
            self.close_connection = True
        elif fault.mode is Mode.RESET_BEFORE:
            self._reset()
        else:
            return True
        return False

    def _after(self, fault: Fault) -> bool:
        """Misbehave having accepted; return whether to answer as one should."""
        if fault.mode is Mode.ERROR_AFTER:
            self._json(500, {"code": 20500, "message": "internal", "status": 500})
        elif fault.mode is Mode.HANG_AFTER:
            time.sleep(fault.seconds)
            self.close_connection = True
        elif fault.mode is Mode.RESET_AFTER:
            self._reset()
        else:
            return True
        return False

    def _reset(self) -> None:
        """Cut the line, without the courtesy of a FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _api_get(self, path: str, query: dict[str, str]) -> None:
        if not self._known():
            return
        if path == self.server.api + ".json":
            rows = self.server.ledger.sent_to(
                query.get("To", ""), limit=min(1000, int(query.get("PageSize", 50)))
            )
            listed = [self._resource(row) for row in rows if self._listed(row, query)]
            self._json(200, {"messages": listed, "next_page_uri": None, "page": 0})
            return
        sid = path.removeprefix(self.server.api + "/").removesuffix(".json")
        row = self.server.ledger.get(sid)
        if row is None:
            self._json(404, {"code": 20404, "message": "not found", "status": 404})
        else:
            self._json(200, self._resource(row))

    def _listed(self, row: dict[str, Any], query: dict[str, str]) -> bool:
        """Old enough to be listed at all, and within Twilio's DateSent filters (`<` and `>` behind the name)."""
        day, age = row["created_at"][:10], datetime.now(UTC) - datetime.fromisoformat(row["created_at"])
        return age >= timedelta(seconds=self.server.plan.listing_lag) and (
            day == query.get("DateSent", day)
            and query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
        )

    def _resource(self, row: dict[str, Any]) -> dict[str, Any]:
        made = format_datetime(datetime.fromisoformat(row["created_at"]))
        return {
            "sid": row["sid"],
            "account_sid": self.server.office.account,
            "to": row["phone"],
            "from": row["office"],
            "body": row["body"],
            "status": row["status"],
            "direction": "outbound-api",
            "date_created": made,
            "date_updated": made,
            "date_sent": None if row["status"] == "queued" else made,
            "num_segments": "1",
            "num_media": "0",
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "uri": f"{self.server.api}/{row['sid']}.json",
            "subresource_uris": {},
        }

    # --- the phone page ---

    def _page(self, path: str) -> None:
        ledger = self.server.ledger
        if path == "/":
            html = pages.overview(ledger.threads("sms"), kind="sms")
        elif path == "/mail":
            html = pages.overview(ledger.threads("email"), kind="email")
        elif path.startswith("/phones/"):
            phone = unquote(path.removeprefix("/phones/"))
            html = pages.thread(phone, ledger.thread("sms", phone), kind="sms")
        elif path.startswith("/mail/"):
            address = unquote(path.removeprefix("/mail/"))
            html = pages.thread(address, ledger.thread("email", address), kind="email")
        else:
            self._json(404, {"message": "not here"})
            return
        self._answer(200, "text/html; charset=utf-8", html.encode(), **{"Content-Security-Policy": POLICY})

    def _reply(self, phone: str, fields: dict[str, str]) -> None:
        text = (fields.get("quick") or fields.get("text") or "").strip()
        if text:
            answer_from_phone(self.server.ledger, self.server.office, phone=phone, text=text[:480])
        self._answer(303, "text/plain", b"", Location=thread_address(phone))

    # --- the knobs ---

    def _arrange(self, fields: dict[str, str]) -> None:
        plan = self.server.plan
        if "clear" in fields:
            plan.clear()
            self.server.calls.forget()
        if "telling" in fields:
            plan.telling = Telling(fields["telling"])
        if "mix" in fields:
            plan.arrange_mix(fields["mix"], seed=int(fields.get("seed", 0)))
        plan.pace = float(fields.get("pace", plan.pace))
        plan.listing_lag = float(fields.get("listing_lag", plan.listing_lag))
        plan.down = fields.get("down", "1" if plan.down else "") == "1"
        plan.slow = float(fields.get("slow", plan.slow))
        plan.rate = int(fields.get("rate", plan.rate))
        if "mode" in fields:
            plan.arrange(
                Fault(
                    mode=Mode(fields["mode"]),
                    times=int(fields.get("times", 1)),
                    phone=fields.get("phone", ""),
                    code=int(fields.get("code", 21211)),
                    seconds=float(fields.get("seconds", 30)),
                )
            )
        self._json(200, {"arranged": True})

    # --- answering ---

    def _json(self, status: int, body: dict[str, Any], **headers: str) -> None:
        self._answer(status, "application/json", json.dumps(body).encode(), **headers)

    def _answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for place in range(len(body)) if self.drip else ():
                self.wfile.write(body[place : place + 1])
                time.sleep(self.drip / len(body))
            if not self.drip:
                self.wfile.write(body)
            self.drip = 0.0
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
