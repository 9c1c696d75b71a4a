"""What is emptied of claims when a person is erased, and when and why a file was destroyed (CAND-09)."""

from django.db import migrations, models

from ceportal.kernel.operations import AtOnce
from ceportal.kernel.triggers import append_only_but_erasure

ERASED_BY_CLAIM = (
    "SELECT erased_at IS NOT NULL FROM candidates_candidate JOIN credits_claim claim "
    "ON claim.candidate_id = candidates_candidate.id WHERE claim.id = ($1 ->> 'claim_id')::bigint"
)
KEEP_BUT_ERASURE = """
CREATE OR REPLACE FUNCTION credits_keep_what_was_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.words = ''
        AND NEW.frozen - ARRAY['note', 'files'] = OLD.frozen - ARRAY['note', 'files']
        AND NEW.frozen ->> 'note' = '' AND NEW.frozen -> 'files' = '[]'::jsonb
        AND ROW(NEW.claim_id, NEW.rejected_at, NEW.rejected_by_id, NEW.filed_at)
            IS NOT DISTINCT FROM ROW(OLD.claim_id, OLD.rejected_at, OLD.rejected_by_id, OLD.filed_at)
        AND EXISTS (
            SELECT FROM credits_claim claim JOIN candidates_candidate person ON person.id = claim.candidate_id
            WHERE claim.id = OLD.claim_id AND person.erased_at IS NOT NULL
        )
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR ROW(NEW.claim_id, NEW.rejected_at, NEW.rejected_by_id, NEW.words, NEW.frozen, NEW.filed_at)
        IS DISTINCT FROM ROW(OLD.claim_id, OLD.rejected_at, OLD.rejected_by_id, OLD.words, OLD.frozen, OLD.filed_at)
    THEN
        RAISE EXCEPTION 'What was filed with appeal % is never changed or removed.', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP = """
CREATE OR REPLACE FUNCTION credits_keep_what_was_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR ROW(NEW.claim_id, NEW.rejected_at, NEW.rejected_by_id, NEW.words, NEW.frozen, NEW.filed_at)
        IS DISTINCT FROM ROW(OLD.claim_id, OLD.rejected_at, OLD.rejected_by_id, OLD.words, OLD.frozen, OLD.filed_at)
    THEN
        RAISE EXCEPTION 'What was filed with appeal % is never changed or removed.', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0013_never_emptied"), ("candidates", "0022_erasure")]

    operations = [
        append_only_but_erasure("credits_receipt", erased=ERASED_BY_CLAIM, columns=("content", "note", "token")),
        migrations.RunSQL(KEEP_BUT_ERASURE, KEEP),
        AtOnce(
            migrations.AddField(
                model_name="evidence",
                name="destroyed_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="evidence",
                name="destroyed_because",
                field=models.CharField(
                    blank=True,
                    choices=[("age", "kept long enough"), ("erasure", "its owner was erased")],
                    db_default="",
                    default="",
                    max_length=10,
                ),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(
                    condition=models.Q(("destroyed_at__isnull", True)), fields=["uploaded_at"], name="evidence_by_age"
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=models.Q(("destroyed_at__isnull", True), ("destroyed_because", ""))
                | models.Q(("destroyed_at__isnull", False), ("destroyed_because__in", ["age", "erasure"])),
                name="evidence_destroyed_has_why",
            ),
        ),
    ]
