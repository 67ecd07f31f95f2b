from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clients", "0003_starter_catalogue")]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE clients_record_number START 1001",
            reverse_sql="DROP SEQUENCE clients_record_number",
        )
    ]
