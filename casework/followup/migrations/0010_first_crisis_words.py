from datetime import UTC, datetime

from django.db import migrations

from casework.followup.inbox.crisis import shipped_rows

SHIPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def load(apps, schema_editor):
    word = apps.get_model("followup", "CrisisWord")
    word.objects.bulk_create([word(added_at=SHIPPED_AT, **row) for row in shipped_rows()])


def unload(apps, schema_editor):
    apps.get_model("followup", "CrisisWord").objects.filter(added_by=None).delete()


class Migration(migrations.Migration):
    dependencies = [("followup", "0009_emergencies")]

    operations = [migrations.RunPython(load, unload)]
