import django.db.models.deletion
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0004_sanctions_consents_residence"),
        ("exams", "0004_append_only"),
        ("payments", "0007_voucher_references"),
    ]

    operations = [
        AtOnce(
            migrations.AddField(
                model_name="booking",
                name="pay_before",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="booking",
                name="remind_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="booking",
                name="reminded_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="reschedule",
                name="voucher",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="payments.voucher",
                ),
            ),
            migrations.AddIndex(
                model_name="booking",
                index=models.Index(
                    condition=models.Q(("status", "reserved")), fields=["pay_before"], name="booking_to_be_paid"
                ),
            ),
            migrations.AddIndex(
                model_name="booking",
                index=models.Index(
                    condition=models.Q(("reminded_at__isnull", True), ("status", "reserved")),
                    fields=["remind_at"],
                    name="booking_to_be_reminded",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "reserved"), _negated=True), ("pay_before__isnull", False), _connector="OR"
                ),
                name="booking_reserved_has_deadline",
            ),
        ),
    ]
