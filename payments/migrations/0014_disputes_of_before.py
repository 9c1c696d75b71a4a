"""Post what banks took by the disputes of before: those lost, and those open, whose money the bank keeps meanwhile.

An inquiry (a stage of warning) takes nothing yet. Posts only what is missing, so that it may run again; what the card
service says later corrects it. Backwards the transfers go, since the version before has no account for them.
"""

from django.db import migrations

TAKEN = """
UPDATE payments_dispute SET taken_cents = amount_cents
WHERE taken_cents = 0 AND (status = 'lost' OR (status = 'open' AND stage NOT LIKE 'warning%'));
"""
POSTED = """
INSERT INTO payments_transfer (debit, credit, amount_cents, currency, cause, order_id, dispute_id, moved_at, recorded_at)
SELECT 'disputes', 'card', dispute.taken_cents, o.currency, 'dispute', o.id, dispute.id,
    dispute.opened_at, greatest(now(), dispute.opened_at)
FROM payments_dispute dispute JOIN payments_payment pay ON pay.id = dispute.payment_id
JOIN payments_order o ON o.id = pay.order_id
WHERE dispute.taken_cents > 0
    AND NOT EXISTS (SELECT FROM payments_transfer t WHERE t.dispute_id = dispute.id AND t.cause = 'dispute')
ORDER BY dispute.opened_at, dispute.id;
"""
UNDO = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE payments_transfer DISABLE TRIGGER USER;
DELETE FROM payments_transfer WHERE cause = 'dispute' AND reverses_id IS NOT NULL;
DELETE FROM payments_transfer WHERE cause = 'dispute';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE payments_transfer ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0013_disputed_money")]

    operations = [
        migrations.RunSQL(TAKEN, migrations.RunSQL.noop),
        migrations.RunSQL(POSTED, UNDO),
    ]
