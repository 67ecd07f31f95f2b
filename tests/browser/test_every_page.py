"""Every page, light and dark, wide and narrow: no accessibility fault, no complaint of the browser, nothing cut off."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from casework.local.credentials import ADMINISTRATOR, COUNSELOR, SUPERVISOR
from tests.browser.conftest import REPLACED, Demo

WCAG = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
UID = r"[0-9a-f]{8}-[0-9a-f-]{27}"
# Where the walk begins, and the pages of one record that are opened from there.
STARTS = {
    COUNSELOR.email: [
        "/",
        "/clients/",
        "/clients/new/",
        "/sessions/",
        "/inbox/",
        "/search/?q=a",
        "/help/",
        "/absences/",
        "/absences/new/",
        "/accounts/2fa/",
    ],
    SUPERVISOR.email: [
        "/",
        "/caseload/",
        "/caseload/?show=never",
        "/caseload/silent/",
        "/absences/new/",
        "/clients/",
    ],
    ADMINISTRATOR.email: ["/", "/help/"],
}
CLIENT_PAGES = [
    "",
    "edit/",
    "contacts/new/",
    "permissions/new/",
    "substances/",
    "substances/alcohol/",
    "assess/",
    "report/",
    "plan/",
    "contact/",
    "checklist/",
    "discharge/",
    "death/",
    "sessions/new/",
]
KINDS = ["sessions", "notes", "assessments", "messages", "todos", "inbox"]


def faults_of(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the window."""
    found = Axe().run(page, options=WCAG).response["violations"]
    faults = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append("wider than the window")
    return faults


def addresses(page: Page, demo: Demo, starts: list[str]) -> list[str]:
    """The starts, the pages of a client whose plan runs, and one page of each kind of record met on the way."""
    seen: dict[str, str] = {}
    clients: list[str] = []
    for start in starts:
        page.goto(demo.url + start)
        clients += _links(page, rf"/clients/({UID})/$")
    planned = _with_a_plan(page, demo, clients) if "/clients/" in starts else None
    mine = (
        [f"/clients/{planned}/{part}" for part in CLIENT_PAGES] if planned and "/sessions/" in starts else []
    )
    for address in [*starts, *mine[:1], *[one for one in mine if one.endswith("plan/")]]:
        page.goto(demo.url + address)
        for kind in KINDS:
            for uid in _links(page, rf"/{kind}/({UID})/$")[:1]:
                seen.setdefault(kind, f"/{kind}/{uid}/")
    return [*starts, *mine, *seen.values()]


def _links(page: Page, pattern: str) -> list[str]:
    hrefs = page.eval_on_selector_all("main a[href]", "all => all.map(a => a.getAttribute('href'))")
    return [found.group(1) for href in hrefs if (found := re.search(pattern, href))]


def _with_a_plan(page: Page, demo: Demo, clients: list[str]) -> str | None:
    for uid in clients[:12]:
        page.goto(f"{demo.url}/clients/{uid}/plan/")
        if page.locator("a[href^='/messages/']").count():
            return uid
    return clients[0] if clients else None


@pytest.fixture(scope="module")
def maps() -> dict[str, list[str]]:
    """The pages of each person, looked up once."""
    return {}


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light")])
@pytest.mark.parametrize("email", STARTS)
def test_every_page_is_whole(
    demo: Demo, chromium: Browser, maps: dict[str, list[str]], email: str, size: str, scheme: str
) -> None:
    context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    try:
        _look(context, demo, maps, email)
    finally:
        context.close()


def _look(context: BrowserContext, demo: Demo, maps: dict[str, list[str]], email: str) -> None:
    said: list[str] = []
    page = demo.sign_in(context, email)
    if email not in maps:
        maps[email] = addresses(page, demo, STARTS[email])
    page.on(
        "console", lambda one: one.type == "error" and not REPLACED.match(one.text) and said.append(one.text)
    )
    faults: list[str] = []
    for address in maps[email]:
        answer = page.goto(demo.url + address)
        assert answer is not None
        assert answer.status == 200, address
        faults += [f"{address} {fault}" for fault in [*faults_of(page), *said]]
        said.clear()
    assert not faults, "\n".join(faults)


def test_the_sign_in_page_is_whole(demo: Demo, context: BrowserContext) -> None:
    assert faults_of(demo.open_page(context, "/accounts/login/")) == []


def test_the_phones_of_the_sandbox_are_whole(demo: Demo, context: BrowserContext) -> None:
    page = context.new_page()
    for address in ("/", "/mail"):
        page.goto(demo.phones + address)
        assert faults_of(page) == []
