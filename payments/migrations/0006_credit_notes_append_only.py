"""Let the database refuse changing or removing a credit note, as an invoice (PAY-03)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_credit_notes")]

    operations = [
        append_only("payments_creditnote"),
    ]
