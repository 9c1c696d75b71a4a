"""TRUNCATE asks no trigger of single rows: the append-only tables refuse it by one of their own (CR-07)."""

from django.db import migrations

from ceportal.kernel.triggers import never_emptied


class Migration(migrations.Migration):
    dependencies = [("credits", "0012_scans"), ("kernel", "0002_append_only")]

    operations = [
        never_emptied("credits_entry"),
        never_emptied("credits_completionreport"),
        never_emptied("credits_receipt"),
        never_emptied("credits_authoreditems"),
        never_emptied("credits_workshop"),
        never_emptied("credits_seal"),
    ]
