"""Let the database refuse giving back more than was taken, and name in the lines what earlier papers were about."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION payments_refund_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    -- Two refunds of one payment at the same moment wait for each other here.
    SELECT amount_cents INTO taken FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF taken < NEW.amount_cents + (
        SELECT coalesce(sum(amount_cents), 0) FROM payments_refund
        WHERE payment_id = NEW.payment_id AND status <> 'failed' AND id IS DISTINCT FROM NEW.id
    ) THEN
        RAISE EXCEPTION 'More would be given back than payment % took.', NEW.payment_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_refund_within_payment BEFORE INSERT OR UPDATE OF amount_cents, status, payment_id
    ON payments_refund FOR EACH ROW WHEN (NEW.status <> 'failed')
    EXECUTE FUNCTION payments_refund_within_payment();
"""
UNDO = """
DROP TRIGGER payments_refund_within_payment ON payments_refund;
DROP FUNCTION payments_refund_within_payment();
"""
# Until now a refund gave back a whole payment, and an invoice named every line.
NAMED = """
UPDATE payments_orderline line SET refund_id = (
    SELECT max(refund.id) FROM payments_refund refund JOIN payments_payment payment ON payment.id = refund.payment_id
    WHERE payment.order_id = line.order_id AND payment.status = 'succeeded'
);
UPDATE payments_orderline line SET invoice_id = (
    SELECT id FROM payments_invoice WHERE order_id = line.order_id
);
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_vouchers_and_lines")]

    operations = [
        migrations.RunSQL(FUNCTION, UNDO),
        migrations.RunSQL(NAMED, migrations.RunSQL.noop),
    ]
