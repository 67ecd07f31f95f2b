from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes


class Migration(migrations.Migration):
    dependencies = [("counseling", "0005_calendar")]

    operations = [
        refuse_changes("counseling_sessionchange"),
        only_insert_for_the_application("counseling_sessionchange"),
    ]
