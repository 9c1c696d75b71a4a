"""Let the database refuse what the rules never allow: changing or removing what the desk recorded (EXAM-13, LAB-18)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("exams", "0003_laboratories"), ("kernel", "0002_append_only")]

    operations = [
        append_only("exams_checkin"),
        append_only("exams_logentry"),
    ]
