"""Proposals are answered in a review; what the technical committee approved has its number (CAT-02, CAT-04)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AtOnce(
            migrations.AddField(
                model_name="delivery",
                name="cancelled_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="item",
                name="approval_number",
                field=models.CharField(blank=True, db_default="", default="", max_length=40),
            ),
            migrations.AddField(
                model_name="proposal",
                name="answered_by",
                field=models.ForeignKey(
                    blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                ),
            ),
            migrations.AddField(
                model_name="proposal",
                name="approval_number",
                field=models.CharField(blank=True, db_default="", default="", max_length=40),
            ),
            migrations.AddField(
                model_name="proposal",
                name="review",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="proposals",
                    to="catalog.boardreview",
                ),
            ),
        ),
        AtOnce(
            migrations.AddConstraint(
                model_name="proposal",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("review__isnull", False), ("status__in", ["listed", "declined"])),
                        models.Q(("review__isnull", True), ("status__in", ["open", "withdrawn"])),
                        _connector="OR",
                    ),
                    name="proposal_answered_in_a_review",
                ),
            ),
            migrations.AddConstraint(
                model_name="proposal",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "declined"), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                        _connector="OR",
                    ),
                    name="proposal_declined_says_why",
                ),
            ),
        ),
    ]
