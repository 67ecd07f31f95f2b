"""Version 1 of the three plans of clinical.md §4.3: defaults to edit, not evidence."""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

# Texts: (day, text, asks for an answer).
TEXTS = {
    "emotional": [
        (1, "checkin.1", True),
        (4, "checkin.2", True),
        (8, "offer", True),
        (14, "checkin.1", True),
        (28, "closing", False),
    ],
    "mental": [
        (1, "checkin.1", True),
        (3, "checkin.2", True),
        (5, "checkin.1", True),
        (9, "checkin.2", True),
        (14, "support", False),
        (21, "checkin.1", True),
        (30, "closing", False),
    ],
    "physical": [
        (0, "counts", False),
        (2, "checkin.1", True),
        (5, "checkin.2", True),
        (8, "checkin.1", True),
        (10, "checkin.2", True),
        (14, "checkin.1", True),
        (21, "support", False),
        (30, "support", False),
        (45, "support", False),
        (60, "support", False),
        (90, "closing", False),
    ],
}
# What people do within a time of the report; the emergency comes with all three.
WITHIN = {
    "emotional": {"first_contact": 72 * HOUR, "visit_offer": 7 * DAY},
    "mental": {
        "first_contact": 24 * HOUR,
        "safety_checklist": 24 * HOUR,
        "visit_offer": 72 * HOUR,
        "supervisor_review": 7 * DAY,
    },
    "physical": {
        "first_contact": 24 * HOUR,
        "safety_checklist": 24 * HOUR,
        "visit_offer": 72 * HOUR,
        "visit": 7 * DAY,
        "learning_review": 7 * DAY,
        "supervisor_review": 72 * HOUR,
    },
}
REASSESSED_ON = {
    "emotional": [7, 14, 28],
    "mental": [7, 14, 30],
    "physical": [7, 14, 30, 60, 90],
}
TIMES = {
    "emotional": {"silent_after": 10 * DAY, "decide_on": 14},
    "mental": {"silent_after": 5 * DAY, "decide_on": 10},
    "physical": {"silent_after": 72 * HOUR, "decide_on": 7, "hasty_contact": 2 * HOUR},
}


def load(apps, schema_editor):
    now = timezone.now()
    version, step = (apps.get_model("followup", name) for name in ("TemplateVersion", "TemplateStep"))
    for stage, times in TIMES.items():
        template = version.objects.create(
            stage=stage, version=1, state="released", created_at=now, released_at=now, close_on=30, **times
        )
        step.objects.bulk_create(step(template=template, **fields) for fields in steps_of(stage))


def steps_of(stage):
    """Every step of a stage's plan, with its key."""
    for day, text, asks in TEXTS[stage]:
        yield {"key": f"D{day:02}-MSG", "kind": "message", "day": day, "text": text, "asks": asks}
    yield {
        "key": "EMERGENCY",
        "kind": "todo",
        "todo": "emergency",
        "within": timedelta(minutes=15),
        "tiers": ["red"],
    }
    for todo, within in WITHIN[stage].items():
        key = todo.replace("_", "-").upper()
        yield {"key": key, "kind": "todo", "todo": todo, "within": within}
    for day in REASSESSED_ON[stage]:
        yield {
            "key": f"D{day:02}-REASSESSMENT",
            "kind": "todo",
            "todo": "reassessment",
            "day": day,
            "grace": 2 * DAY,
        }


def unload(apps, schema_editor):
    apps.get_model("followup", "TemplateVersion").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("followup", "0006_plans_as_rows")]

    operations = [migrations.RunPython(load, unload)]
