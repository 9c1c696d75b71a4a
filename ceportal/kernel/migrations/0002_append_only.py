"""Let the database refuse what the rules never allow: changing or removing history (CR-07)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only, create_function


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        create_function,
        append_only("kernel_event"),
    ]
