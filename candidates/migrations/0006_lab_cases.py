"""Labs leave some things to people: a lab that a fault ended (INC-02), a site closed on days with bookings (INC-04)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("candidates", "0005_guessed_codes_case")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="kind",
            field=models.CharField(
                choices=[
                    ("corrected_result", "corrected result under a later renewal"),
                    ("failed_audit", "failed audit"),
                    ("guessed_codes", "guessed or forged voucher codes"),
                    ("lab_incident", "lab ended by a fault or an event"),
                    ("closed_site", "site closed on days with bookings"),
                ],
                max_length=30,
            ),
        ),
    ]
