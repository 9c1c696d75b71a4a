"""What expires is found in the order in which it does, and entries by their moment; built while people work."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("credits", "0009_rosters")]

    operations = [
        AddIndexConcurrently(
            model_name="grant",
            index=models.Index(condition=models.Q(("remaining__gt", 0)), fields=["expires_on", "id"], name="grant_due"),
        ),
        RemoveIndexConcurrently(model_name="grant", name="grant_expiring"),
        AddIndexConcurrently(
            model_name="entry",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["written_at"], name="entry_by_moment"
            ),
        ),
    ]
