"""What the record itself says is due: a plan's review, a co-signature, the consent of who came of age."""

from datetime import date, timedelta

import pytest

from casework.followup import due_work
from casework.followup.models import ToDo
from clients.models import Client
from sessions.models import TreatmentPlan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def plan(alex, dana, now):
    """A treatment plan whose review was due on the ninth."""
    return TreatmentPlan.objects.create(
        client=alex,
        review_on=date(2026, 3, 9),
        next_review_on=date(2026, 3, 9),
        begun_at=now - 90 * DAY,
        begun_by=dana,
    )


def born(client, day) -> Client:
    Client.objects.filter(pk=client.pk).update(date_of_birth=day)
    return client


def test_a_review_that_is_due_is_asked_for_once(plan, alex, dana, now):
    assert due_work.look(now) == 1
    assert due_work.look(now + DAY) == 0
    todo = ToDo.objects.get()
    assert (todo.kind, todo.title, todo.owner) == ("plan_review", "Review the treatment plan", dana)


def test_none_before_its_day(plan, now):
    TreatmentPlan.objects.update(next_review_on=date(2026, 3, 12))
    assert due_work.look(now) == 0


def test_gone_through_it_is_done_and_the_next_day_asks_anew(plan, now):
    due_work.look(now)
    TreatmentPlan.objects.update(next_review_on=date(2026, 6, 9))
    assert due_work.look(now + DAY) == 1
    assert ToDo.objects.get().state == "done"
    assert due_work.look(now + 91 * DAY) == 1
    assert ToDo.objects.open().count() == 1


def test_who_comes_of_age_is_noticed_once(alex, dana, now):
    born(alex, date(2008, 3, 10))
    Client.objects.update(registered_at=now - 400 * DAY)
    assert due_work.look(now) == 1
    assert due_work.look(now + DAY) == 0
    todo = ToDo.objects.get()
    assert (todo.kind, todo.owner) == ("of_age", dana)
    assert todo.title == "Alex has come of age: go through the consent again"


@pytest.mark.parametrize(
    ("day", "registered"),
    [
        (date(2008, 3, 12), 400),  # tomorrow
        (date(2008, 1, 10), 400),  # long ago
        (date(2008, 3, 10), 0),  # came to us as an adult
        (None, 400),
    ],
)
def test_and_nobody_else(alex, now, day, registered):
    born(alex, day)
    Client.objects.update(registered_at=now - registered * DAY)
    assert due_work.look(now) == 0


def test_on_a_leap_day_too():
    assert due_work.birthday(date(2008, 2, 29)) == date(2026, 3, 1)
    assert due_work._years_before(date(2028, 2, 29)) == date(2010, 2, 28)
