"""A browser for the few lines of script that are ours. It sees pages handed to it; nothing is fetched from anywhere."""

import json
import mimetypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

HOME = "http://desk.test"
SOURCES = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
POLICY = "; ".join(["default-src 'none'", *(f"{source} 'self'" for source in SOURCES)])
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def launched() -> Iterator[Browser]:
    """Debian's Chromium."""
    where = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Desk:
    """One person's browser: the pages it is given, what it posted, and what it complained about."""

    context: BrowserContext
    pages: dict[str, str] = field(default_factory=dict)
    answer: Callable[[dict[str, str]], tuple[int, Any] | None] = lambda fields: (200, {})
    posted: list[dict[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/", html: str | None = None) -> Page:
        if html is not None:
            self.pages[path] = html
        page = self.context.new_page()
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(HOME + path)
        return page

    def serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOME).split("?")[0].split("#")[0]
        if path.startswith("/static/"):
            self._static(route, path.removeprefix("/static/"))
        elif route.request.method == "POST":
            self._posted(route)
        else:
            headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8"}
            status = 200 if path in self.pages else 404
            route.fulfill(status=status, body=self.pages.get(path, "<title>gone</title>"), headers=headers)

    def _static(self, route: Route, name: str) -> None:
        found = finders.find(name)
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        if found:
            route.fulfill(path=found, content_type=kind)
        else:
            route.fulfill(status=404)

    def _posted(self, route: Route) -> None:
        fields = _fields(route.request.post_data_buffer or b"")
        self.posted.append(fields)
        answer = self.answer(fields)
        if answer is None:
            route.abort("connectionrefused")
        elif answer[0] == 302:
            route.fulfill(status=302, headers={"Location": "/accounts/login/"})
        else:
            route.fulfill(status=answer[0], content_type="application/json", body=json.dumps(answer[1]))


def _fields(body: bytes) -> dict[str, str]:
    """The text fields of a multipart body."""
    fields = {}
    for part in body.decode().split("Content-Disposition: form-data; ")[1:]:
        name = part.split('name="')[1].split('"')[0]
        fields[name] = part.split("\r\n\r\n", 1)[1].rsplit("\r\n--", 1)[0]
    return fields


@contextmanager
def seated(browser: Browser) -> Iterator[Desk]:
    """A person at this browser, with a clock that can be set forward."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(8000)
    context.clock.install()
    desk = Desk(context)
    context.route("**/*", desk.serve)
    yield desk
    context.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module. Not for tests that read the database: while Playwright's loop runs,
    Django takes this thread for an asynchronous one and would open a second connection."""
    with launched() as browser:
        yield browser


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Desk]:
    with seated(chromium) as desk:
        yield desk
