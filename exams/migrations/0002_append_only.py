"""Let the database refuse what the rules never allow: changing or removing history (CR-07)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("exams", "0001_initial"), ("kernel", "0002_append_only")]

    operations = [
        append_only("exams_attempt"),
    ]
