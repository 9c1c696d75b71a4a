"""Parents and guardians sign by a link that is sent to them (CAND-05)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0017_accesses_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="GuardianRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nonce", models.CharField(max_length=32, unique=True)),
                ("email", models.EmailField(max_length=254, verbose_name="guardian's e-mail address")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ("signed_at", models.DateTimeField(blank=True, null=True, verbose_name="signed")),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True, verbose_name="signed from")),
                ("language_read", models.CharField(blank=True, max_length=10, verbose_name="language read")),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="candidates.agreement",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardian_requests",
                        to="candidates.candidate",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="candidates.guardianconsent",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("signed_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("candidate",),
                        name="guardian_request_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("asked_at"))), name="guardian_request_ends_later"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("consent__isnull", True), ("language_read", ""), ("signed_at__isnull", True)),
                            models.Q(
                                ("consent__isnull", False), ("signed_at__isnull", False), ("withdrawn_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="guardian_request_signed_has_consent",
                    ),
                ],
            },
        ),
    ]
