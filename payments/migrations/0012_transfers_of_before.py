"""Post the transfers of what was paid, sold and given back before there were any (PAY-04).

Each statement posts only what is missing, so it may run again. Backwards nothing is removed: the rows are right
as they are, and go with their table.
"""

from django.db import migrations

INTO = """
INSERT INTO payments_transfer
    (debit, credit, amount_cents, currency, cause, order_id, line_id, payment_id, refund_id, voucher_id, reverses_id,
     moved_at, recorded_at)
"""
PAID = f"""{INTO}
SELECT 'card', 'candidate', pay.amount_cents, o.currency, 'payment', o.id, NULL::bigint, pay.id, NULL::bigint,
    NULL::bigint, NULL::bigint, pay.paid_at, greatest(now(), pay.paid_at)
FROM payments_payment pay JOIN payments_order o ON o.id = pay.order_id
WHERE pay.status IN ('succeeded', 'surplus')
    AND NOT EXISTS (SELECT FROM payments_transfer t WHERE t.payment_id = pay.id AND t.cause = 'payment')
ORDER BY pay.paid_at, pay.id;
"""  # noqa: S608 - put together from constants
# What a voucher paid is told by the events of its use; of a person who was erased they no longer say it.
SOLD = f"""{INTO}
SELECT part.debit, part.credit, part.cents, o.currency, part.cause, o.id, line.id, NULL::bigint, NULL::bigint,
    CASE part.cause WHEN 'voucher' THEN (
        SELECT e.subject_id FROM kernel_event e
        WHERE e.candidate_id = o.candidate_id AND e.payload ->> 'order' = o.number
            AND e.topic IN ('payments.voucher_redeemed', 'payments.voucher_moved')
            AND EXISTS (SELECT FROM payments_voucher v WHERE v.id = e.subject_id)
        ORDER BY e.id DESC LIMIT 1
    ) END,
    NULL::bigint, o.paid_at, greatest(now(), o.paid_at)
FROM payments_order o JOIN payments_orderline line ON line.order_id = o.id
CROSS JOIN LATERAL (VALUES
    ('candidate', 'revenue:' || line.kind, line.net_cents - line.covered_cents, 'sale'),
    ('candidate', 'tax:' || line.tax_country, line.tax_cents, 'sale'),
    ('voucher', 'revenue:' || line.kind, line.covered_cents, 'voucher')
) part (debit, credit, cents, cause)
WHERE o.status IN ('paid', 'refunded') AND part.cents > 0
    AND NOT EXISTS (
        SELECT FROM payments_transfer t WHERE t.line_id = line.id AND t.cause = part.cause AND t.credit = part.credit
    )
ORDER BY o.paid_at, line.id;
"""  # noqa: S608 - put together from constants
BACK = """
SELECT t.credit, t.debit, t.amount_cents, t.currency, t.cause, t.order_id, t.line_id, t.payment_id,
    coalesce(refund.id, t.refund_id), t.voucher_id, t.id, taken.at, greatest(now(), taken.at)
FROM payments_transfer t JOIN payments_order o ON o.id = t.order_id JOIN payments_orderline line ON line.id = t.line_id
"""
NOT_BACK = """
    AND t.reverses_id IS NULL AND NOT EXISTS (SELECT FROM payments_transfer back WHERE back.reverses_id = t.id)
ORDER BY taken.at, t.id;
"""
GIVEN_BACK = f"""{INTO}{BACK}
JOIN payments_refund refund ON refund.id = line.refund_id
CROSS JOIN LATERAL (SELECT refund.requested_at AS at) taken
WHERE t.cause = 'sale' {NOT_BACK}
"""  # noqa: S608 - put together from constants
# A voucher that pays for a paid order leaves it for another only.
LEFT = f"""{INTO}{BACK}
LEFT JOIN payments_refund refund ON false
CROSS JOIN LATERAL (
    SELECT coalesce(max(e.occurred_at), o.paid_at) AS at FROM kernel_event e
    WHERE e.candidate_id = o.candidate_id AND e.topic = 'payments.voucher_moved' AND e.payload ->> 'left' = o.number
) taken
WHERE t.cause = 'voucher' AND NOT EXISTS (SELECT FROM payments_voucher v WHERE v.order_id = o.id) {NOT_BACK}
"""  # noqa: S608 - put together from constants
ARRIVED = f"""{INTO}
SELECT 'candidate', 'card', refund.amount_cents, o.currency, 'refund', o.id, NULL::bigint, NULL::bigint, refund.id,
    NULL::bigint, NULL::bigint, refund.done_at, greatest(now(), refund.done_at)
FROM payments_refund refund JOIN payments_payment pay ON pay.id = refund.payment_id
JOIN payments_order o ON o.id = pay.order_id
WHERE refund.status = 'succeeded'
    AND NOT EXISTS (SELECT FROM payments_transfer t WHERE t.refund_id = refund.id AND t.cause = 'refund')
ORDER BY refund.done_at, refund.id;
"""  # noqa: S608 - put together from constants


class Migration(migrations.Migration):
    dependencies = [("payments", "0011_transfers_append_only"), ("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in (PAID, SOLD, GIVEN_BACK, LEFT, ARRIVED)
    ]
