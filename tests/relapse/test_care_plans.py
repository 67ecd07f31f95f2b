"""Both plans on the client's page."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.content import Content, Person
from clients.models import Client
from sessions.actions import treatment
from sessions.models import Goal

WORDS = Content(mental=("x",), helps=("Call Rosa",), people=(Person("Rosa"),))


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


def section(browser, client):
    answer = browser.get(reverse("relapse:care_plans", kwargs={"uid": client.uid}))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_clients_page_leads_to_both_even_without_scripts(as_dana, alex):
    page = as_dana.get(reverse("desk:client", kwargs={"uid": alex.uid})).content.decode()
    for name in ("relapse:care_plans", "relapse:prevention_plan", "counseling:treatment"):
        assert reverse(name, kwargs={"uid": alex.uid}) in page


def test_where_there_is_nothing_it_offers_to_begin(as_dana, alex):
    page = section(as_dana, alex)
    assert "Write it" in page
    assert "no goals yet" in page


def test_it_shows_what_holds_what_is_written_and_what_is_due(as_dana, alex, dana, now):
    acts = {"by": dana, "now": now}
    draft = prevention.begin_draft(client_id=alex.pk, **acts)
    draft = prevention.save_draft(plan_id=draft.pk, revision=1, content=WORDS, **acts)
    assert "Go on writing" in section(as_dana, alex)
    prevention.sign_together(plan_id=draft.pk, revision=draft.revision, counselor=True, way="aloud", **acts)
    goal = treatment.add_goal(client_id=alex.pk, words="Sleep through", **acts)
    page = section(as_dana, alex)
    assert "Signed by both" in page
    assert reverse("relapse:prevention_paper", kwargs={"uid": draft.uid, "language": "en"}) in page
    assert "Sleep through" in page
    assert "review due" not in page
    Goal.objects.filter(pk=goal.pk).update(review_on=date(2026, 3, 11))
    assert "review due" in section(as_dana, alex)
    prevention.begin_draft(client_id=alex.pk, **acts)
    assert "Version 2 is being written" in section(as_dana, alex)


def test_it_takes_as_many_queries_for_one_goal_as_for_eight(
    as_dana, alex, dana, now, django_assert_max_num_queries
):
    for number in range(8):
        goal = treatment.add_goal(client_id=alex.pk, words=f"Goal {number}", by=dana, now=now)
        treatment.add_step(goal=goal, kind="objective", words="Walk", by=dana, now=now)
    section(as_dana, alex)
    with django_assert_max_num_queries(12):
        section(as_dana, alex)


def test_of_somebody_discharged_there_is_nothing_to_press(as_dana, alex):
    Client.objects.filter(pk=alex.pk).update(state=Client.State.DISCHARGED)
    page = section(as_dana, alex)
    assert "Write it" not in page
    assert "<button" not in page


def test_a_plan_that_both_signed_stands_in_the_timeline(as_dana, alex, dana, now):
    acts = {"by": dana, "now": now}
    draft = prevention.begin_draft(client_id=alex.pk, **acts)
    draft = prevention.save_draft(plan_id=draft.pk, revision=1, content=WORDS, **acts)
    address = reverse("desk:client", kwargs={"uid": alex.uid}) + "?kind=plans"
    assert "Prevention plan signed by both" not in as_dana.get(address).content.decode()
    prevention.sign_together(plan_id=draft.pk, revision=draft.revision, counselor=True, way="aloud", **acts)
    page = as_dana.get(address).content.decode()
    assert "Prevention plan signed by both, version 1" in page
    assert reverse("relapse:prevention_version", kwargs={"uid": draft.uid}) in page
