"""Two people at one plan, or one template, at the same moment, in real transactions."""

from datetime import timedelta

import pytest

from casework.followup.actions import steps
from casework.followup.actions import templates as acts
from casework.followup.models import StepChange, TemplateStep, TemplateVersion
from casework.followup.plan_templates import MessageStep
from casework.followup.plan_versions import template_for
from clients.errors import Conflict, InvalidInput
from tests.followup.making import report
from tests.followup.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "Alex works nights."


@pytest.fixture(autouse=True)
def _as_it_was():
    """Templates are not emptied after a test: a draft goes, and what was kept in mind with it."""
    yield
    TemplateStep.objects.filter(template__state="draft").delete()
    TemplateVersion.objects.filter(state="draft").delete()
    template_for.cache_clear()


def test_two_texts_added_at_once_on_one_day_are_one(alex, dana, sam, now):
    plan = report(alex, dana, now).plan

    def add(by):
        on = now.date() + timedelta(days=25)
        return steps.add_message_step(plan_id=plan.pk, on=on, text="support", reason=WHY, by=by, now=now)

    done = together(lambda: add(dana), lambda: add(sam))
    assert {type(one) for one in done} == {StepChange, InvalidInput}
    assert plan.messages.filter(step_key__startswith="ADDED-").count() == 1


def test_a_step_dropped_and_moved_at_once_is_dropped_or_moved_and_told_so(alex, dana, sam, now):
    plan = report(alex, dana, now).plan
    step = {"plan_id": plan.pk, "key": "PHY-D30-MSG", "reason": WHY, "now": now}
    together(
        lambda: steps.drop_step(by=dana, **step),
        lambda: steps.move_step(on=now.date() + timedelta(days=33), by=sam, **step),
    )
    message = plan.messages.get(step_key="PHY-D30-MSG")
    assert (message.status, message.reason_code) == ("cancelled", "step_dropped")
    acts_told = list(message.changes.order_by("pk").values_list("act", flat=True))
    assert acts_told in (["dropped"], ["moved", "dropped"])


def test_two_drafts_begun_at_once_are_one(ada, now):
    def begin():
        return acts.begin_version(stage="mental", by=ada, now=now)

    first, second = together(begin, begin)
    assert {type(first), type(second)} == {TemplateVersion, Conflict}
    assert TemplateVersion.objects.filter(state="draft").count() == 1


def test_a_step_put_while_the_draft_is_thrown_away_leaves_nothing(ada, now):
    draft = acts.begin_version(stage="mental", by=ada, now=now)
    step = MessageStep(46, "support")
    put, _gone = together(
        lambda: acts.put_step(template_id=draft.pk, step=step, by=ada, now=now),
        lambda: acts.discard_version(template_id=draft.pk, by=ada, now=now),
    )
    assert not TemplateVersion.objects.filter(state="draft").exists()
    assert not TemplateStep.objects.filter(key="D46-MSG").exists()
    assert isinstance(put, TemplateStep | Conflict)
