"""The nights find the claims to escalate and to audit without reading the others; built while people work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("credits", "0007_disputes_kept")]

    operations = [
        AddIndexConcurrently(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("escalated_on", None), ("status", "submitted")),
                fields=["answer_due_on"],
                name="claim_promised",
            ),
        ),
        AddIndexConcurrently(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("audit_due", True), ("status", "approved")),
                fields=["decided_at"],
                name="claim_to_audit",
            ),
        ),
    ]
