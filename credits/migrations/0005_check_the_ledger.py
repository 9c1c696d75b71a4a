"""Check the rows that were there before the constraints of 0004, and let the database keep corrections exact."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from ceportal.kernel.triggers import append_only

CORRECT_EXACTLY = """
CREATE FUNCTION credits_correct_exactly() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE corrected credits_entry;
BEGIN
    SELECT * INTO corrected FROM credits_entry WHERE id = NEW.corrects_id;
    IF corrected.grant_id <> NEW.grant_id OR corrected.amount <> -NEW.amount THEN
        RAISE EXCEPTION 'A correction gives back exactly what entry % took, of the same grant.', corrected.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER credits_entry_corrects_exactly BEFORE INSERT ON credits_entry
    FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION credits_correct_exactly();
"""
NO_LONGER = """
DROP TRIGGER credits_entry_corrects_exactly ON credits_entry;
DROP FUNCTION credits_correct_exactly();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0004_cycles_and_entries"), ("kernel", "0002_append_only")]

    operations = [
        ValidateConstraint("entry", "entry_sign_follows_kind"),
        ValidateConstraint("entry", "entry_restored_names_what_it_corrects"),
        ValidateConstraint("grant", "grant_has_its_source"),
        append_only("credits_authoreditems"),
        append_only("credits_workshop"),
        append_only("credits_seal"),
        migrations.RunSQL(CORRECT_EXACTLY, NO_LONGER),
    ]
