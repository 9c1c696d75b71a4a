"""Entries are never changed or removed, and what remains of a grant follows from them (CR-07)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only

KEEP_REMAINING = """
CREATE FUNCTION credits_keep_remaining() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE credits_grant SET remaining = remaining + NEW.amount WHERE id = NEW.grant_id;
    RETURN NULL;
END $$;
CREATE TRIGGER credits_entry_keeps_remaining AFTER INSERT ON credits_entry
    FOR EACH ROW EXECUTE FUNCTION credits_keep_remaining();
"""
NO_LONGER_KEEP_REMAINING = """
DROP TRIGGER credits_entry_keeps_remaining ON credits_entry;
DROP FUNCTION credits_keep_remaining();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial"), ("kernel", "0002_append_only")]

    operations = [
        append_only("credits_entry"),
        append_only("credits_completionreport"),
        migrations.RunSQL(KEEP_REMAINING, NO_LONGER_KEEP_REMAINING),
    ]
