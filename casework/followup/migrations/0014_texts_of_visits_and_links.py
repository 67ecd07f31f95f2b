import json
from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations

SHIPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ("change", "form", "plan", "noplan")


def shipped():
    """Version 1 of the texts about visits and links."""
    texts = json.loads(Path(__file__).with_name("texts_of_visits_and_links.json").read_text(encoding="utf-8"))
    for language, channels in texts.items():
        for channel, bodies in channels.items():
            for key, body in bodies.items():
                yield {"language": language, "channel": channel, "key": key, "body": body}


def load(apps, schema_editor):
    text = apps.get_model("followup", "MessageText")
    text.objects.bulk_create([text(version=1, released_at=SHIPPED_AT, **row) for row in shipped()])


def unload(apps, schema_editor):
    apps.get_model("followup", "MessageText").objects.filter(key__in=KEYS).delete()


class Migration(migrations.Migration):
    dependencies = [("followup", "0013_visits_named_in_reminders")]

    operations = [migrations.RunPython(load, unload)]
