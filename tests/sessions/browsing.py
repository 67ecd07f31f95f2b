"""A real browser whose every request is answered by Django in this process, inside the test's own transaction.

While Playwright's loop runs, Django takes this thread for an asynchronous one and looks for another connection; the
test's own is put in its place.
"""

import mimetypes
from dataclasses import dataclass, field
from html import escape
from http.cookies import SimpleCookie
from typing import Any

from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route

HOME = "http://localhost"


@dataclass
class Desk:
    """One person's browser with its own cookies."""

    context: BrowserContext
    connection: Any
    complaints: list[str] = field(default_factory=list)
    away: bool = False  # the network is gone

    def __post_init__(self) -> None:
        connections["default"] = self.connection
        self.context.route("**/*", self.serve)

    def sign_in(self, person) -> None:
        """As after the sign-in page."""
        django = Client()
        django.force_login(person)
        self.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": HOME} for name, morsel in django.cookies.items()]
        )

    def sign_out(self) -> None:
        """What a session that timed out looks like to the browser: its cookie is worth nothing."""
        self.context.clear_cookies(name="sessionid")

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(HOME + path)
        return page

    def serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOME)
        if self.away:
            route.abort("connectionrefused")
        elif path.startswith("/static/"):
            self._static(route, path.removeprefix("/static/").partition("?")[0])
        else:
            connections["default"] = self.connection
            self._answer(route, path)

    @staticmethod
    def _static(route: Route, name: str) -> None:
        found = finders.find(name)
        if found:
            route.fulfill(path=found, content_type=mimetypes.guess_type(name)[0] or "text/plain")
        else:
            route.fulfill(status=404)

    def _answer(self, route: Route, path: str) -> None:
        asked = route.request
        headers = {
            name.title(): value for name, value in asked.all_headers().items() if not name.startswith(":")
        }
        kind = headers.pop("Content-Type", "application/octet-stream")
        headers.pop("Content-Length", None)
        django = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
        django.cookies = SimpleCookie(headers.pop("Cookie", ""))
        answer = django.generic(
            asked.method,
            path.partition("#")[0],
            asked.post_data_buffer or b"",
            content_type=kind,
            headers=headers,
        )
        cookies = "\n".join(morsel.OutputString() for morsel in answer.cookies.values())
        sent = {name: value for name, value in answer.items() if name.lower() != "content-length"}
        if cookies:
            sent["Set-Cookie"] = cookies
        if answer.status_code in (301, 302) and asked.resource_type == "document":
            # Playwright does not route what a fulfilled redirect leads to; the browser is led there by the page.
            sent = {"Content-Type": "text/html", **({"Set-Cookie": cookies} if cookies else {})}
            lead = f'<meta http-equiv="refresh" content="0;url={escape(answer["Location"])}">'
            route.fulfill(status=200, headers=sent, body=f"<title>…</title>{lead}")
        else:
            route.fulfill(status=answer.status_code, headers=sent, body=b"".join(answer))
