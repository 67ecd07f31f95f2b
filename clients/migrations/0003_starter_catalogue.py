from django.db import migrations

from clients.catalogue import starter_catalogue


def load(apps, schema_editor):
    substance = apps.get_model("clients", "Substance")
    substance.objects.bulk_create([substance(**row) for row in starter_catalogue()])


def unload(apps, schema_editor):
    keys = [row["key"] for row in starter_catalogue()]
    apps.get_model("clients", "Substance").objects.filter(key__in=keys).delete()


class Migration(migrations.Migration):
    dependencies = [("clients", "0002_audit_is_append_only")]

    operations = [migrations.RunPython(load, unload)]
