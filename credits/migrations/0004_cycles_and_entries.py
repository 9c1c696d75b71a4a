"""When cycles were known; the kinds of entries and grants of the whole programme.

The large tables are checked in a transaction of their own, so that nobody waits (0005).
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce

# Nothing tells when an older cycle was entered or closed: the days it is about stand for it.
FILL = """
UPDATE credits_cycle SET known_from = started_on AT TIME ZONE 'UTC' WHERE known_from IS NULL;
UPDATE credits_cycle SET closed_at = (ended_on + 1) AT TIME ZONE 'UTC' WHERE ended_on IS NOT NULL AND closed_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0003_whole_programme")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        AtOnce(
            migrations.AlterField(model_name="cycle", name="known_from", field=models.DateTimeField()),
            migrations.RemoveConstraint(
                model_name="cycle",
                name="cycle_ended_has_reason",
            ),
            migrations.AddConstraint(
                model_name="cycle",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("closed_at__isnull", True), ("end_reason", ""), ("ended_on__isnull", True)),
                        models.Q(
                            ("closed_at__isnull", False),
                            ("end_reason__in", ["renewed", "inactive"]),
                            ("ended_on__gte", models.F("started_on")),
                            ("ended_on__isnull", False),
                        ),
                        _connector="OR",
                    ),
                    name="cycle_ended_has_reason",
                ),
            ),
            migrations.RemoveConstraint(
                model_name="entry",
                name="entry_sign_follows_kind",
            ),
            migrations.RemoveConstraint(
                model_name="entry",
                name="entry_restored_names_what_it_corrects",
            ),
            migrations.RemoveConstraint(
                model_name="grant",
                name="grant_has_its_source",
            ),
        ),
        AddConstraintNotValid(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("kind__in", ["earned", "restored"])),
                    models.Q(("amount__lt", 0), ("kind__in", ["cut", "used", "expired", "voided", "corrected"])),
                    _connector="OR",
                ),
                name="entry_sign_follows_kind",
            ),
        ),
        AddConstraintNotValid(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrects__isnull", False), ("kind__in", ["restored", "corrected"])),
                    models.Q(
                        models.Q(("kind__in", ["restored", "corrected"]), _negated=True), ("corrects__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="entry_restored_names_what_it_corrects",
            ),
        ),
        AddConstraintNotValid(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claim__isnull", False), ("source", "claim")),
                    models.Q(("report__isnull", False), ("source", "report")),
                    models.Q(("attendance__isnull", False), ("source", "attendance")),
                    models.Q(("authored__isnull", False), ("source", "authored")),
                    models.Q(("source", "workshop"), ("workshop__isnull", False)),
                    _connector="OR",
                ),
                name="grant_has_its_source",
            ),
        ),
    ]
