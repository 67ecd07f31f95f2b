"""Querysets read in one statement hold what they would hold if each were read for itself."""

from datetime import timedelta

import pytest
from django.db.models import Count, Max

from casework.followup.models import FollowUpPlan, Message, ToDo
from casework.relapse.models import RelapseReport, StageAssessment
from casework.staff.models import User
from clients.models import CareTeamMember, Client, ClientSummary, ContactPoint, Permission, Practice
from clients.together import alone, gather, read_together
from tests import factories
from tests.followup.making import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(alex, dana, sam, now):
    """Alex with a plan, messages, to-dos, a phone and what else has many kinds of columns."""
    factories.PermissionFactory(client=alex, channel="email")
    report(alex, dana, now, narrative="Told on the phone: “two beers”\n\ttwice, {a\\b}")
    return alex


def of(alex, now):
    """Querysets of every sort: joins, orders, slices, distinct, aggregates, values, nothing."""
    return [
        Client.objects.filter(pk=alex.pk).select_related("summary", "team__site"),
        ClientSummary.objects.filter(client=alex),
        ContactPoint.objects.of(alex).current(),
        Permission.objects.of(alex).select_related("granted_by", "withdrawn_by"),
        CareTeamMember.objects.filter(client=alex)
        .select_related("user")
        .order_by("-role", "starts_at", "pk"),
        RelapseReport.objects.of(alex).select_related("by").order_by("reported_at"),
        FollowUpPlan.objects.of(alex),
        Message.objects.of(alex).order_by("-due_at", "-pk")[:5],
        Message.objects.of(alex).defer("body").order_by("due_at", "pk"),
        ToDo.objects.of(alex).in_order(),
        ToDo.objects.of(alex).order_by("due_at", "pk").values_list("grace", "urgent", "kind", "due_at"),
        ToDo.objects.of(alex).order_by("kind").values_list("kind", flat=True).distinct(),
        ToDo.objects.of(alex)
        .order_by("kind")
        .values("kind")
        .annotate(number=Count("pk"), last=Max("due_at")),
        Client.objects.filter(pk=alex.pk).annotate(number=Count("todos")),
        Client.objects.none(),
        StageAssessment.objects.of(alex).final(),
        Practice.objects.order_by("pk"),
        User.objects.order_by("pk"),
    ]


def shown(rows):
    """All that a row holds, down to what was joined to it."""
    return [(_own(row), _joined(row)) if hasattr(row, "_meta") else row for row in rows]


def _own(row):
    return {key: value for key, value in vars(row).items() if key != "_state"}


def _joined(row):
    return {name: _own(one) for name, one in row._state.fields_cache.items() if one is not None}


def test_one_statement_gives_what_many_give(busy, now, django_assert_num_queries):
    together = of(busy, now)
    with django_assert_num_queries(1):
        read_together(*together)
        found = [shown(list(one)) for one in together]
    assert found == [shown(list(one)) for one in of(busy, now)]
    assert sum(len(rows) for rows in found) > 60


def test_nothing_to_read_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        read_together()
        read_together(Client.objects.none())


def test_a_queryset_read_together_can_still_be_narrowed(busy, now):
    todos = ToDo.objects.of(busy).in_order()
    read_together(todos)
    assert todos.filter(urgent=True).count() == sum(todo.urgent for todo in todos)


def test_askers_side_by_side_take_one_statement_a_round(busy, now, django_assert_num_queries):
    def names():
        people = User.objects.order_by("pk")
        yield [people]
        return [one.full_name for one in people]

    def of_the_plan():
        plans = FollowUpPlan.objects.of(busy)
        yield [plans]
        messages = Message.objects.filter(plan__in=[plan.pk for plan in plans])
        yield [messages]
        return len(messages)

    def nothing():
        yield []
        return "nothing"

    with django_assert_num_queries(2):
        found = gather(names(), of_the_plan(), nothing())
    assert found == [[one.full_name for one in User.objects.order_by("pk")], busy.messages.count(), "nothing"]
    assert alone(names()) == found[0]


def test_what_an_asker_raises_reaches_the_caller(busy, now):
    def careless():
        yield [ToDo.objects.of(busy)]
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        gather(careless())


def test_the_order_of_each_is_kept(busy, dana, now):
    for day in range(40):
        factories.ContactPointFactory(client=busy, position=39 - day, state_at=now - timedelta(days=day))
    points = ContactPoint.objects.of(busy).order_by("position", "pk")
    read_together(points, ToDo.objects.of(busy))
    assert [one.position for one in points] == sorted(one.position for one in points)
