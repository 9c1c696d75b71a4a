"""What was filed with an appeal stays as it was, and so does the claim's evidence while it is open; receipts too."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from ceportal.kernel.triggers import append_only

KEEP_WHAT_WAS_FILED = """
CREATE FUNCTION credits_keep_what_was_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR ROW(NEW.claim_id, NEW.rejected_at, NEW.rejected_by_id, NEW.words, NEW.frozen, NEW.filed_at)
        IS DISTINCT FROM ROW(OLD.claim_id, OLD.rejected_at, OLD.rejected_by_id, OLD.words, OLD.frozen, OLD.filed_at)
    THEN
        RAISE EXCEPTION 'What was filed with appeal % is never changed or removed.', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER credits_appeal_keeps_what_was_filed BEFORE UPDATE OR DELETE ON credits_appeal
    FOR EACH ROW EXECUTE FUNCTION credits_keep_what_was_filed();
"""
NO_LONGER_KEEP_WHAT_WAS_FILED = """
DROP TRIGGER credits_appeal_keeps_what_was_filed ON credits_appeal;
DROP FUNCTION credits_keep_what_was_filed();
"""

FREEZE_EVIDENCE = """
CREATE FUNCTION credits_freeze_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM credits_appeal
        WHERE status = 'open' AND (claim_id = NEW.claim_id OR (TG_OP <> 'INSERT' AND claim_id = OLD.claim_id))
    ) OR (TG_OP = 'DELETE' AND EXISTS (SELECT FROM credits_appeal WHERE claim_id = OLD.claim_id)) THEN
        RAISE EXCEPTION 'The evidence of a claim under appeal is frozen.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER credits_evidence_frozen BEFORE INSERT OR UPDATE OR DELETE ON credits_evidence
    FOR EACH ROW EXECUTE FUNCTION credits_freeze_evidence();
"""
NO_LONGER_FREEZE_EVIDENCE = """
DROP TRIGGER credits_evidence_frozen ON credits_evidence;
DROP FUNCTION credits_freeze_evidence();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0006_disputes"), ("kernel", "0002_append_only")]

    operations = [
        ValidateConstraint(model_name="claim", name="claim_escalated_after_the_promise"),
        append_only("credits_receipt"),
        migrations.RunSQL(KEEP_WHAT_WAS_FILED, NO_LONGER_KEEP_WHAT_WAS_FILED),
        migrations.RunSQL(FREEZE_EVIDENCE, NO_LONGER_FREEZE_EVIDENCE),
    ]
