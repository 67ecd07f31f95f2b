"""How people of the practice come in, and how they leave."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from casework.staff.models import User
from clients.models import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a long sentence that nobody guesses"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def kim(practice):
    return factories.UserFactory(full_name="Kim Doe", email="kim@example.org", password=PASSWORD)


def sign_in(browser, email="kim@example.org", password=PASSWORD, **more):
    return browser.post(LOGIN, {"login": email, "password": password, **more})


def test_one_signs_in_by_email_whatever_its_case(kim, browser):
    answer = sign_in(browser, email="KIM@Example.org")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert AuditEvent.objects.filter(verb="staff.signed_in", actor_id=kim.pk).count() == 1


def test_one_lands_where_one_was_going(kim, browser):
    assert sign_in(browser, next="/help/")["Location"] == "/help/"


@pytest.mark.parametrize(
    ("email", "password"), [("kim@example.org", "wrong"), ("nobody@example.org", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(kim, browser, email, password):
    answer = sign_in(browser, email=email, password=password)
    assert answer.status_code == 200
    assert b"not correct" in answer.content
    assert not AuditEvent.objects.filter(verb="staff.signed_in").exists()
    assert AuditEvent.objects.filter(verb="staff.sign_in_failed").count() == 1


def test_the_trail_of_a_failure_holds_no_address(kim, browser):
    sign_in(browser, password="wrong")
    assert "kim" not in str(AuditEvent.objects.filter(verb="staff.sign_in_failed").values().get())


def test_trying_again_and_again_is_slowed_down(kim, browser):
    answers = [sign_in(browser, password=f"wrong {n}") for n in range(12)]
    assert b"Too many" in answers[-1].content
    assert b"Too many" in sign_in(browser).content, "even the right password has to wait"


def test_somebody_switched_off_cannot_sign_in(kim, browser):
    kim.is_active = False
    kim.save()
    sign_in(browser)
    assert browser.get("/help/").status_code == 302


def test_nobody_can_make_an_account(practice, browser):
    browser.post(
        "/accounts/signup/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.filter(email="x@example.org").exists()


def test_an_idle_session_ends_and_an_active_one_goes_on(kim, browser):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        browser.force_login(kim)
        assert browser.get("/help/").status_code == 200
        for _ in range(3):
            clock.shift(timedelta(minutes=14))
            assert browser.get("/help/").status_code == 200
        clock.shift(timedelta(minutes=16))
        assert browser.get("/help/").status_code == 302


def test_signing_out_ends_the_session(kim, browser):
    browser.force_login(kim)
    browser.post("/accounts/logout/")
    assert browser.get("/help/").status_code == 302


def test_a_person_goes_by_the_first_name(practice):
    assert factories.UserFactory(full_name="Dana Reyes").short_name == "Dana"
    assert factories.UserFactory(full_name="", email="sam@example.org").short_name == "sam"


def test_every_page_carries_the_strict_policy(kim, browser: Browser):
    browser.force_login(kim)
    policy = browser.get("/help/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
