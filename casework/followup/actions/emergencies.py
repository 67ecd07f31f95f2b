"""An emergency: somebody takes it, what was done is written down, or it was none (clinical.md §3.4)."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup import summary
from casework.followup.actions.todos import locked_todo, settle
from casework.followup.models import EmergencyRecord, ToDo, ToDoState
from casework.relapse.signs import RedFlag
from clients import audit
from clients.access import Role, Verb, require
from clients.errors import Conflict, InvalidInput

# Each of these tells somebody outside the practice about the client, and that needs a basis.
TELLS_OTHERS = frozenset(
    {
        EmergencyRecord.Act.CALLED_911,
        EmergencyRecord.Act.SENT_TO_ED,
        EmergencyRecord.Act.TRANSFER_988,
        EmergencyRecord.Act.PRESCRIBER,
    }
)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the record holds, as given; whatever is missing is named by `missing`."""

    noticed_at: datetime | None = None
    acts: Collection[str] = ()
    person_reached: str = ""
    disclosure_basis: str = ""
    outcome: str = ""
    supervisor: Any = None
    supervisor_told_at: datetime | None = None
    red_flags: Collection[str] = ()


NEEDED = {
    "noticed_at": gettext_lazy("when it was noticed"),
    "acts": gettext_lazy("what was done"),
    "person_reached": gettext_lazy("who was reached"),
    "disclosure_basis": gettext_lazy("the basis for telling others"),
    "outcome": gettext_lazy("what came of it"),
    "supervisor": gettext_lazy("which supervisor was told"),
    "supervisor_told_at": gettext_lazy("when the supervisor was told"),
}
assert NEEDED.keys() < {one.name for one in fields(Done)}


def missing(done: Done) -> list[str]:
    """The names of the fields that are empty, in the form's order."""

    def is_empty(value: Any) -> bool:
        return not (value.strip() if isinstance(value, str) else value)

    return [name for name in NEEDED if is_empty(getattr(done, name))]


@transaction.atomic
def acknowledge_todo(*, todo_id: int, by: Any, now: datetime) -> ToDo:
    """ "I have it": nobody else is called from now on. It closes nothing; the first who says so keeps it.

    Raises InvalidInput for a to-do that is no emergency.
    """
    require(by, Verb.COMPLETE_TODO)
    todo = locked_todo(todo_id)
    if not todo.is_alarm:
        raise InvalidInput(_("Only an emergency is acknowledged; do the to-do instead."))
    if todo.waits_for_somebody:
        _acknowledge(todo, by=by, now=now)
        audit.record("todo.acknowledged", by=by, at=now, client_id=todo.client_id, target=todo)
    return todo


def _acknowledge(todo: ToDo, *, by: Any, now: datetime) -> None:
    """Whoever acts on it has it."""
    todo.acknowledged_at, todo.acknowledged_by = now, by
    todo.save(update_fields=["acknowledged_at", "acknowledged_by"])
    todo.alerts.drop(now)


@transaction.atomic
def record_emergency(*, todo_id: int, done: Done, by: Any, now: datetime) -> EmergencyRecord:
    """Write down what was done about an emergency; that closes its to-do. Posting it twice is once.

    Raises InvalidInput that names the first field missing or wrong, Conflict when there is a record already or the
    to-do was closed otherwise.
    """
    require(by, Verb.COMPLETE_TODO)
    todo = locked_todo(todo_id)
    if not todo.is_alarm:
        raise InvalidInput(_("Only an emergency has such a record."))
    known = EmergencyRecord.objects.filter(todo=todo).order_by("pk").first()
    if known is not None and todo.state == ToDoState.DONE:
        return known
    if known is not None or not todo.is_open:
        raise Conflict(_("This has been recorded or closed meanwhile. Reload the page."))
    noticed_at, told_at = _checked(todo, done, now)
    record = EmergencyRecord.objects.create(
        client_id=todo.client_id,
        todo=todo,
        noticed_at=noticed_at,
        red_flags=list(done.red_flags),
        acts=list(done.acts),
        person_reached=done.person_reached.strip(),
        disclosure_basis=done.disclosure_basis,
        outcome=done.outcome.strip(),
        supervisor=done.supervisor,
        supervisor_told_at=told_at,
        acknowledged_at=todo.acknowledged_at or now,
        recorded_at=now,
        recorded_by=by,
    )
    if todo.acknowledged_at is None and by is not None:
        _acknowledge(todo, by=by, now=now)
    audit.record(
        "emergency.recorded",
        by=by,
        at=now,
        client_id=todo.client_id,
        target=record,
        acts=sorted(record.acts),
        basis=record.disclosure_basis,
    )
    settle(todo, by=by, now=now)
    return record


