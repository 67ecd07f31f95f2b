"""Prompts before a talk (clinical.md §3.2 S-1 to S-5)."""

import re
from datetime import date, timedelta

import pytest

from casework.desk import safety
from casework.followup.models import FollowUpPlan
from casework.followup.plan_templates import ToDoKind
from casework.relapse.models import StageAssessment
from clients import actions
from clients.models import Substance
from clients.together import alone
from tests.desk.conftest import todo

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 11)


def uses(client, key, now, **facts):
    return actions.set_substance(
        client_id=client.pk, substance=Substance.objects.get(key=key), by=None, now=now, **facts
    )


def codes(client, plan=None, today=TODAY):
    held = list(client.substances.select_related("substance"))
    known = alone(safety.asked(client, today))
    return [one.code for one in safety.prompts(known, substances=held, plan=plan, today=today)]


@pytest.mark.parametrize(
    ("keys", "risky"),
    [
        (["clonazepam", "heroin"], True),
        (["alprazolam", "alcohol"], True),
        (["barbiturate", "buprenorphine"], True),
        (["clonazepam"], False),
        (["heroin", "alcohol"], False),
        (["clonazepam", "cocaine"], False),
        ([], False),
    ],
)
def test_a_sedative_with_an_opioid_or_alcohol_is_a_high_overdose_risk(alex, now, keys, risky):
    for key in keys:
        uses(alex, key, now)
    assert ("high_overdose_risk" in codes(alex)) is risky


def test_prescribed_counts_as_well(alex, now):
    uses(alex, "clonazepam", now, is_prescribed=True)
    uses(alex, "methadone", now, is_prescribed=True)
    assert codes(alex) == ["high_overdose_risk"]


@pytest.mark.parametrize(("days", "shown"), [(0, False), (1, True), (14, True), (15, False)])
def test_a_last_use_of_1_to_14_days_ago_raises_the_question_of_sudden_stopping(alex, now, days, shown):
    uses(alex, "diazepam", now, last_used_on=TODAY - timedelta(days=days))
    assert ("sudden_stop" in codes(alex)) is shown


def test_only_what_is_dangerous_to_stop_raises_it(alex, now):
    uses(alex, "cocaine", now, last_used_on=TODAY - timedelta(days=2))
    uses(alex, "alcohol", now)
    assert codes(alex) == []


def test_an_open_to_do_to_reach_a_medical_provider_raises_it(alex, now):
    one = todo(alex, kind=ToDoKind.MEDICAL, due_at=now)
    assert codes(alex) == ["sudden_stop"]
    one.state, one.done_at = "done", now
    one.save()
    assert codes(alex) == []


def test_a_red_flag_of_the_latest_assessment_raises_it_for_14_days(alex, now):
    StageAssessment.objects.create(
        client=alex,
        assessed_at=now,
        saved_at=now,
        state="final",
        finalised_at=now,
        completeness=1,
        suggested_stage="none",
        counselor_stage="none",
        red_flags=["sudden_stop"],
    )
    assert codes(alex) == ["sudden_stop"]
    assert codes(alex, today=TODAY + timedelta(days=15)) == []


def test_a_plan_that_began_after_a_week_without_use_warns_of_lost_tolerance(alex):
    assert codes(alex, plan=FollowUpPlan(risk_reasons=["lost_tolerance"])) == ["lost_tolerance"]
    assert codes(alex, plan=FollowUpPlan(risk_reasons=["lives_alone"])) == []


@pytest.mark.parametrize(
    "prompt", [safety.sudden_stop("Diazepam"), safety.overdose_risk(), safety.lost_tolerance()]
)
def test_no_prompt_names_a_dose_or_advises_stopping(prompt):
    assert not re.search(r"\d+\s?(mg|mcg|%)|taper|cut down", prompt.text, re.IGNORECASE)
    assert not re.search(r"(?<!not )advise stopping|stop taking|skip", prompt.text, re.IGNORECASE)
    assert prompt.tone == "attention"  # danger is for crisis only
