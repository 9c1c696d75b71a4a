"""Two terms may begin on one day: one bought ahead, and the renewal judged on the day it begins (CE-09)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("candidates", "0002_append_only")]

    operations = [
        migrations.RemoveConstraint(model_name="term", name="term_one_per_start"),
        migrations.AddConstraint(
            model_name="term",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("certification", "starts_on", "renewed_on"),
                name="term_one_per_start_and_renewal",
            ),
        ),
    ]
