"""Post the fees forfeited by cancelling, by not appearing and by a change whose voucher was lost, before today.

What of the fee's revenue still stands is forfeited (LAB-13, LAB-14, RSCH-06), so that it may run again.
"""

from django.db import migrations

FORFEITED = """
INSERT INTO payments_transfer (debit, credit, amount_cents, currency, cause, order_id, line_id, moved_at, recorded_at)
SELECT 'revenue:lab_fee', 'forfeits', kept.cents, o.currency, 'forfeit', o.id, line.id,
    greatest(booking.ended_at, o.paid_at), greatest(now(), booking.ended_at, o.paid_at)
FROM exams_booking booking
JOIN payments_order o ON o.id = booking.order_id AND o.status IN ('paid', 'refunded')
JOIN payments_orderline line ON line.order_id = o.id AND line.kind = 'lab_fee'
CROSS JOIN LATERAL (
    SELECT sum(CASE WHEN t.credit = 'revenue:lab_fee' THEN t.amount_cents
                    WHEN t.debit = 'revenue:lab_fee' THEN -t.amount_cents END) AS cents
    FROM payments_transfer t WHERE t.line_id = line.id
) kept
WHERE booking.status IN ('cancelled', 'no_show', 'rescheduled') AND kept.cents > 0
ORDER BY booking.ended_at, line.id;
"""


class Migration(migrations.Migration):
    dependencies = [("exams", "0011_attempt_reported_by"), ("payments", "0012_transfers_of_before")]

    operations = [migrations.RunSQL(FORFEITED, migrations.RunSQL.noop)]
