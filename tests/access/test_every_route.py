"""Every address × everybody: who gets in, who is told that there is nothing, and that a refusal changes nothing."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clients.models import AuditEvent
from tests import factories
from tests.access.table import ROUTES, Answer
from tests.access.world import build

pytestmark = pytest.mark.django_db

CAST = ["nobody", "robin", "ada", "audrey", "sam", "dana"]
# A word of Alex's record that no refusal may contain.
CANARY = "Quetzalcoatlus"


def routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """The name of every address there is."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield space + (pattern.name or repr(pattern.pattern))
        else:
            yield from routes(pattern, space + (f"{pattern.namespace}:" if pattern.namespace else ""))


EVERY_ROUTE = sorted(set(routes()))


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(EVERY_ROUTE) == set(ROUTES)


@pytest.fixture
def world(alex, dana, sam, robin, ada, audrey, team) -> dict[str, Any]:
    alex.family_name = CANARY
    alex.save()
    cover = factories.counselor("Noor Aziz", team=team)
    people = {"nobody": None, "dana": dana, "robin": robin, "sam": sam, "ada": ada, "audrey": audrey}
    return {
        "addresses": build(alex=alex, dana=dana, sam=sam, cover=cover),
        "browsers": {name: signed_in(person) for name, person in people.items()},
        "cookies": {},
    }


def fingerprint() -> str:
    """What every table of ours holds, but for the trail, which grows with each refusal."""
    with connection.cursor() as cursor:
        cursor.execute(EVERYTHING)
        return str(cursor.fetchall())


ROOMS = {room.split(".")[0] for room in settings.ROOMS}
TABLES = sorted(
    model._meta.db_table
    for model in apps.get_models()
    if model.__module__.split(".")[0] in ROOMS and model is not AuditEvent
)
EVERYTHING = " UNION ALL ".join(
    f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t" for table in TABLES
)


@contextlib.contextmanager
def taken_back() -> Iterator[None]:
    """Let something happen, and then let it not have happened."""
    with contextlib.suppress(_TakeBack), transaction.atomic():
        yield
        raise _TakeBack


class _TakeBack(Exception):
    pass


def signed_in(person: Any) -> Browser:
    browser = Browser(raise_request_exception=False)
    if person is not None:
        browser.force_login(person)
    return browser


def answer_of(response: Any) -> str:
    to_sign_in = response.status_code == 302 and response["Location"].startswith("/accounts/login/?next=")
    if to_sign_in or response.status_code == 401:
        return "sign in"
    return str(response.status_code)


MEANT = {
    Answer.SIGN_IN: {"sign in", "405"},
    Answer.NOT_FOUND: {"404", "405"},
    Answer.NOT_ALLOWED: {"403", "405"},
    Answer.OUT: {"404", "403", "405", "429"},  # who tries many links that lead nowhere is slowed down
    Answer.DECLINED: {"302", "400", "403", "404", "405", "409", "422"},
}


def faults_of(name: str, world: dict[str, Any]) -> Iterator[str]:
    """What is wrong with how one address answers the cast."""
    door, address = ROUTES[name]
    url = reverse(name, kwargs={part: world["addresses"].get(said, said) for part, said in address.items()})
    for who in CAST:
        expected = getattr(door, who)
        refused = expected in MEANT
        got = set()
        browser = world["browsers"][who]
        cookies = world["cookies"].setdefault(who, browser.cookies.copy())
        for method in ("get", "post"):
            browser.cookies = cookies.copy()
            with taken_back():
                before = fingerprint() if refused else ""
                response = getattr(browser, method)(url)
                got.add(answer_of(response))
                hidden = refused and expected is not Answer.DECLINED
                if hidden and CANARY.encode() in getattr(response, "content", b""):
                    yield f"{name}: {method} by {who} is refused, and shows the record"
                if refused and fingerprint() != before:
                    yield f"{name}: {method} by {who} is refused, and changes something"
        meant = MEANT[expected] if refused else {"200", "201", "302", "400", "405", "409", "503"}
        if got - meant and not (not refused and got & {"200", "302"} and not got & {"500", "sign in"}):
            yield f"{name}: {who} got {sorted(got)}, not “{expected}”"
        if got == {"405"}:
            yield f"{name}: answers neither GET nor POST"


SPACES = sorted({name.partition(":")[0] if ":" in name else "" for name in EVERY_ROUTE})


@pytest.mark.parametrize("space", SPACES)
def test_who_gets_in(space, world, settings):
    settings.DEBUG = False
    names = [name for name in EVERY_ROUTE if (name.partition(":")[0] if ":" in name else "") == space]
    faults = [fault for name in names if name in ROUTES for fault in faults_of(name, world)]
    assert not faults, "\n".join(faults)
