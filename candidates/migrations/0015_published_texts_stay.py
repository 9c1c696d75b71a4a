"""Let the database refuse what the rules never allow: another word in a text that people may have accepted (CE-05)."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION refuse_published_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'A published text is never changed or removed; a change is a new version.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION refuse_published_translation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM candidates_agreement WHERE id = OLD.agreement_id AND published_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'A published text is never changed or removed; a change is a new version.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER candidates_agreement_stays BEFORE UPDATE OR DELETE ON candidates_agreement
    FOR EACH ROW EXECUTE FUNCTION refuse_published_text();
CREATE TRIGGER candidates_agreementtranslation_stays BEFORE UPDATE OR DELETE ON candidates_agreementtranslation
    FOR EACH ROW EXECUTE FUNCTION refuse_published_translation();
"""

WITHOUT = """
DROP TRIGGER candidates_agreementtranslation_stays ON candidates_agreementtranslation;
DROP TRIGGER candidates_agreement_stays ON candidates_agreement;
DROP FUNCTION refuse_published_translation();
DROP FUNCTION refuse_published_text();
"""

# What was there before drafts were is published since the day it came into force, or since now where that is to come.
PUBLISHED = "UPDATE candidates_agreement SET published_at = least(effective_on::timestamptz, published_at)"


class Migration(migrations.Migration):
    dependencies = [("candidates", "0014_agreements_in_languages")]

    operations = [
        migrations.RunSQL(PUBLISHED, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, WITHOUT),
    ]
