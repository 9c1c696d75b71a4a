"""What concerns one program of a tenant is shown to that one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partner_api", "0003_webhooks")]

    operations = [
        migrations.AddField("feedentry", "application_id", models.BigIntegerField(blank=True, null=True)),
    ]
