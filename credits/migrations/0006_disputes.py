"""Audits, appeals and receipts; when a claim was escalated, what the audit's lot gave, who may not decide again.

Nothing has written audits and appeals yet, so their tables are made anew. Rows that were there are checked in a
transaction of their own (0007).
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0003_case"),
        ("catalog", "0004_append_only"),
        ("credits", "0005_check_the_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name="Audit"),
        migrations.DeleteModel(name="Appeal"),
        AtOnce(
            migrations.AddField(
                model_name="claim",
                name="escalated_on",
                field=models.DateField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="claim",
                name="rejected_before_by",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="catalog.providermember",
                ),
            ),
            migrations.AddField(
                model_name="claim",
                name="audit_lot",
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="claim",
                name="audit_due",
                field=models.BooleanField(db_default=False, default=False),
            ),
        ),
        AddConstraintNotValid(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("escalated_on__isnull", True), ("escalated_on__gt", models.F("answer_due_on")), _connector="OR"
                ),
                name="claim_escalated_after_the_promise",
            ),
        ),
        AtOnce(
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
                    ("opening", models.JSONField()),
                    ("told", models.BooleanField()),
                    ("opened_at", models.DateTimeField()),
                    ("asked", models.TextField(blank=True)),
                    ("asked_at", models.DateTimeField(blank=True, null=True)),
                    ("answer", models.TextField(blank=True)),
                    ("answered_at", models.DateTimeField(blank=True, null=True)),
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
                    ("reason", models.TextField(blank=True)),
                    ("decision", models.JSONField(blank=True, null=True)),
                    (
                        "claim",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="audits", to="credits.claim"
                        ),
                    ),
                    (
                        "decided_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "opened_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
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
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "failed"), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="audit_failed_has_a_reason",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("status", "open")), fields=("claim",), name="audit_one_open"
                        ),
                    ],
                },
            ),
            migrations.AddField(
                model_name="evidence",
                name="audit",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="evidence",
                    to="credits.audit",
                ),
            ),
            migrations.CreateModel(
                name="Appeal",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("rejected_at", models.DateTimeField()),
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
                    ("filing", models.JSONField()),
                    ("filed_at", models.DateTimeField()),
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
                    ("reason", models.TextField(blank=True)),
                    ("decision", models.JSONField(blank=True, null=True)),
                    (
                        "claim",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="credits.claim"
                        ),
                    ),
                    (
                        "decided_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "rejected_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="catalog.providermember",
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
                                    ("decision__isnull", False),
                                    ("status__in", ["upheld", "dismissed"]),
                                    models.Q(("reason", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="appeal_decided_has_when_and_why",
                        ),
                        models.UniqueConstraint(fields=("claim", "rejected_at"), name="appeal_once_per_rejection"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Receipt",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("ordinal", models.PositiveSmallIntegerField()),
                    ("content", models.JSONField()),
                    ("note", models.TextField(blank=True)),
                    ("token", models.TextField()),
                    ("filed_at", models.DateTimeField()),
                    (
                        "claim",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="credits.claim"
                        ),
                    ),
                ],
                options={
                    "ordering": ["claim", "ordinal"],
                    "constraints": [
                        models.UniqueConstraint(fields=("claim", "ordinal"), name="receipt_once_per_handing_in")
                    ],
                },
            ),
        ),
    ]
