"""A report is quick to save: its statements do not grow with the steps of its plan (docs/speed.md)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup import plan_start, plan_versions
from casework.followup.models import Message, ToDo
from casework.followup.plan_templates import MessageStep, ToDoKind
from clients.models import AuditEvent, Substance
from tests import factories
from tests.followup.making import report

pytestmark = pytest.mark.django_db

MOST = 15
BEGIN_AND_COMMIT = 2  # a savepoint and its release here, where the test holds the transaction


def statements(client: Any, by: Any, now: Any, **fields: Any) -> int:
    """How many a report takes. The templates are read before, as in any process but a new one."""
    for stage in ("emotional", "mental", "physical"):
        plan_versions.newest(stage)
    with CaptureQueriesContext(connection) as captured:
        report(client, by, now, **fields)
    return len(captured) - BEGIN_AND_COMMIT


@pytest.mark.parametrize("red_flags", [(), ("suicidal",)], ids=["calm", "red flag"])
@pytest.mark.parametrize("stage", ["emotional", "mental", "physical"])
def test_a_report_with_all_that_follows_takes_at_most_fifteen_statements(
    alex, dana, sam, now, stage, red_flags
):
    assert statements(alex, dana, now, stage=stage, red_flags=red_flags, idempotency_key="once") <= MOST
    assert alex.messages.exists()
    assert alex.todos.exists()
    assert AuditEvent.objects.filter(client_id=alex.pk, verb="plan.started").exists()


def test_days_of_use_add_only_their_own_rows(alex, dana, sam, now):
    use = {
        "use_type": "alcohol",
        "days": [now.date() - timedelta(days=1)],
        "substance": Substance.objects.get(key="alcohol"),
    }
    assert statements(alex, dana, now, use=use) <= MOST + 3
    assert alex.use_episodes.get().days.count() == 1


def test_a_plan_of_ninety_steps_costs_no_statement_more(alex, dana, sam, now, monkeypatch):
    few = statements(alex, dana, now)
    usual = plan_versions.template_for

    def long_one(stage: Any, version: int) -> Any:
        template = usual(stage, version)
        steps = tuple(MessageStep(3 * day, "support") for day in range(90))
        return type(template)(template.prefix, steps, template.todos * 1)

    monkeypatch.setattr(plan_start, "template_for", long_one)
    lee = factories.client_of(dana, team=alex.team, given_name="Lee", time_zone="America/Phoenix")
    assert statements(lee, dana, now) == few
    assert Message.objects.filter(client=lee).count() == 90


def test_a_red_flag_is_still_an_emergency_and_a_review_of_its_own(alex, dana, sam, now):
    report(alex, dana, now, stage="emotional", red_flags=("suicidal",))
    asked = ToDo.objects.filter(client=alex, kind__in=[ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW])
    assert {todo.kind: (todo.owner, todo.urgent) for todo in asked} == {
        "emergency": (dana, True),
        "supervisor_review": (sam, False),
    }
    review = asked.get(kind=ToDoKind.SUPERVISOR_REVIEW)
    opened = AuditEvent.objects.get(verb="todo.opened", target_id=str(review.pk))
    assert (opened.actor_id, opened.detail) == (dana.pk, {"kind": "supervisor_review"})


def test_a_second_report_with_a_red_flag_finds_the_alarm_that_is_open(alex, dana, sam, now):
    report(alex, dana, now, red_flags=("suicidal",))
    report(alex, dana, now + timedelta(hours=1), stage="mental", red_flags=("suicidal",))
    report(alex, dana, now + timedelta(hours=2), red_flags=("suicidal",))
    for kind in (ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW):
        assert alex.todos.open().filter(kind=kind).count() == 1, kind


def test_where_the_audit_cannot_be_written_nothing_of_the_report_stays(alex, dana, sam, now, monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr(AuditEvent.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        report(alex, dana, now)
    assert not alex.relapse_reports.exists()
    assert not alex.messages.exists()
    assert not alex.todos.exists()
