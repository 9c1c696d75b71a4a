"""Who looked at a candidate's record is never changed or removed (CAND-09)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only, never_emptied


class Migration(migrations.Migration):
    dependencies = [("candidates", "0016_privacy"), ("kernel", "0002_append_only")]

    operations = [
        append_only("candidates_staffaccess"),
        never_emptied("candidates_staffaccess"),
    ]
