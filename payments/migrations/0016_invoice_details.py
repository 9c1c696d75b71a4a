from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [("payments", "0015_reconciliation")]

    operations = [
        AtOnce(
            migrations.AddField(
                model_name="order",
                name="address",
                field=models.CharField(blank=True, db_default="", default="", max_length=300),
            ),
            migrations.AddField(
                model_name="order",
                name="company",
                field=models.CharField(blank=True, db_default="", default="", max_length=150),
            ),
        ),
    ]
