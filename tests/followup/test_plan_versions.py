"""Templates of plans: versions that an administrator edits and releases, and that never change afterwards."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from casework.followup import plan_versions
from casework.followup.actions import templates as acts
from casework.followup.models import Message, TemplateStep, TemplateVersion
from casework.followup.plan_templates import PREFIX, ChannelRule, MessageStep, ToDoKind, ToDoStep
from casework.followup.plan_versions import newest, template_for
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from clients.stage import Stage
from tests import factories
from tests.followup.making import report

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TIMES = {
    "silent_after": 4 * DAY,
    "decide_on": 8,
    "close_on": 40,
    "hasty_contact": HOUR,
    "checkups": [180, 270],
}


@pytest.fixture(autouse=True)
def _nothing_kept():
    """What a test releases is rolled back, so no other test may remember it."""
    yield
    template_for.cache_clear()


@pytest.fixture
def draft(ada, now):
    return acts.begin_version(stage="physical", by=ada, now=now)


def put(draft, step, ada, now, **fields):
    return acts.put_step(template_id=draft.pk, step=step, by=ada, now=now, **fields)


def release(draft, ada, now):
    return acts.release_version(template_id=draft.pk, by=ada, now=now)


# --- what ships -------------------------------------------------------------------------------------------------------
def test_the_three_defaults_ship_released_as_version_1():
    shipped = TemplateVersion.objects.released().order_by("stage").values_list("stage", "version")
    assert list(shipped) == [("emotional", 1), ("mental", 1), ("physical", 1)]


@pytest.mark.parametrize("stage", list(PREFIX))
def test_a_steps_key_is_the_one_that_its_day_and_kind_give_it(stage):
    rows = TemplateStep.objects.filter(template__stage=stage).order_by("pk")
    assert [row.key for row in rows] == [row.named() for row in rows]


def test_a_template_is_read_once_and_the_newest_version_asked_for_each_time(django_assert_num_queries):
    newest(Stage.PHYSICAL)
    with django_assert_num_queries(1):
        version, template = newest(Stage.PHYSICAL)
    assert (version, template) == (1, template_for(Stage.PHYSICAL, 1))


@pytest.mark.parametrize("stage", [Stage.NONE, Stage.INDETERMINATE])
def test_a_stage_that_is_no_relapse_has_no_template(stage):
    with pytest.raises(KeyError):
        newest(stage)


def test_a_version_that_there_is_not_is_not_made_up(draft):
    for version in (7, draft.version):  # nor is a draft a version to begin with
        with pytest.raises(KeyError):
            template_for(Stage.PHYSICAL, version)
    assert newest(Stage.PHYSICAL)[0] == 1


# --- a draft ----------------------------------------------------------------------------------------------------------
def test_a_new_version_begins_as_a_copy_of_the_newest(draft):
    assert (draft.version, draft.state) == (2, "draft")
    assert draft.as_template() == template_for(Stage.PHYSICAL, 1)


def test_there_is_one_draft_of_a_stage_at_a_time(draft, ada, now):
    with pytest.raises(Conflict):
        acts.begin_version(stage="physical", by=ada, now=now)
    assert acts.begin_version(stage="mental", by=ada, now=now).version == 2


def test_a_draft_released_while_the_next_one_begins_is_what_that_one_copies(draft, ada, now, monkeypatch):
    found = QuerySet.first

    def first_then_a_release(rows):
        row = found(rows)
        if (
            rows.model is TemplateVersion
            and rows.query.select_for_update
            and TemplateVersion.objects.get(pk=draft.pk).is_draft
        ):
            monkeypatch.setattr(QuerySet, "first", found)
            release(draft, ada, now)
        return row

    monkeypatch.setattr(QuerySet, "first", first_then_a_release)
    assert acts.begin_version(stage="physical", by=ada, now=now).version == draft.version + 1


def test_a_stage_without_plan_gets_none(ada, now):
    with pytest.raises(InvalidInput) as refused:
        acts.begin_version(stage="none", by=ada, now=now)
    assert refused.value.field == "stage"


def test_a_step_is_added_moved_and_dropped(draft, ada, now):
    put(draft, MessageStep(75, "support", channel=ChannelRule.EMAIL), ada, now)
    put(draft, MessageStep(80, "support", asks=True), ada, now, replaces="D75-MSG")
    acts.drop_template_step(template_id=draft.pk, key="D60-MSG", by=ada, now=now)
    acts.drop_template_step(template_id=draft.pk, key="D60-MSG", by=ada, now=now)
    days = [step.day for step in draft.as_template().messages]
    assert days == [0, 2, 5, 8, 10, 14, 21, 30, 45, 80, 90]
    told = AuditEvent.objects.filter(target_type="followup.TemplateVersion").order_by("pk")
    assert list(told.values_list("verb", flat=True)) == [
        "template.begun",
        "template.step_put",
        "template.step_put",
        "template.step_dropped",
    ]


def test_a_to_do_keeps_its_time_grace_and_tiers(draft, ada, now):
    step = ToDoStep(ToDoKind.CALL, day=20, grace=DAY, if_tier=frozenset({"amber", "red"}))
    put(draft, step, ada, now)
    assert step in draft.as_template().todos


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (MessageStep(-1, "support"), "day"),
        (MessageStep(400, "support"), "day"),
        (MessageStep(70, "help"), "text"),
        (MessageStep(70, "nothing"), "text"),
        (MessageStep(90, "support"), "day"),
        (ToDoStep(ToDoKind.CALL), "day"),
        (ToDoStep(ToDoKind.CALL, within=-HOUR), "within"),
        (ToDoStep(ToDoKind.CRISIS, within=HOUR), "todo"),
        (ToDoStep(ToDoKind.VISIT, within=HOUR), "day"),
    ],
)
def test_a_step_that_cannot_be_is_refused_by_the_fields_name_and_nothing_is_saved(
    draft, ada, now, step, field
):
    before = draft.as_template()
    with pytest.raises(InvalidInput) as refused:
        put(draft, step, ada, now)
    assert refused.value.field == field
    assert draft.as_template() == before


def test_a_step_that_somebody_dropped_meanwhile_is_not_put_back_unseen(draft, ada, now):
    acts.drop_template_step(template_id=draft.pk, key="D60-MSG", by=ada, now=now)
    with pytest.raises(Conflict):
        put(draft, MessageStep(61, "support"), ada, now, replaces="D60-MSG")


def test_the_ladders_times_are_set_or_refused_by_field(draft, ada, now):
    acts.set_times(template_id=draft.pk, by=ada, now=now, **TIMES)
    draft.refresh_from_db()
    assert {name: getattr(draft, name) for name in TIMES} == TIMES
    for wrong in ({"silent_after": timedelta(0)}, {"close_on": 8}, {"checkups": [30]}):
        with pytest.raises(InvalidInput) as refused:
            acts.set_times(template_id=draft.pk, by=ada, now=now, **{**TIMES, **wrong})
        assert {refused.value.field} == set(wrong)
    draft.refresh_from_db()
    assert {name: getattr(draft, name) for name in TIMES} == TIMES


def test_a_draft_that_nobody_wants_is_thrown_away(draft, ada, now):
    acts.discard_version(template_id=draft.pk, by=ada, now=now)
    assert not TemplateVersion.objects.filter(state="draft").exists()
    assert not TemplateStep.objects.filter(template__version=2).exists()
    with pytest.raises(Conflict):
        release(draft, ada, now)


# --- release ----------------------------------------------------------------------------------------------------------
def test_new_plans_follow_the_new_version_and_running_ones_keep_theirs(draft, ada, alex, dana, team, now):
    running = report(alex, dana, now).plan
    put(draft, MessageStep(75, "support"), ada, now)
    acts.set_times(template_id=draft.pk, by=ada, now=now, **TIMES)
    released = release(draft, ada, now)
    assert (released.state, released.released_at, released.released_by) == ("released", now, ada)
    assert running.template_version == 1
    assert template_for(Stage.PHYSICAL, running.template_version).decide_on == 7
    later = report(alex, dana, now + DAY).plan
    assert later.template_version == 2
    assert later.messages.filter(step_key="PHY-D75-MSG").count() == 1
    assert template_for(Stage.PHYSICAL, later.template_version).decide_on == 8


def test_an_older_version_stays_readable_after_a_release(draft, ada, now):
    before = template_for(Stage.PHYSICAL, 1)
    put(draft, MessageStep(75, "support"), ada, now)
    release(draft, ada, now)
    template_for.cache_clear()
    assert template_for(Stage.PHYSICAL, 1) == before
    assert newest(Stage.PHYSICAL)[0] == 2


@pytest.mark.parametrize(
    ("step", "day"), [(MessageStep(7, "support"), "Day 7"), (MessageStep(1, "support"), "Day 1")]
)
def test_a_version_that_breaks_the_caps_is_refused_with_the_day_named(draft, ada, now, step, day):
    put(draft, step, ada, now)
    with pytest.raises(InvalidInput) as refused:
        release(draft, ada, now)
    assert refused.value.message.startswith(day)
    draft.refresh_from_db()
    assert draft.is_draft


@pytest.mark.parametrize("key", ["SAFETY-CHECKLIST", "FIRST-CONTACT", "EMERGENCY"])
def test_a_physical_plan_without_what_safety_demands_is_refused(draft, ada, now, key):
    acts.drop_template_step(template_id=draft.pk, key=key, by=ada, now=now)
    with pytest.raises(InvalidInput) as refused:
        release(draft, ada, now)
    assert refused.value.field == key.lower().replace("-", "_")


def test_what_is_released_is_never_edited_dropped_or_released_again(draft, ada, now):
    release(draft, ada, now)
    for again in (
        lambda: put(draft, MessageStep(75, "support"), ada, now),
        lambda: acts.drop_template_step(template_id=draft.pk, key="D60-MSG", by=ada, now=now),
        lambda: acts.set_times(template_id=draft.pk, by=ada, now=now, **TIMES),
        lambda: acts.discard_version(template_id=draft.pk, by=ada, now=now),
        lambda: release(draft, ada, now),
    ):
        with pytest.raises(Conflict):
            again()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE followup_templateversion SET decide_on = 3 WHERE version = 1",
        "DELETE FROM followup_templateversion WHERE version = 1",
        "UPDATE followup_templatestep SET day = 3 WHERE day = 2",
        "DELETE FROM followup_templatestep",
        """INSERT INTO followup_templatestep (template_id, key, kind, day, text, asks, channel, todo, grace, tiers)
           SELECT id, 'D70-MSG', 'message', 70, 'support', false, '', '', '0', '{}' FROM followup_templateversion""",
        "TRUNCATE followup_templateversion, followup_templatestep",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_released(sql):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_steps_cannot_be_slipped_from_a_draft_into_a_released_version(draft):
    released = TemplateVersion.objects.get(stage="physical", version=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.steps.filter(key="D60-MSG").update(template=released, key="D61-MSG")


# --- who --------------------------------------------------------------------------------------------------------------
def test_only_an_administrator_edits_plans(draft, ada, dana, sam, audrey, now):
    fields = {"template_id": draft.pk, "now": now}
    for person in (dana, sam, audrey):
        for act in (
            lambda by: acts.begin_version(stage="mental", by=by, now=now),
            lambda by: acts.put_step(step=MessageStep(75, "support"), by=by, **fields),
            lambda by: acts.drop_template_step(key="D60-MSG", by=by, **fields),
            lambda by: acts.set_times(by=by, **fields, **TIMES),
            lambda by: acts.release_version(by=by, **fields),
            lambda by: acts.discard_version(by=by, **fields),
        ):
            with pytest.raises(NotAllowed):
                act(person)


def test_a_release_whose_audit_row_cannot_be_written_has_not_happened(draft, ada, now, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(RuntimeError):
        release(draft, ada, now)
    assert TemplateVersion.objects.get(pk=draft.pk).is_draft
    assert plan_versions.newest(Stage.PHYSICAL)[0] == 1


# --- by which way -----------------------------------------------------------------------------------------------------
def test_a_steps_way_goes_with_the_message_or_makes_it_something_to_do(draft, ada, alex, dana, now):
    put(draft, MessageStep(45, "support", channel=ChannelRule.EMAIL), ada, now, replaces="D45-MSG")
    put(draft, MessageStep(60, "support", channel=ChannelRule.LETTER), ada, now, replaces="D60-MSG")
    release(draft, ada, now)
    for channel in ("email", "letter"):
        factories.PermissionFactory(client=alex, channel=channel)
    plan = report(alex, dana, now).plan
    assert plan.messages.get(step_key="PHY-D45-MSG").channel_rule == "email"
    assert not plan.messages.filter(step_key__startswith="PHY-D60").exists()
    assert plan.todos.get(step_key="PHY-D60-MSG-LETTER").kind == ToDoKind.LETTER
    assert set(Message.objects.filter(plan=plan).values_list("channel_rule", flat=True)) == {"", "email"}
