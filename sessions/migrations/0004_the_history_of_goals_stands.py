from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes


class Migration(migrations.Migration):
    dependencies = [("counseling", "0003_goals_and_the_plan_they_belong_to")]

    operations = [
        refuse_changes("counseling_treatmentchange"),
        only_insert_for_the_application("counseling_treatmentchange"),
    ]
