"""Events, exam development, audits, appeals and seals; renewals that can be reversed."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0003_case"),
        ("catalog", "0003_gatherings_equivalence_proposal"),
        ("credits", "0002_append_only"),
        ("exams", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AtOnce(
            migrations.CreateModel(
                name="Appeal",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[("open", "open"), ("upheld", "upheld"), ("dismissed", "dismissed")],
                            default="open",
                            max_length=10,
                        ),
                    ),
                    ("words", models.TextField()),
                    ("frozen", models.JSONField()),
                    ("filed_at", models.DateTimeField()),
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
                    ("reason", models.TextField(blank=True)),
                    (
                        "claim",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="appeal", to="credits.claim"
                        ),
                    ),
                    (
                        "decided_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ["-filed_at", "-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["open", "upheld", "dismissed"])),
                            name="appeal_known_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("decided_at__isnull", True), ("status", "open")),
                                models.Q(
                                    ("decided_at__isnull", False),
                                    ("status__in", ["upheld", "dismissed"]),
                                    models.Q(("reason", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="appeal_decided_has_when_and_why",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Attendance",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("attended_on", models.DateField()),
                    ("badges", models.JSONField()),
                    ("minutes_present", models.PositiveSmallIntegerField()),
                    ("credits", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("earned", models.BooleanField(default=False)),
                    ("decision", models.JSONField()),
                    ("recorded_at", models.DateTimeField()),
                    ("decided_at", models.DateTimeField()),
                    (
                        "candidate",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendances",
                            to="candidates.candidate",
                        ),
                    ),
                    (
                        "session_time",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendances",
                            to="catalog.sessiontime",
                        ),
                    ),
                ],
                options={
                    "ordering": ["attended_on", "id"],
                    "constraints": [
                        models.UniqueConstraint(
                            fields=("candidate", "session_time"), name="attendance_once_per_session_time"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("earned", False), ("credits__gt", 0), _connector="OR"),
                            name="attendance_earned_is_worth_something",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Audit",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[("open", "open"), ("passed", "passed"), ("failed", "failed")],
                            default="open",
                            max_length=10,
                        ),
                    ),
                    ("drawn", models.BooleanField()),
                    ("opened_at", models.DateTimeField()),
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
                    ("reason", models.TextField(blank=True)),
                    ("decision", models.JSONField(blank=True, null=True)),
                    (
                        "claim",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="audit", to="credits.claim"
                        ),
                    ),
                    (
                        "decided_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ["-opened_at", "-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["open", "passed", "failed"])), name="audit_known_status"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("decided_at__isnull", True), ("status", "open")),
                                models.Q(
                                    ("decided_at__isnull", False),
                                    ("decision__isnull", False),
                                    ("status__in", ["passed", "failed"]),
                                ),
                                _connector="OR",
                            ),
                            name="audit_decided_has_when_and_why",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="AuthoredItems",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("reference", models.CharField(max_length=60, unique=True)),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("expert_lab_performance", "expert lab, performance-based"),
                                ("core_or_specialist_performance", "core or specialist, performance-based"),
                                ("associate_performance", "associate, performance-based"),
                                ("specialist", "specialist"),
                                ("core", "core"),
                                ("associate", "associate"),
                            ],
                            max_length=40,
                        ),
                    ),
                    ("accepted", models.PositiveSmallIntegerField()),
                    ("accepted_on", models.DateField()),
                    ("credits", models.PositiveSmallIntegerField()),
                    ("decision", models.JSONField()),
                    ("reported_at", models.DateTimeField()),
                    (
                        "candidate",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="authored_items",
                            to="candidates.candidate",
                        ),
                    ),
                    (
                        "reported_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "authored items",
                    "ordering": ["-accepted_on", "-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("accepted__gt", 0), ("credits__gt", 0)), name="authored_items_some"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Seal",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("day", models.DateField(unique=True)),
                    ("first_entry_id", models.BigIntegerField(blank=True, null=True)),
                    ("last_entry_id", models.BigIntegerField(blank=True, null=True)),
                    ("entries", models.PositiveIntegerField()),
                    ("previous", models.CharField(max_length=64)),
                    ("sha256", models.CharField(max_length=64)),
                    ("sealed_at", models.DateTimeField()),
                ],
                options={
                    "ordering": ["day"],
                },
            ),
            migrations.CreateModel(
                name="Workshop",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("reference", models.CharField(max_length=60, unique=True)),
                    (
                        "kind",
                        models.CharField(
                            choices=[("mqc", "minimally qualified candidate"), ("jta", "job task analysis")],
                            max_length=10,
                        ),
                    ),
                    (
                        "level",
                        models.CharField(
                            choices=[
                                ("entry", "Entry"),
                                ("associate", "Associate"),
                                ("specialist", "Specialist"),
                                ("professional", "Professional"),
                                ("expert", "Expert"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("days", models.PositiveSmallIntegerField()),
                    ("held_on", models.DateField()),
                    ("credits", models.PositiveSmallIntegerField()),
                    ("decision", models.JSONField()),
                    ("reported_at", models.DateTimeField()),
                    (
                        "candidate",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="workshops",
                            to="candidates.candidate",
                        ),
                    ),
                    (
                        "reported_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ["-held_on", "-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("credits__gt", 0), ("days__gt", 0)), name="workshop_some_days"
                        ),
                    ],
                },
            ),
            migrations.RemoveConstraint(
                model_name="cycle",
                name="cycle_one_at_a_time",
            ),
            migrations.RemoveConstraint(
                model_name="recertification",
                name="recertification_once_per_day",
            ),
            migrations.AddField(
                model_name="cycle",
                name="closed_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="cycle",
                name="known_from",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="cycle",
                name="withdrawn_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="recertification",
                name="passes",
                field=models.ManyToManyField(blank=True, related_name="recertifications", to="exams.attempt"),
            ),
            migrations.AddField(
                model_name="recertification",
                name="reversed_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="recertification",
                name="reversed_because",
                field=models.CharField(blank=True, max_length=60),
            ),
            migrations.AlterField(
                model_name="entry",
                name="kind",
                field=models.CharField(
                    choices=[
                        ("earned", "earned"),
                        ("cut", "cut"),
                        ("used", "used"),
                        ("expired", "expired"),
                        ("voided", "voided"),
                        ("restored", "restored"),
                        ("corrected", "corrected"),
                    ],
                    max_length=10,
                ),
            ),
            migrations.AlterField(
                model_name="grant",
                name="source",
                field=models.CharField(
                    choices=[
                        ("claim", "claim"),
                        ("report", "provider's report"),
                        ("attendance", "event session"),
                        ("authored", "exam items"),
                        ("workshop", "exam development workshop"),
                    ],
                    max_length=12,
                ),
            ),
            migrations.AddField(
                model_name="grant",
                name="attendance",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="grants",
                    to="credits.attendance",
                ),
            ),
            migrations.AddField(
                model_name="grant",
                name="authored",
                field=models.OneToOneField(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="grant",
                    to="credits.authoreditems",
                ),
            ),
            migrations.AddField(
                model_name="grant",
                name="workshop",
                field=models.OneToOneField(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="grant",
                    to="credits.workshop",
                ),
            ),
        ),
        AtOnce(
            migrations.AddConstraint(
                model_name="cycle",
                constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                    condition=models.Q(("withdrawn_at__isnull", True)),
                    expressions=[
                        ("candidate", "="),
                        (
                            models.Func(
                                models.F("started_on"),
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("ended_on"), models.Value("infinity"), output_field=models.DateField()
                                ),
                                models.Value("[]"),
                                function="daterange",
                            ),
                            "&&",
                        ),
                    ],
                    name="cycle_one_at_a_time",
                ),
            ),
            migrations.AddConstraint(
                model_name="recertification",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("reversed_at__isnull", True)),
                    fields=("certification", "requirement_on"),
                    name="recertification_once_per_day",
                ),
            ),
            migrations.AddConstraint(
                model_name="recertification",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("reversed_at__isnull", True), ("reversed_because", "")),
                        models.Q(("reversed_at__isnull", False), models.Q(("reversed_because", ""), _negated=True)),
                        _connector="OR",
                    ),
                    name="recertification_reversed_has_why",
                ),
            ),
        ),
    ]
