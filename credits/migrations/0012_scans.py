"""Files of badge scans; an attendance that earned is worth something, also where NULL would have passed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0003_case"),
        ("catalog", "0005_proposals_answered"),
        ("credits", "0011_seals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AtOnce(
            migrations.CreateModel(
                name="ScanImport",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("file", models.FileField(max_length=200, upload_to="scans")),
                    ("original_name", models.CharField(max_length=200)),
                    ("size_bytes", models.PositiveIntegerField()),
                    ("uploaded_at", models.DateTimeField()),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("waiting", "waiting"),
                                ("running", "running"),
                                ("done", "done"),
                                ("failed", "failed"),
                            ],
                            default="waiting",
                            max_length=10,
                        ),
                    ),
                    ("rows", models.PositiveIntegerField(blank=True, null=True)),
                    ("rows_done", models.PositiveIntegerField(default=0)),
                    ("done_to", models.BigIntegerField(default=0)),
                    ("earning", models.PositiveIntegerField(default=0)),
                    ("refused", models.PositiveIntegerField(default=0)),
                    ("unchanged", models.PositiveIntegerField(default=0)),
                    ("problems", models.JSONField(default=list)),
                    ("problem_count", models.PositiveIntegerField(default=0)),
                    ("failures", models.PositiveSmallIntegerField(default=0)),
                    ("last_error", models.TextField(blank=True)),
                    ("finished_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "uploaded_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "import of badge scans",
                    "verbose_name_plural": "imports of badge scans",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["waiting", "running", "done", "failed"])),
                            name="scanimport_known_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("finished_at__isnull", False), ("rows__isnull", False), ("status", "done")),
                                models.Q(models.Q(("status", "done"), _negated=True), ("finished_at__isnull", True)),
                                _connector="OR",
                            ),
                            name="scanimport_done_has_when",
                        ),
                    ],
                },
            ),
            migrations.RemoveConstraint(
                model_name="attendance",
                name="attendance_earned_is_worth_something",
            ),
            migrations.AddConstraint(
                model_name="attendance",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("earned", False), models.Q(("credits__gt", 0), ("credits__isnull", False)), _connector="OR"
                    ),
                    name="attendance_earned_is_worth_something",
                ),
            ),
        ),
    ]
