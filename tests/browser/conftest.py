"""The product as `make demo` starts it, and a real browser before it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from casework.local.credentials import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
# A question that a newer one replaced before it was answered; htmx tells of it as if it were a fault.
REPLACED = re.compile(r"htmx:(sendAbort|afterRequest)")
READY_WITHIN = 240
# What the tests' own servers said about themselves is not for the demo, which starts its own.
NOT_FOR_THE_DEMO = {
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_KEYS",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
}


@dataclass
class Demo:
    """A running practice: where it is, and where the clients' phones are."""

    url: str
    phones: str
    home: Path

    def open_page(self, context: BrowserContext, path: str = "/") -> Page:
        page = context.new_page()
        page.goto(self.url + path)
        return page

    def sign_in(self, context: BrowserContext, email: str) -> Page:
        """As a person does it: on the sign-in page."""
        page = self.open_page(context)
        page.locator("[name=login]").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.url + "/")
        return page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Everything that `make demo` starts, in a folder of its own, until the last of these tests is done.

    Not longer: while Playwright runs, Django takes this thread for an asynchronous one.
    """
    home = tmp_path_factory.mktemp("demo")
    home.parent.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name not in NOT_FOR_THE_DEMO}
    env |= {"DEMO_HOME": str(home), "PORT": str(free_port())}
    said = home / "said.txt"
    with said.open("w") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "casework.local.demo"],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Demo(*_addresses(running, said), home=home)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)


def _addresses(running: subprocess.Popen[bytes], said: Path) -> list[str]:
    """Wait until the demo says that it is ready, and where."""
    for _ in range(READY_WITHIN * 2):
        words = said.read_text()
        if "Ready after" in words:
            return re.findall(r"http://[\d.:]+(?=/ )", words)[:2]
        if running.poll() is not None:
            break
        time.sleep(0.5)
    pytest.fail(f"the demo did not become ready:\n{said.read_text()}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said in anger; a test that opens pages expects it to stay empty."""
    return []


@pytest.fixture
def context(chromium: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.on(
        "console",
        lambda message: (
            message.type == "error" and not REPLACED.match(message.text) and complaints.append(message.text)
        ),
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.set_default_timeout(15_000)
    yield context
    context.close()
