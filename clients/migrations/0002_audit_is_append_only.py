from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [
        refuse_changes("clients_auditevent"),
        only_insert_for_the_application("clients_auditevent"),
    ]
