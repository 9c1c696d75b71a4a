"""An event belongs to the programs of one organiser, or to none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_proposals_answered")]

    operations = [
        migrations.AddField(
            model_name="gathering",
            name="organiser",
            field=models.SlugField(blank=True, db_default="", default=""),
        ),
    ]
