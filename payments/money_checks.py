"""What must hold of all money whatever its story, each as one question to the database about all rows (PAY-04).

A question finds the rows that are not as they follow from the others, with what was expected and found. The database
refuses most of this, and the services do the rest; whoever gets past both is found out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from payments.transfer_rules import MOVES

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it follows from the rest: of which row, what, and what was expected and found."""

    check: str
    subject: str  # "order O-2026-000012", "transfer 7"
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} Expected: {self.expected}. Found: {self.found}."


@dataclass(frozen=True, slots=True)
class Check:
    """A question and the sentence for each row it finds. Its columns: which row, expected, found."""

    name: str
    subject: str
    what: str
    question: str
    values: Callable[[], dict[str, Any]] = dict

    def differences(self, *, every: bool) -> Iterator[Difference]:
        """The first row that differs, or every one."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self.question} ORDER BY 1 {'' if every else 'LIMIT 1'}", self.values())
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                for row, expected, found in rows:
                    what = self.what.format(row)
                    yield Difference(self.name, f"{self.subject} {row}", what, str(expected), str(found))


def _moves() -> dict[str, list[str]]:
    """The pairs of accounts of each cause, and the other way round."""
    return {"moves": [f"{cause}:{debit}:{credit}" for cause, pairs in MOVES.items() for debit, credit in pairs]}


# What of a transfer's amount went to an account, less what came from it.
INTO = "sum(CASE WHEN t.credit = {0} THEN t.amount_cents WHEN t.debit = {0} THEN -t.amount_cents ELSE 0 END)"
COMPLETE = "o.status IN ('paid', 'refunded')"
CARD_PART = "(line.net_cents - line.covered_cents + line.tax_cents)"


def _of_line(cause: str, account: str, expected: str) -> str:
    """What the transfers of one cause moved to an account for each line, beside what follows from the line."""
    return f"""
    SELECT o.number || ', line ' || line.position, expected.cents, found.cents
    FROM payments_orderline line JOIN payments_order o ON o.id = line.order_id
    CROSS JOIN LATERAL (SELECT {expected} AS cents) expected
    CROSS JOIN LATERAL (
        SELECT coalesce({INTO.format(account)}, 0) AS cents FROM payments_transfer t
        WHERE t.line_id = line.id AND t.cause = '{cause}'
    ) found
    WHERE expected.cents <> found.cents
    """  # noqa: S608 - put together from constants


TRANSFERS = (
    Check(
        "accounts",
        "transfer",
        "Transfer {0} is between accounts between which its cause moves nothing.",
        """
        SELECT t.id, 'accounts of ' || t.cause, t.debit || ' > ' || t.credit FROM payments_transfer t
        CROSS JOIN LATERAL (SELECT split_part(t.debit, ':', 1) AS debit, split_part(t.credit, ':', 1) AS credit) side
        WHERE NOT CASE WHEN t.reverses_id IS NULL
            THEN t.cause || ':' || side.debit || ':' || side.credit
            ELSE t.cause || ':' || side.credit || ':' || side.debit END = ANY(%(moves)s)
        """,
        _moves,
    ),
    Check(
        "reversals",
        "transfer",
        "Transfer {0} takes another back and is not its mirror.",
        """
        SELECT t.id, coalesce(back.credit || ' > ' || back.debit || ': ' || back.amount_cents, 'a transfer'),
            t.debit || ' > ' || t.credit || ': ' || t.amount_cents
        FROM payments_transfer t LEFT JOIN payments_transfer back ON back.id = t.reverses_id
        WHERE t.reverses_id IS NOT NULL AND (
            back.reverses_id IS NOT NULL OR back.line_id IS DISTINCT FROM t.line_id
            OR (back.debit, back.credit, back.amount_cents, back.currency, back.cause, back.order_id)
                IS DISTINCT FROM (t.credit, t.debit, t.amount_cents, t.currency, t.cause, t.order_id)
        )
        """,
    ),
    Check(
        "belonging",
        "transfer",
        "Transfer {0} is not about what belongs to its order.",
        """
        SELECT t.id, o.number || ' in ' || o.currency, concat_ws(', ', t.currency, 'line ' || t.line_id,
            'payment ' || t.payment_id, 'refund ' || t.refund_id, 'voucher ' || t.voucher_id,
            'dispute ' || t.dispute_id)
        FROM payments_transfer t LEFT JOIN payments_order o ON o.id = t.order_id
        LEFT JOIN payments_orderline line ON line.id = t.line_id
        LEFT JOIN payments_payment pay ON pay.id = t.payment_id
        LEFT JOIN payments_refund refund ON refund.id = t.refund_id
        LEFT JOIN payments_payment refunded ON refunded.id = refund.payment_id
        LEFT JOIN payments_voucher voucher ON voucher.id = t.voucher_id
        LEFT JOIN payments_dispute dispute ON dispute.id = t.dispute_id
        LEFT JOIN payments_payment disputed ON disputed.id = dispute.payment_id
        WHERE o.id IS NULL OR t.currency <> o.currency
            OR (t.line_id IS NOT NULL AND line.order_id IS DISTINCT FROM o.id)
            OR (t.payment_id IS NOT NULL AND pay.order_id IS DISTINCT FROM o.id)
            OR (t.refund_id IS NOT NULL AND refunded.order_id IS DISTINCT FROM o.id)
            OR (t.dispute_id IS NOT NULL AND disputed.order_id IS DISTINCT FROM o.id)
            OR (t.voucher_id IS NOT NULL AND voucher.candidate_id IS DISTINCT FROM o.candidate_id)
        """,
    ),
    Check(
        "payments",
        "payment",
        "Payment {0} is not what its transfer says.",
        f"""
        SELECT pay.id, expected.cents, found.cents FROM payments_payment pay
        CROSS JOIN LATERAL (
            SELECT CASE WHEN pay.status IN ('succeeded', 'surplus') THEN pay.amount_cents ELSE 0 END AS cents
        ) expected
        CROSS JOIN LATERAL (
            SELECT coalesce({INTO.format("'candidate'")}, 0) AS cents FROM payments_transfer t
            WHERE t.payment_id = pay.id AND t.cause = 'payment'
        ) found
        WHERE expected.cents <> found.cents
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "refunds",
        "refund",
        "Refund {0} is not what its transfer says.",
        f"""
        SELECT refund.id, expected.cents, found.cents FROM payments_refund refund
        CROSS JOIN LATERAL (
            SELECT CASE refund.status WHEN 'succeeded' THEN refund.amount_cents ELSE 0 END AS cents
        ) expected
        CROSS JOIN LATERAL (
            SELECT coalesce({INTO.format("'card'")}, 0) AS cents FROM payments_transfer t
            WHERE t.refund_id = refund.id AND t.cause = 'refund'
        ) found
        WHERE expected.cents <> found.cents
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "disputes",
        "dispute",
        "What a bank took by dispute {0} is not what its transfers say.",
        f"""
        SELECT dispute.id, dispute.taken_cents, -found.cents FROM payments_dispute dispute
        CROSS JOIN LATERAL (
            SELECT coalesce({INTO.format("'disputes'")}, 0) AS cents FROM payments_transfer t
            WHERE t.dispute_id = dispute.id AND t.cause = 'dispute'
        ) found
        WHERE dispute.taken_cents <> -found.cents
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "fees",
        "line",
        "What the candidate bears of the fee of {0} is not what its transfers say.",
        _of_line(
            "sale",
            "'revenue:' || line.kind",
            f"CASE WHEN {COMPLETE} AND line.refund_id IS NULL THEN line.net_cents - line.covered_cents ELSE 0 END",
        ),
    ),
    Check(
        "taxes",
        "line",
        "The tax of {0} is not what its transfers say.",
        _of_line(
            "sale",
            "'tax:' || line.tax_country",
            f"CASE WHEN {COMPLETE} AND line.refund_id IS NULL THEN line.tax_cents ELSE 0 END",
        ),
    ),
    Check(
        "vouchers",
        "line",
        "What a voucher pays of {0} is not what its transfers say.",
        _of_line(
            "voucher",
            "'revenue:' || line.kind",
            f"CASE WHEN {COMPLETE} AND EXISTS (SELECT FROM payments_voucher v WHERE v.order_id = o.id) "
            "THEN line.covered_cents ELSE 0 END",
        ),
    ),
    Check(
        "forfeits",
        "line",
        "What is forfeited of {0} is not what stood of its revenue.",
        f"""
        SELECT o.number || ', line ' || line.position, 'all or nothing forfeited, and nothing left then',
            'forfeited ' || sums.forfeited || ', left ' || sums.revenue
        FROM payments_orderline line JOIN payments_order o ON o.id = line.order_id
        CROSS JOIN LATERAL (
            SELECT coalesce({INTO.format("'forfeits'")}, 0) AS forfeited,
                coalesce({INTO.format("'revenue:' || line.kind")}, 0) AS revenue
            FROM payments_transfer t WHERE t.line_id = line.id
        ) sums
        WHERE sums.forfeited < 0 OR sums.revenue < 0 OR (sums.forfeited > 0 AND sums.revenue <> 0)
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "candidate accounts",
        "order",
        "The candidate's account for order {0} is not zero but for what is on its way back.",
        f"""
        SELECT o.number, -owed.cents, -found.cents FROM payments_order o
        CROSS JOIN LATERAL (SELECT
            coalesce((SELECT sum(pay.amount_cents) FROM payments_payment pay
                WHERE pay.order_id = o.id AND pay.status = 'surplus'), 0)
            + coalesce((SELECT sum({CARD_PART}) FROM payments_orderline line
                WHERE line.order_id = o.id AND line.refund_id IS NOT NULL), 0)
            - coalesce((SELECT sum(refund.amount_cents) FROM payments_refund refund
                JOIN payments_payment pay ON pay.id = refund.payment_id
                WHERE pay.order_id = o.id AND refund.status = 'succeeded'), 0) AS cents) owed
        CROSS JOIN LATERAL (
            SELECT coalesce({INTO.format("'candidate'")}, 0) AS cents FROM payments_transfer t WHERE t.order_id = o.id
        ) found
        WHERE owed.cents <> found.cents
        """,  # noqa: S608 - put together from constants
    ),
)
ORDERS = (
    Check(
        "sums",
        "order",
        "The sums of order {0} are not those of its lines.",
        f"""
        SELECT o.number, concat_ws(' ', sums.net, sums.covered, sums.tax, sums.total),
            concat_ws(' ', o.net_cents, o.covered_cents, o.tax_cents, o.total_cents)
        FROM payments_order o CROSS JOIN LATERAL (
            SELECT coalesce(sum(line.net_cents), 0) AS net, coalesce(sum(line.covered_cents), 0) AS covered,
                coalesce(sum(line.tax_cents), 0) AS tax, coalesce(sum({CARD_PART}), 0) AS total
            FROM payments_orderline line WHERE line.order_id = o.id
        ) sums
        WHERE (sums.net, sums.covered, sums.tax, sums.total)
            <> (o.net_cents, o.covered_cents, o.tax_cents, o.total_cents)
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "paid orders",
        "order",
        "What order {0} came to and what a card paid for it are not the same.",
        f"""
        SELECT o.number, expected.cents, paid.cents FROM payments_order o
        CROSS JOIN LATERAL (SELECT CASE WHEN {COMPLETE} THEN o.total_cents ELSE 0 END AS cents) expected
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(pay.amount_cents), 0) AS cents FROM payments_payment pay
            WHERE pay.order_id = o.id AND pay.status = 'succeeded'
        ) paid
        WHERE expected.cents <> paid.cents
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "orders given back",
        "order",
        "Order {0} says that all of it was given back, and a line was not.",
        f"""
        SELECT DISTINCT o.number, 'every line that a card paid with a refund', 'a line without'
        FROM payments_order o JOIN payments_orderline line ON line.order_id = o.id
        WHERE o.status = 'refunded' AND {CARD_PART} > 0 AND line.refund_id IS NULL
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "refunded lines",
        "refund",
        "Refund {0} is not what it gives back.",
        f"""
        SELECT refund.id, CASE pay.status WHEN 'surplus' THEN pay.amount_cents ELSE given.cents END,
            refund.amount_cents
        FROM payments_refund refund JOIN payments_payment pay ON pay.id = refund.payment_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum({CARD_PART}), 0) AS cents FROM payments_orderline line
            WHERE line.refund_id = refund.id AND line.order_id = pay.order_id
        ) given
        WHERE refund.status <> 'failed'
            AND refund.amount_cents <> CASE pay.status WHEN 'surplus' THEN pay.amount_cents ELSE given.cents END
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "money on its way",
        "order",
        "What is owed back for order {0} is not asked for, and no refund of it has failed.",
        f"""
        SELECT o.number, owed.cents, owed.asked FROM payments_order o
        CROSS JOIN LATERAL (SELECT
            coalesce((SELECT sum(pay.amount_cents) FROM payments_payment pay
                WHERE pay.order_id = o.id AND pay.status = 'surplus'), 0)
            + coalesce((SELECT sum({CARD_PART}) FROM payments_orderline line
                WHERE line.order_id = o.id AND line.refund_id IS NOT NULL), 0) AS cents,
            coalesce((SELECT sum(refund.amount_cents) FROM payments_refund refund
                JOIN payments_payment pay ON pay.id = refund.payment_id
                WHERE pay.order_id = o.id AND refund.status <> 'failed'), 0) AS asked) owed
        WHERE owed.asked > owed.cents OR (owed.asked < owed.cents AND NOT EXISTS (
            SELECT FROM payments_refund refund JOIN payments_payment pay ON pay.id = refund.payment_id
            WHERE pay.order_id = o.id AND refund.status = 'failed'
        ))
        """,  # noqa: S608 - put together from constants
    ),
    Check(
        "used vouchers",
        "voucher",
        "Voucher {0} is used for an order of which it pays nothing, or for somebody else's.",
        """
        SELECT v.id, 'an order of its holder with something covered',
            o.number || ', covered ' || o.covered_cents || CASE WHEN o.candidate_id <> v.candidate_id
                THEN ', somebody else''s' ELSE '' END
        FROM payments_voucher v JOIN payments_order o ON o.id = v.order_id
        WHERE v.status = 'redeemed' AND (o.covered_cents = 0 OR o.candidate_id <> v.candidate_id)
        """,
    ),
)
