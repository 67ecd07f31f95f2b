"""An administrator's acts on the templates of plans: begin a version, edit it, release it.

A plan that runs keeps the version it began with; only plans begun after a release follow the new one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import plan_check, plan_texts
from casework.followup.hours import timing_of
from casework.followup.models import TemplateStep, TemplateVersion
from casework.followup.plan_check import Problem
from casework.followup.plan_templates import MessageStep, ToDoStep
from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput
from clients.models import Practice

COPIED = ("hasty_contact", "silent_after", "decide_on", "close_on", "checkups")
STEP_COPIED = ("key", "kind", "day", "within", "grace", "channel", "text", "asks", "todo", "tiers")


@transaction.atomic
def begin_version(*, stage: str, by: Any, now: datetime) -> TemplateVersion:
    """Open a draft that begins as a copy of the newest version. Raises Conflict where a draft is open already."""
    require(by, Verb.MANAGE_PRACTICE)
    released = TemplateVersion.objects.released().filter(stage=stage).newest_first()
    if released.select_for_update(of=("self",)).first() is None:
        raise InvalidInput(_("There is no plan for this stage."), field="stage")
    if TemplateVersion.objects.filter(stage=stage, state=TemplateVersion.State.DRAFT).exists():
        raise Conflict(_("A new version of this plan is being written already. Go on with that one."))
    newest = released[0]  # read last: the draft may have been released just now
    draft = TemplateVersion.objects.create(
        stage=stage,
        version=newest.version + 1,
        created_at=now,
        created_by=by,
        **{name: getattr(newest, name) for name in COPIED},
    )
    TemplateStep.objects.bulk_create(
        TemplateStep(template=draft, **{name: getattr(step, name) for name in STEP_COPIED})
        for step in newest.steps.order_by("pk")
    )
    _note("template.begun", draft, by, now)
    return draft


@transaction.atomic
def put_step(
    *, template_id: int, step: MessageStep | ToDoStep, by: Any, now: datetime, replaces: str = ""
) -> TemplateStep:
    """Add a step to a draft, or put it in the place of the step with the key `replaces`.

    Raises InvalidInput by field for a time, text or to-do that cannot be, and for a step that is there already.
    """
    require(by, Verb.MANAGE_PRACTICE)
    draft = _draft(template_id)
    _check(step)
    row = draft.steps.filter(key=replaces).first() if replaces else TemplateStep(template=draft)
    if row is None:
        raise Conflict(_("Somebody has changed or dropped this step meanwhile. Reload the page."))
    if draft.steps.filter(key=step.key).exclude(pk=row.pk).exists():
        raise InvalidInput(_("The plan has this step on that day already."), field="day")
    for name, value in _columns(step).items():
        setattr(row, name, value)
    row.save()
    _note("template.step_put", draft, by, now, step=row.key, replaces=replaces)
    return row


def _check(step: MessageStep | ToDoStep) -> None:
    within = None if isinstance(step, MessageStep) else step.within
    says = plan_check.time_problem(step.day, within)
    if says:
        raise InvalidInput(says, field="within" if step.day is None and within is not None else "day")
    if isinstance(step, MessageStep):
        if step.text not in plan_texts.wordings():
            raise InvalidInput(_("There is no text “%(text)s”.") % {"text": step.text}, field="text")
        return
    says = plan_check.todo_problem(step)
    if says:
        raise InvalidInput(says, field="todo")


def _columns(step: MessageStep | ToDoStep) -> dict[str, Any]:
    if isinstance(step, MessageStep):
        return {
            "key": step.key,
            "kind": TemplateStep.Kind.MESSAGE,
            "day": step.day,
            "text": step.text,
            "asks": step.asks,
            "channel": step.channel,
        }
    return {
        "key": step.key,
        "kind": TemplateStep.Kind.TODO,
        "day": step.day,
        "within": step.within,
        "grace": step.grace,
        "todo": step.kind,
        "tiers": sorted(step.if_tier),
    }


@transaction.atomic
def drop_template_step(*, template_id: int, key: str, by: Any, now: datetime) -> None:
    """Take a step out of a draft. One that is gone already changes nothing."""
    require(by, Verb.MANAGE_PRACTICE)
    draft = _draft(template_id)
    gone, _rows = draft.steps.filter(key=key).delete()
    if gone:
        _note("template.step_dropped", draft, by, now, step=key)


@transaction.atomic
def set_times(
    *,
    template_id: int,
    silent_after: timedelta,
    decide_on: int,
    close_on: int,
    hasty_contact: timedelta | None,
    checkups: Sequence[int],
    by: Any,
    now: datetime,
) -> TemplateVersion:
    """Set a draft's times of the ladder (clinical.md §4.5) and its checkups. Raises InvalidInput by field."""
    require(by, Verb.MANAGE_PRACTICE)
    draft = _draft(template_id)
    draft.silent_after, draft.hasty_contact = silent_after, hasty_contact
    draft.decide_on, draft.close_on = decide_on, close_on
    draft.checkups = list(checkups)
    fields = {"silent_after", "decide_on", "close_on", "hasty_contact", "checkups"}
    wrong = next((one for one in found_wrong(draft) if one.step in fields), None)
    if wrong is not None:
        raise InvalidInput(wrong.says, field=wrong.step)
    draft.save(update_fields=list(COPIED))
    _note("template.times_set", draft, by, now)
    return draft


@transaction.atomic
def release_version(*, template_id: int, by: Any, now: datetime) -> TemplateVersion:
    """Let new plans begin with this version. Raises InvalidInput naming the step or day that is wrong."""
    require(by, Verb.MANAGE_PRACTICE)
    draft = _draft(template_id)
    wrong = found_wrong(draft)
    if wrong:
        raise InvalidInput(" ".join(one.says for one in wrong), field=wrong[0].step)
    draft.move_to(TemplateVersion.State.RELEASED)
    draft.released_at, draft.released_by = now, by
    draft.save(update_fields=["state", "released_at", "released_by"])
    _note("template.released", draft, by, now)
    return draft


@transaction.atomic
def discard_version(*, template_id: int, by: Any, now: datetime) -> None:
    """Throw a draft away. Raises Conflict for a version that has been released."""
    require(by, Verb.MANAGE_PRACTICE)
    draft = _draft(template_id)
    _note("template.discarded", draft, by, now)
    draft.delete()


def found_wrong(version: TemplateVersion) -> list[Problem]:
    """Everything that keeps a version from being released, with the practice's own hours."""
    return plan_check.problems(
        version.as_template(), texts=plan_texts.wordings(), timing=timing_of(Practice.current())
    )


def _draft(template_id: int) -> TemplateVersion:
    version = TemplateVersion.objects.select_for_update(of=("self",)).filter(pk=template_id).first()
    if version is None:
        raise Conflict(_("Somebody has thrown this draft away meanwhile."))
    if not version.is_draft:
        raise Conflict(_("This version has been released and stays as it is. Make a new version."))
    return version


def _note(verb: str, version: TemplateVersion, by: Any, now: datetime, **codes: Any) -> None:
    audit.record(verb, by=by, at=now, target=version, stage=version.stage, version=version.version, **codes)