def _checked(todo: ToDo, done: Done, now: datetime) -> tuple[datetime, datetime]:
    """When it was noticed and when the supervisor was told, once all of it is there and can be."""
    if absent := missing(done):
        raise InvalidInput(
            _("The emergency record is not complete. Missing: %(what)s.")
            % {"what": ", ".join(str(NEEDED[name]) for name in absent)},
            field=absent[0],
        )
    _check_choices(todo, done)
    assert done.noticed_at is not None
    assert done.supervisor_told_at is not None
    if done.noticed_at > now:
        raise InvalidInput(_("This time lies in the future."), field="noticed_at")
    if not done.noticed_at <= done.supervisor_told_at <= now:
        raise InvalidInput(
            _("The supervisor is told after it was noticed, and not in the future."),
            field="supervisor_told_at",
        )
    return done.noticed_at, done.supervisor_told_at


def _check_choices(todo: ToDo, done: Done) -> None:
    if not set(done.acts) <= set(EmergencyRecord.Act.values):
        raise InvalidInput(_("Choose what was done from the list."), field="acts")
    if not set(done.red_flags) <= set(RedFlag.values):
        raise InvalidInput(_("Choose the signs from the list."), field="red_flags")
    if todo.kind == ToDo.Kind.EMERGENCY and not done.red_flags:
        raise InvalidInput(
            _("Say which sign of an emergency it was; if there was none, dismiss it as a false alarm."),
            field="red_flags",
        )
    if done.disclosure_basis not in EmergencyRecord.Basis.values:
        raise InvalidInput(_("Choose the basis from the list."), field="disclosure_basis")
    if done.disclosure_basis == EmergencyRecord.Basis.NOTHING_TOLD and TELLS_OTHERS & set(done.acts):
        raise InvalidInput(
            _("Somebody outside the practice was told. Choose the basis for it."), field="disclosure_basis"
        )
    if done.supervisor.role != Role.SUPERVISOR or not done.supervisor.is_active:
        raise InvalidInput(_("Choose a supervisor who works here."), field="supervisor")


@transaction.atomic
def dismiss_alarm(*, todo_id: int, reason: str, by: Any, now: datetime) -> ToDo:
    """It was a false alarm, and here is why. What the plan held for it is looked at again. Twice changes nothing.

    Raises InvalidInput without a reason, or for a to-do that is no emergency; Conflict once something was recorded.
    """
    require(by, Verb.COMPLETE_TODO)
    todo = locked_todo(todo_id)
    if not todo.is_alarm:
        raise InvalidInput(_("Only an emergency is dismissed; do the to-do instead."))
    if todo.state == ToDoState.DONE and todo.false_alarm:
        return todo
    if not reason.strip():
        raise InvalidInput(_("Say why it was a false alarm."), field="reason")
    if EmergencyRecord.objects.filter(todo=todo).exists() or not todo.is_open:
        raise Conflict(_("This has been recorded or closed meanwhile. Reload the page."))
    todo.false_alarm = True
    todo.save(update_fields=["false_alarm"])
    if todo.acknowledged_at is None and by is not None:
        _acknowledge(todo, by=by, now=now)
    audit.record("alarm.dismissed", by=by, at=now, client_id=todo.client_id, target=todo, kind=todo.kind)
    settle(todo, by=by, now=now, outcome=reason.strip())
    summary.refresh(todo.client_id)
    return todo
