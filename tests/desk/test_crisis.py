"""An open crisis stands on top of the client's page, whatever one came for."""

import pytest

from casework.followup.plan_templates import ToDoKind
from tests.desk.conftest import answer, todo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def page(browser, client) -> str:
    return browser.get(f"/clients/{client.uid}/").content.decode()


def test_an_open_crisis_is_told_first_and_leads_to_the_talk(as_dana, alex, now):
    crisis = todo(alex, due_at=now, kind=ToDoKind.CRISIS, title="Alex may be in crisis", urgent=True)
    html = page(as_dana, alex)
    assert html.index("banner-danger") < html.index("stage-big")
    assert "Alex may be in crisis" in html
    assert f'action="/todos/{crisis.uid}/have-it/"' in html
    assert f"/contact/?todo={crisis.uid}" in html


def test_who_has_it_is_told_and_nobody_is_asked_to_take_it_again(as_dana, alex, sam, now):
    crisis = todo(alex, due_at=now, kind=ToDoKind.CRISIS, acknowledged_at=now, acknowledged_by=sam)
    html = page(as_dana, alex)
    assert "Sam Ortiz has it" in html
    assert f"/todos/{crisis.uid}/have-it/" not in html
    assert f'href="/todos/{crisis.uid}/"' in html


def test_what_the_client_wrote_is_one_click_away(as_dana, alex, now):
    wrote = answer(alex, at=now, body="x", kind="crisis", crisis=True)
    todo(alex, due_at=now, kind=ToDoKind.CRISIS, urgent=True, inbound=wrote)
    assert f'href="/inbox/{alex.uid}/"' in page(as_dana, alex)


def test_an_emergency_is_told_as_well(as_dana, alex, now):
    todo(alex, due_at=now, kind=ToDoKind.EMERGENCY, title="Red flag", urgent=True)
    assert "banner-danger" in page(as_dana, alex)


@pytest.mark.parametrize("kind", [ToDoKind.CALL, ToDoKind.OTHER, ToDoKind.SAFETY_CHECKLIST])
def test_red_is_kept_for_a_crisis(as_dana, alex, now, kind):
    todo(alex, due_at=now, kind=kind)
    assert "banner-danger" not in page(as_dana, alex)


def test_the_auditor_reads_of_it_and_is_offered_nothing_to_do(browser, audrey, alex, now):
    todo(alex, due_at=now, kind=ToDoKind.CRISIS, urgent=True)
    browser.force_login(audrey)
    html = page(browser, alex)
    assert "banner-danger" in html
    assert "/contact/?todo=" not in html
    assert "/have-it/" not in html
