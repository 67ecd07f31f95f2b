"""What the tests of emergencies start from."""

from datetime import timedelta
from typing import Any

from casework.followup import actions
from casework.followup.actions.emergencies import Done
from casework.followup.models import ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.todos import open_todo


def done(sam: Any, now: Any, **changed: Any) -> Done:
    """Everything that the record asks for: Dana noticed, called 911, and told Sam."""
    facts = {
        "noticed_at": now - timedelta(minutes=20),
        "acts": ["called_911"],
        "person_reached": "Alex and the crew of the ambulance",
        "disclosure_basis": "medical_emergency",
        "outcome": "Taken to the emergency department, awake",
        "supervisor": sam,
        "supervisor_told_at": now - timedelta(minutes=10),
        "red_flags": ["suicidal"],
    }
    return Done(**{**facts, **changed})


def crisis_of(client: Any) -> ToDo:
    return client.todos.get(kind=ToDoKind.CRISIS)


def emergency(client: Any, now: Any, **fields: Any) -> ToDo:
    """A red flag was told of just now."""
    return open_todo(
        client=client,
        kind=ToDoKind.EMERGENCY,
        due_at=now + timedelta(minutes=15),
        now=now,
        urgent=True,
        **fields,
    )


def recorded(todo: ToDo, by: Any, sam: Any, now: Any, **changed: Any) -> Any:
    return actions.record_emergency(todo_id=todo.pk, done=done(sam, now, **changed), by=by, now=now)
