"""What the board said of two items is never changed or removed (CR-04)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_gatherings_equivalence_proposal"), ("kernel", "0002_append_only")]

    operations = [append_only("catalog_equivalence")]
