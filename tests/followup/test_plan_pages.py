"""The pages on which plans are fitted: a counselor's for one client, an administrator's for the templates."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from casework.followup.actions import steps
from casework.followup.actions import templates as acts
from casework.followup.models import TemplateVersion
from casework.followup.plan_versions import template_for
from casework.followup.template_forms import SpanField
from tests.followup.making import report

pytestmark = pytest.mark.django_db
WHY = "Alex works nights this week."


@pytest.fixture(autouse=True)
def _nothing_kept():
    yield
    template_for.cache_clear()


@pytest.fixture
def plan(alex, dana):
    return report(alex, dana, timezone.now()).plan


@pytest.fixture
def as_ada(ada, browser):
    browser.force_login(ada)
    return browser


@pytest.fixture
def draft(ada):
    return acts.begin_version(stage="physical", by=ada, now=timezone.now())


def day(plan, number):
    return plan.started_on + timedelta(days=number)


def url(name, *args):
    return reverse(f"followup:{name}", args=args)


def page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def post(browser, address, **sent):
    return browser.post(address, sent, follow=True)


# --- a client's plan --------------------------------------------------------------------------------------------------
def test_a_message_is_added_with_its_words_in_view(as_dana, alex, plan):
    shown = page(as_dana, url("add_message_step", alex.uid))
    assert "Small steps add up" in shown
    assert "Alex" in shown
    sent = {"on": day(plan, 25), "text": "support", "channel": "", "reason": WHY}
    answer = post(as_dana, url("add_message_step", alex.uid), **sent).content.decode()
    assert "The step is in the plan." in answer
    assert f"Added by Dana: {WHY}" in answer
    assert plan.messages.filter(step_key__startswith="ADDED-").count() == 1


def test_a_day_too_full_is_said_beside_the_day_and_what_was_typed_stays(as_dana, alex, plan):
    sent = {"on": day(plan, 2), "text": "support", "channel": "", "reason": WHY}
    answer = post(as_dana, url("add_message_step", alex.uid), **sent).content.decode()
    assert "has a message already: one a day at most" in answer
    assert WHY in answer
    assert plan.messages.count() == 11


def test_a_to_do_is_added(as_dana, alex, plan):
    sent = {"on": day(plan, 25), "kind": "other", "title": "Bus pass", "reason": WHY}
    assert "Bus pass" in post(as_dana, url("add_todo_step", alex.uid), **sent).content.decode()


def test_a_step_is_moved_from_its_own_page(as_dana, alex, plan):
    address = url("plan_step", alex.uid, "PHY-D30-MSG")
    assert str(day(plan, 30)) in page(as_dana, address)
    answer = post(as_dana, address, on=day(plan, 33), reason=WHY).content.decode()
    assert f"Moved by Dana: {WHY}" in answer
    assert plan.messages.get(step_key="PHY-D30-MSG").local_date == day(plan, 33)


def test_a_dropped_step_stays_on_the_page_with_its_reason(as_dana, alex, plan):
    answer = post(as_dana, url("drop_step", alex.uid, "PHY-D30-MSG"), reason=WHY).content.decode()
    assert f"Dropped by Dana: {WHY}" in answer
    assert "1 step behind" in answer


def test_dropping_without_a_reason_asks_for_one(as_dana, alex, plan):
    answer = post(as_dana, url("drop_step", alex.uid, "PHY-D30-MSG"), reason="").content.decode()
    assert "This field is required." in answer
    assert plan.messages.get(step_key="PHY-D30-MSG").status == "planned"


def test_a_refusal_is_said_on_the_page_of_the_step(as_dana, alex, plan):
    beside = post(as_dana, url("plan_step", alex.uid, "PHY-D30-MSG"), on=day(plan, 21), reason=WHY)
    assert "has a message already" in beside.content.decode()
    supervisors = post(as_dana, url("drop_step", alex.uid, "PHY-SUPERVISOR-REVIEW"), reason=WHY)
    # escaped as HTML writes an apostrophe
    assert "the supervisor&#x27;s step" in supervisors.content.decode()


def test_what_stands_has_no_way_to_change_it(as_dana, alex, plan):
    shown = page(as_dana, url("plan", alex.uid))
    assert url("plan_step", alex.uid, "PHY-D30-MSG") in shown
    assert url("plan_step", alex.uid, "PHY-SAFETY-CHECKLIST") not in shown
    assert as_dana.get(url("plan_step", alex.uid, "PHY-SAFETY-CHECKLIST")).status_code == 404


def test_without_a_running_plan_there_is_nothing_to_fit(as_dana, alex):
    for address in (url("add_message_step", alex.uid), url("add_todo_step", alex.uid)):
        assert as_dana.get(address).status_code == 404
    assert as_dana.get(url("plan_step", alex.uid, "PHY-D30-MSG")).status_code == 404


def test_the_auditor_reads_the_reasons_and_changes_nothing(browser, audrey, alex, dana, plan):
    steps.drop_step(plan_id=plan.pk, key="PHY-D30-MSG", reason=WHY, by=dana, now=timezone.now())
    browser.force_login(audrey)
    shown = page(browser, url("plan", alex.uid))
    assert f"Dropped by Dana: {WHY}" in shown
    assert url("plan_step", alex.uid, "PHY-D45-MSG") not in shown
    assert browser.get(url("plan_step", alex.uid, "PHY-D45-MSG")).status_code == 403


# --- the templates ----------------------------------------------------------------------------------------------------
def test_the_practice_page_leads_an_administrator_to_the_plans(as_ada):
    assert url("plan_templates") in page(as_ada, url("practice"))
    assert page(as_ada, url("plan_templates")).count("Make a new version") == 3


def test_a_version_is_read_as_days_with_the_words_of_its_texts(as_ada):
    version = TemplateVersion.objects.get(stage="physical", version=1)
    shown = page(as_ada, url("plan_template", version.uid))
    for said in (
        "Day of the report",
        "Day 90",
        "within 15 minutes of the report",
        "only at risk tier red",
        "48 hours of grace",
        "Small steps add up",
        "72 hours",
        "within 2 hours",
    ):
        assert said in shown
    assert "Release this version" not in shown


def test_a_new_version_is_made_edited_and_released(as_ada):
    first = post(as_ada, url("plan_template_begin", "physical"))
    draft = TemplateVersion.objects.get(state="draft")
    assert "It keeps every rule" in first.content.decode()
    text = {"day": 75, "text": "support", "channel": "email"}
    assert (
        "Saved in the draft."
        in post(as_ada, url("plan_template_add_message", draft.uid), **text).content.decode()
    )
    todo = {"todo": "call", "day": 40, "grace_0": 1, "grace_1": "days", "tiers": ["amber"]}
    post(as_ada, url("plan_template_add_todo", draft.uid), **todo)
    post(as_ada, url("plan_template_step", draft.uid, "D75-MSG"), **{**text, "day": 80})
    post(as_ada, url("plan_template_drop", draft.uid, "D60-MSG"))
    shown = page(as_ada, url("plan_template", draft.uid))
    assert "Day 80" in shown
    assert "Day 75" not in shown
    assert "only at risk tier amber" in shown
    answer = post(as_ada, url("plan_template_release", draft.uid)).content.decode()
    assert "Plans that begin from now on follow it" in answer
    assert [step.day for step in template_for("physical", 2).messages][-2:] == [80, 90]
    assert "earlier" in page(as_ada, url("plan_templates"))


def test_a_draft_that_breaks_a_cap_says_the_day_and_cannot_be_released(as_ada, draft):
    post(as_ada, url("plan_template_add_message", draft.uid), day=7, text="support", channel="")
    shown = page(as_ada, url("plan_template", draft.uid))
    assert "Day 7: a fourth message within seven days, after those of days 0, 2, 5." in shown
    assert "Release this version" not in shown
    refused = post(as_ada, url("plan_template_release", draft.uid)).content.decode()
    assert "Day 7: a fourth message" in refused
    draft.refresh_from_db()
    assert draft.is_draft


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("message", {"day": -1, "text": "support"}, "The day must be from 0 to 365."),
        ("message", {"day": 3, "text": "nonsense"}, "Select a valid choice"),
        ("message", {"day": 90, "text": "support"}, "has this step on that day already"),
        ("todo", {"todo": "visit"}, "Say either the day or within which time, not both."),
        ("todo", {"todo": "visit", "day": 3, "within_0": 2, "within_1": "days"}, "not both."),
    ],
)
def test_a_step_that_cannot_be_is_refused_beside_its_field(as_ada, draft, name, sent, said):
    answer = post(as_ada, url(f"plan_template_add_{name}", draft.uid), **sent)
    assert said in answer.content.decode()
    assert draft.as_template() == template_for("physical", 1)


def test_the_ladders_times_and_the_checkups_are_set(as_ada, draft):
    address = url("plan_template_times", draft.uid)
    assert 'value="72"' not in page(as_ada, address)  # three days, said in days
    sent = {
        "silent_after_0": 4,
        "silent_after_1": "days",
        "decide_on": 8,
        "close_on": 40,
        "hasty_contact_0": "",
        "hasty_contact_1": "hours",
        "checkups": "on",
    }
    answer = post(as_ada, address, **sent).content.decode()
    assert "days 180, 270, 365, 455, 545, 635, 725" in answer
    assert "as for green" in answer
    wrong = post(as_ada, address, **{**sent, "close_on": 8}).content.decode()
    assert "comes after the supervisor&#x27;s first decision" in wrong


def test_a_draft_is_thrown_away_and_a_second_one_is_not_begun(as_ada, draft):
    assert "is being written already" in post(as_ada, url("plan_template_begin", "physical")).content.decode()
    post(as_ada, url("plan_template_discard", draft.uid))
    assert not TemplateVersion.objects.filter(state="draft").exists()


def test_what_is_released_is_not_edited_through_an_old_page(as_ada):
    version = TemplateVersion.objects.get(stage="physical", version=1)
    text = {"day": 75, "text": "support", "channel": ""}
    answer = post(as_ada, url("plan_template_add_message", version.uid), **text)
    assert "has been released and stays as it is" in answer.content.decode()
    for name in ("release", "discard"):
        assert "stays as it is" in post(as_ada, url(f"plan_template_{name}", version.uid)).content.decode()


@pytest.mark.parametrize(
    ("number", "unit", "days"), [("3", "days", 3), ("72", "hours", 3), ("2880", "minutes", 2)]
)
def test_a_span_of_time_is_a_number_with_its_unit(number, unit, days):
    field = SpanField()
    span = field.clean([number, unit])
    assert span == timedelta(days=days)
    assert field.widget.decompress(span) == [days, "days"]
    with pytest.raises(ValidationError):
        field.clean(["", unit])
    assert SpanField(required=False).clean(["", unit]) is None
    assert field.widget.decompress(None) == [None, "hours"]
    assert field.widget.decompress(timedelta(0)) == [0, "days"]
