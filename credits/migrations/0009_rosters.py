"""Rosters of completions that providers upload, and the run that a report names (CE-10, CAT-07)."""

import django.db.models.deletion
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0003_case"),
        ("catalog", "0005_proposals_answered"),
        ("credits", "0008_claims_due"),
    ]

    operations = [
        AtOnce(
            migrations.AddField(
                model_name="completionreport",
                name="delivery",
                field=models.ForeignKey(
                    blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="catalog.delivery"
                ),
            ),
            migrations.CreateModel(
                name="Roster",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("form_key", models.UUIDField(unique=True)),
                    ("file_name", models.CharField(max_length=200)),
                    ("size_bytes", models.PositiveIntegerField()),
                    ("sha256", models.CharField(max_length=64)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("checking", "being checked"),
                                ("checked", "dry run"),
                                ("reporting", "being reported"),
                                ("reported", "reported"),
                                ("discarded", "discarded"),
                            ],
                            default="checking",
                            max_length=10,
                        ),
                    ),
                    ("uploaded_at", models.DateTimeField()),
                    ("checked_at", models.DateTimeField(blank=True, null=True)),
                    ("finished_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "provider",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="rosters", to="catalog.provider"
                        ),
                    ),
                    (
                        "reported_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="reported_rosters",
                            to="catalog.providermember",
                        ),
                    ),
                    (
                        "uploaded_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="rosters",
                            to="catalog.providermember",
                        ),
                    ),
                ],
                options={
                    "ordering": ["-uploaded_at", "-id"],
                    "indexes": [
                        models.Index(
                            condition=models.Q(("status__in", ["checking", "reporting"])),
                            fields=["id"],
                            name="roster_at_work",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["checking", "checked", "reporting", "reported", "discarded"])
                            ),
                            name="roster_known_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("status", "checking"), ("checked_at__isnull", False), _connector="OR"),
                            name="roster_checked_has_when",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("reported_by__isnull", False), ("status__in", ["reporting", "reported"])),
                                models.Q(
                                    ("reported_by__isnull", True), ("status__in", ["checking", "checked", "discarded"])
                                ),
                                _connector="OR",
                            ),
                            name="roster_reported_has_who",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("finished_at__isnull", False), ("status__in", ["reported", "discarded"])),
                                models.Q(
                                    ("finished_at__isnull", True), ("status__in", ["checking", "checked", "reporting"])
                                ),
                                _connector="OR",
                            ),
                            name="roster_finished_has_when",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="RosterRow",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("line", models.PositiveIntegerField()),
                    ("given", models.JSONField()),
                    ("completed_on", models.DateField(blank=True, null=True)),
                    (
                        "outcome",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("earns", "earns credits"),
                                ("approves", "approves a claim"),
                                ("counted", "has counted already"),
                                ("refused", "cannot be reported"),
                            ],
                            max_length=10,
                        ),
                    ),
                    ("credits", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("problems", models.JSONField(default=list)),
                    ("remarks", models.JSONField(default=list)),
                    ("done_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "candidate",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="candidates.candidate",
                        ),
                    ),
                    (
                        "claim",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="credits.claim",
                        ),
                    ),
                    (
                        "delivery",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="catalog.delivery",
                        ),
                    ),
                    (
                        "item",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="catalog.item",
                        ),
                    ),
                    (
                        "report",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="credits.completionreport",
                        ),
                    ),
                    (
                        "roster",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="credits.roster"
                        ),
                    ),
                ],
                options={
                    "ordering": ["line"],
                    "indexes": [
                        models.Index(
                            condition=models.Q(
                                ("done_at__isnull", True), ("outcome__in", ["earns", "approves", "counted"])
                            ),
                            fields=["roster", "completed_on", "line"],
                            name="roster_row_to_report",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("roster", "line"), name="roster_row_once_per_line"),
                        models.CheckConstraint(
                            condition=models.Q(("outcome__in", ["", "earns", "approves", "counted", "refused"])),
                            name="roster_row_known_outcome",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("outcome__in", ["", "refused"]),
                                models.Q(
                                    ("candidate__isnull", False),
                                    ("completed_on__isnull", False),
                                    ("item__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="roster_row_to_report_names_everything",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("done_at__isnull", True), ("report__isnull", True)),
                                models.Q(("done_at__isnull", False), ("outcome", "refused"), ("report__isnull", True)),
                                models.Q(
                                    ("done_at__isnull", False),
                                    ("outcome__in", ["earns", "approves", "counted"]),
                                    ("report__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="roster_row_done_has_its_report",
                        ),
                    ],
                },
            ),
        ),
    ]
