from django.db import migrations

from casework.relapse.signs import SIGNS


def load(apps, schema_editor):
    sign = apps.get_model("relapse", "StageSign")
    sign.objects.bulk_create(
        sign(
            code=one.code,
            stage=one.stage.value,
            label_en=one.label_en,
            label_es=one.label_es,
            hard=one.hard,
            version=1,
        )
        for one in SIGNS
    )


def unload(apps, schema_editor):
    apps.get_model("relapse", "StageSign").objects.filter(version=1).delete()


class Migration(migrations.Migration):
    dependencies = [("relapse", "0001_initial")]

    operations = [migrations.RunPython(load, unload)]
