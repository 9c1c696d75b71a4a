"""Seals are signed and know what they reach; what remains of grants follows from all entries of a statement at once."""

from django.db import migrations, models
from django.db.models import F

from ceportal.kernel.operations import AtOnce

# One update of the grants for each statement, not for each entry: a night lets thousands expire in one. The table of
# a statement's new rows has no statistics, and a plan made for many rows would read all grants for one: so none but the
# plan by their key is allowed.
KEEP_REMAINING = """
DROP TRIGGER credits_entry_keeps_remaining ON credits_entry;
CREATE OR REPLACE FUNCTION credits_keep_remaining() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    UPDATE credits_grant SET remaining = remaining + sums.amount
    FROM (SELECT grant_id, sum(amount) AS amount FROM written GROUP BY grant_id) sums
    WHERE credits_grant.id = sums.grant_id;
    RETURN NULL;
END $$;
CREATE TRIGGER credits_entry_keeps_remaining AFTER INSERT ON credits_entry REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION credits_keep_remaining();
"""
KEEP_REMAINING_BY_ROW = """
DROP TRIGGER credits_entry_keeps_remaining ON credits_entry;
CREATE OR REPLACE FUNCTION credits_keep_remaining() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE credits_grant SET remaining = remaining + NEW.amount WHERE id = NEW.grant_id;
    RETURN NULL;
END $$;
CREATE TRIGGER credits_entry_keeps_remaining AFTER INSERT ON credits_entry
    FOR EACH ROW EXECUTE FUNCTION credits_keep_remaining();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0010_ledger_in_order")]

    operations = [
        migrations.RunSQL(KEEP_REMAINING, KEEP_REMAINING_BY_ROW),
        # No seal was made before this.
        AtOnce(
            migrations.AlterField(model_name="seal", name="first_entry_id", field=models.BigIntegerField()),
            migrations.AlterField(model_name="seal", name="last_entry_id", field=models.BigIntegerField()),
            migrations.AddField(
                model_name="seal", name="known_to", field=models.BigIntegerField(default=0), preserve_default=False
            ),
            migrations.AddField(
                model_name="seal", name="marks", field=models.BinaryField(default=b""), preserve_default=False
            ),
            migrations.AddField(
                model_name="seal", name="signature", field=models.TextField(default=""), preserve_default=False
            ),
        ),
        migrations.AddConstraint(
            model_name="seal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("entries__gt", 0),
                    ("known_to__gte", F("last_entry_id")),
                    ("last_entry_id__gte", F("first_entry_id")),
                ),
                name="seal_of_something",
            ),
        ),
    ]
