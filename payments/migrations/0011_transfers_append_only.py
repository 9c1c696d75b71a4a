"""Transfers are never changed or removed, and one that takes another back mirrors it (PAY-04).

Their table is not emptied either, nor are those of papers (PAY-03).
"""

from django.db import migrations

from ceportal.kernel.triggers import append_only, never_emptied

MIRRORS = """
CREATE FUNCTION payments_transfer_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM payments_transfer back
        WHERE back.id = NEW.reverses_id AND back.reverses_id IS NULL
            AND (back.debit, back.credit, back.amount_cents, back.currency, back.cause, back.order_id)
                = (NEW.credit, NEW.debit, NEW.amount_cents, NEW.currency, NEW.cause, NEW.order_id)
            AND back.line_id IS NOT DISTINCT FROM NEW.line_id
    ) THEN
        RAISE EXCEPTION 'What takes transfer % back moves the same the other way.', NEW.reverses_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_transfer_mirrors BEFORE INSERT ON payments_transfer
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION payments_transfer_mirrors();
"""
UNDO = """
DROP TRIGGER payments_transfer_mirrors ON payments_transfer;
DROP FUNCTION payments_transfer_mirrors();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_transfers"), ("kernel", "0002_append_only")]

    operations = [
        append_only("payments_transfer"),
        never_emptied("payments_transfer"),
        never_emptied("payments_invoice"),
        never_emptied("payments_creditnote"),
        migrations.RunSQL(MIRRORS, UNDO),
    ]
